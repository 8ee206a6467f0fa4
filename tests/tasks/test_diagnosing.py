"""What the task tells the diagnosis of Prefect."""

from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from tasks.diagnosing import _prefect


def test_the_login_of_prefect_is_taken_along() -> None:
    """`erepo up` puts Prefect behind a login: address and login reach the checks as plain texts."""
    here = {PREFECT_API_URL: "http://127.0.0.1:4200/api", PREFECT_API_AUTH_STRING: "erepo:secret"}
    with temporary_settings(here):
        place = _prefect()
    assert place is not None
    assert (place.api, place.login) == ("http://127.0.0.1:4200/api", "erepo:secret")
