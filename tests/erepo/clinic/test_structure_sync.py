"""The structure at the service: sent when it has changed, compared, never half."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.rest.errors import AnswerInvalid
from erepo.clinic.structure_editing import change
from erepo.clinic.structure_sync import differences, remote_structure, send_structure
from erepo.clinic.tables_account import structure_sent
from erepo.cloud.audit.events import Action
from erepo.errors import RemoteBusy
from tests.support.account_clinic import AccountClinic, AccountWorld, account_clinic
from tests.support.scripted_service import scripted_account

PUT = ("structure", Action.UPDATE)


@pytest.fixture
def site(tmp_path: Path, account_service: AccountWorld) -> Iterator[AccountClinic]:
    """A clinic with its account."""
    with account_clinic(tmp_path, account_service) as one:
        yield one


def send(site: AccountClinic, **options: bool) -> bool:
    """Send as commands do; tell whether anything went out."""
    with site.client() as client:
        return send_structure(client, site.clinic.database, site.account, **options).sent


def edit(site: AccountClinic, **values: str) -> None:
    """Change the provider."""
    with site.clinic.database.begin() as connection:
        change(connection, values)


def test_it_is_sent_once_and_again_when_it_has_changed(site: AccountClinic) -> None:
    """The second time nothing leaves; a changed name, or the wish to, sends it."""
    assert [send(site), send(site)] == [True, False]
    edit(site, name="Przychodnia „Nowa” — ąęś")
    assert [send(site), send(site), send(site, always=True)] == [True, False, True]
    assert site.served.heard() == [PUT] * 3
    with site.client() as client:
        there = client.structure()
    assert there.provider["name"] == "Przychodnia „Nowa” — ąęś"
    assert "users" not in there.provider


def test_a_lost_answer_is_made_good(site: AccountClinic) -> None:
    """Nothing is written down before the service confirms; the next run changes nothing there."""
    with scripted_account(site.clinic, {"/structure": {}}, status=503), pytest.raises(RemoteBusy):
        send(site)
    assert send(site)
    with site.client() as client:
        before = client.structure()
    with site.clinic.database.begin() as connection:
        connection.execute(structure_sent.delete())
    assert send(site)
    with site.client() as client:
        assert client.structure() == before


def test_another_fingerprint_is_no_confirmation(site: AccountClinic) -> None:
    """A service that holds something else than was sent is not believed, and is asked again."""
    other = {"provider": {}, "sha256": "0" * 64, "updatedAt": "2026-01-31T12:00:00Z"}
    with scripted_account(site.clinic, {"/structure": other}), pytest.raises(AnswerInvalid, match="sha256"):
        send(site)
    assert send(site)


def test_an_incomplete_structure_is_not_sent(site: AccountClinic) -> None:
    """The missing code is named, and the service hears nothing."""
    with site.clinic.database.begin() as connection:
        change(connection, {"resort_x": ""}, "01", "001")
    with pytest.raises(StructureIncomplete, match="resort_x"):
        send(site)
    assert site.served.heard() == []


def test_the_difference_is_shown(site: AccountClinic) -> None:
    """Nothing there, the same there, another value there: each place is named."""
    with site.client() as client:
        assert remote_structure(client) is None
        assert len(differences(site.clinic.database, None)) == 8
        send(site)
        assert differences(site.clinic.database, remote_structure(client)) == []
        edit(site, name="Inna")
        (one,) = differences(site.clinic.database, remote_structure(client))
    assert (one.place, one.here, one.there) == ("provider.name", "Inna", "Przychodnia Testowa")
