"""What the service tells about authorities reaches the person in its own words, and is tried again."""

import json

import pytest

from erepo.clinic.rest.client import _refusal
from erepo.clinic.rest.errors import ServiceRefusal, ServiceTrouble
from erepo.cloud.web.answers import error_answer
from erepo.cloud.web.statuses import status_of
from erepo.errors import ErepoError
from erepo.pki.revocation import errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.OcspUnreachable(host="ocsp.example", reason="10 s"), ServiceTrouble),
        (errors.CrlStale(issuer="CN=Office", until="2026-01-01 00:00"), ServiceTrouble),
        (errors.CrlForged(issuer="CN=Office", source="crl.example"), ServiceRefusal),
        (errors.OcspUnauthorised(host="ocsp.example"), ServiceRefusal),
        (
            errors.RevokedByCrl(serial="1A", at="2026-01-01 00:00", reason_en="lost", reason_pl="utrata"),
            ServiceRefusal,
        ),
    ],
)
def test_each_keeps_its_words(error: ErepoError, kind: type[ErepoError]) -> None:
    """Code, cause and cure in both languages; retryable exactly where the service's own error is."""
    body = error_answer(status_of(error), error).body
    told = _refusal("https://x.example", status_of(error), bytes(body))
    assert isinstance(told, kind)
    assert told.data["code"] == json.loads(bytes(body))["code"] == error.code
    assert told.retryable == error.retryable
    assert told.explain("pl") == error.explain("pl")
    assert told.explain("en") == error.explain("en")
