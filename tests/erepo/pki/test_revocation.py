"""Whether certificates were revoked: each way to say so and to say nothing, over real local servers."""

import pickle
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from erepo.errors import ErepoError
from erepo.pki import Authority
from erepo.pki.revocation import errors
from tests.support.revocation import LOCAL, World, hang_up, list_at, refusing, reply

_Status = ocsp.OCSPResponseStatus


@pytest.mark.parametrize("how", [{"crl": True}, {"ocsp": True}, {"crl": True, "ocsp": True}])
def test_a_good_certificate_passes(world: World, how: dict[str, bool]) -> None:
    """One that its authority has not revoked passes, and the authority was asked."""
    world.check(world.issue(**how))
    assert world.place.asked == ["/ocsp" if "ocsp" in how else "/ca.crl"]


def test_nothing_published_nothing_asked(world: World) -> None:
    """Where the authority names no place, nobody is asked and nothing refused."""
    world.place.revoke(leaf := world.issue())
    world.check(leaf)
    assert not world.place.asked


@pytest.mark.parametrize(
    ("how", "kind"), [({"crl": True}, errors.RevokedByCrl), ({"ocsp": True}, errors.RevokedByOcsp)]
)
def test_a_revoked_certificate_is_refused_with_reason_and_date(
    world: World, how: dict[str, bool], kind: type[ErepoError]
) -> None:
    """The error names serial number, date and reason in both languages, and survives Prefect's pickling."""
    world.place.revoke(leaf := world.issue(**how))
    with pytest.raises(kind) as caught:
        world.check(leaf)
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is kind
    for language, reason in (("en", "the key was compromised"), ("pl", "ujawnienie klucza")):
        cause = error.explain(language)[0]
        assert reason in cause
        assert "2026-01-02 03:04" in cause
        assert f"{leaf.serial_number:X}" in cause


def _html(handler: BaseHTTPRequestHandler) -> bool:
    return reply(handler, b"<html>", "text/html")


def _moved(handler: BaseHTTPRequestHandler) -> bool:
    return reply(handler, b"", "text/plain", 302, Location="http://169.254.169.254/")


@pytest.mark.parametrize(
    ("how", "answer", "kind"),
    [
        ("ocsp", hang_up, errors.OcspUnreachable),
        ("ocsp", _html, errors.OcspUnreachable),
        ("ocsp", _moved, errors.OcspUnreachable),
        ("ocsp", lambda h: reply(h, b"x", "application/ocsp-response"), errors.OcspForged),
        ("ocsp", lambda h: reply(h, b"0" * 100_000, "application/ocsp-response"), errors.OcspUnreachable),
        ("ocsp", refusing(_Status.TRY_LATER), errors.OcspBusy),
        ("ocsp", refusing(_Status.INTERNAL_ERROR), errors.OcspBusy),
        ("ocsp", refusing(_Status.UNAUTHORIZED), errors.OcspUnauthorised),
        ("ocsp", refusing(_Status.MALFORMED_REQUEST), errors.OcspRefused),
        ("ocsp", refusing(_Status.SIG_REQUIRED), errors.OcspRefused),
        ("crl", hang_up, errors.CrlUnreachable),
        ("crl", _moved, errors.CrlUnreachable),
        ("crl", lambda h: reply(h, b"", "text/plain", 503), errors.CrlUnreachable),
        ("crl", _html, errors.CrlUnusable),
    ],
)
def test_no_proof_is_a_refusal(
    world: World, how: str, answer: Callable[[BaseHTTPRequestHandler], bool], kind: type[ErepoError]
) -> None:
    """Whatever goes wrong with the answer, the certificate is not believed; the error says what it was."""
    world.place.answer = answer
    with pytest.raises(kind) as caught:
        world.check(world.issue(**{how: True}))
    assert caught.value.retryable == issubclass(kind, errors.StatusUnknown)
    assert all("127.0.0.1" in caught.value.explain(language)[0] for language in ("en", "pl"))


def test_a_responder_that_knows_nothing_of_it(world: World) -> None:
    """Status "unknown" is no proof, and has its own error."""

    def unknown(handler: BaseHTTPRequestHandler) -> bool:
        builder = ocsp.OCSPResponseBuilder().add_response(
            leaf,
            world.place.authority.certificate,
            hashes.SHA1(),
            ocsp.OCSPCertStatus.UNKNOWN,
            datetime.now(UTC).replace(microsecond=0),
            None,
            None,
            None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, world.place.authority.certificate)
        octets = builder.sign(world.place.authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
        return reply(handler, octets, "application/ocsp-response")

    leaf = world.issue(ocsp=True)
    world.place.answer = unknown
    with pytest.raises(errors.OcspUnknown, match=f"{leaf.serial_number:X}"):
        world.check(leaf)


def test_a_list_serves_where_the_responder_is_silent(world: World) -> None:
    """Where both are published and the responder does not answer, the list decides."""
    good, bad = world.issue(crl=True, ocsp=True), world.issue(crl=True, ocsp=True)
    world.place.revoke(bad)
    world.place.answer = refusing(_Status.TRY_LATER)
    world.check(good)
    with pytest.raises(errors.RevokedByCrl):
        world.check(bad)
    assert world.place.asked == ["/ocsp", "/ca.crl"] * 2


@pytest.mark.parametrize(("how", "kind"), [("crl", errors.CrlForged), ("ocsp", errors.OcspForged)])
def test_signed_by_somebody_else(world: World, how: str, kind: type[ErepoError]) -> None:
    """A list or answer in the authority's name, signed by another key, is a refusal."""
    world.place.signer = Authority.create("Publishing authority")
    with pytest.raises(kind):
        world.check(world.issue(**{how: True}))


def test_a_delegated_responder(world: World) -> None:
    """A responder whose certificate the authority signed for this may answer, in both directions."""
    world.place.delegated()
    good, bad = world.issue(ocsp=True), world.issue(ocsp=True)
    world.check(good)
    world.place.revoke(bad)
    with pytest.raises(errors.RevokedByOcsp):
        world.check(bad)


@pytest.mark.parametrize("wrong", ["usage", "expired", "issuer"])
def test_a_responder_that_was_not_delegated(world: World, wrong: str) -> None:
    """A client's certificate, an expired responder, one of another authority: no proof."""
    day = timedelta(days=1)
    changes: dict[str, dict[str, Any]] = {
        "usage": {"usage": False},
        "expired": {"since": datetime.now(UTC) - 9 * day, "until": datetime.now(UTC) - day},
        "issuer": {"issuer": Authority.create("Publishing authority")},
    }
    world.place.delegated(**changes[wrong])
    with pytest.raises(errors.OcspForged):
        world.check(world.issue(ocsp=True))


def test_a_delegated_responder_that_was_revoked(world: World) -> None:
    """A responder without "nocheck" is looked up in the list its own certificate names."""
    world.place.delegated(nocheck=False, extra=(list_at(world.place.crl_url),))
    assert world.place.delegate is not None
    world.check(leaf := world.issue(ocsp=True))
    world.place.revoke(world.place.delegate[1])
    with pytest.raises(errors.RevokedByCrl):
        world.check(leaf)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": lambda _asked: b"another"},
        {"made": timedelta(days=3)},
        {"made": timedelta(hours=-2)},
        {"made": timedelta(hours=2), "life": None},
    ],
)
def test_an_old_answer_or_one_to_another_question(world: World, change: dict[str, Any]) -> None:
    """Replays are no proof: another nonce, times that are over or to come, old without an end."""
    vars(world.place).update(change)
    with pytest.raises(errors.OcspForged):
        world.check(world.issue(ocsp=True))


def test_an_answer_without_a_nonce_is_judged_by_its_times(world: World) -> None:
    """Responders that sign beforehand cannot repeat a nonce; a fresh answer of theirs counts."""
    world.place.nonce = lambda _asked: None
    world.check(world.issue(ocsp=True))


def test_an_answer_about_another_certificate(world: World) -> None:
    """A good answer about somebody else proves nothing."""
    leaf, other = world.issue(ocsp=True), world.issue(ocsp=True)
    world.issued[leaf.serial_number] = other
    with pytest.raises(errors.OcspForged):
        world.check(leaf)


@pytest.mark.parametrize("how", ["crl", "ocsp"])
def test_a_trickle_ends(world: World, how: str) -> None:
    """A server that sends its headers byte by byte is given up when the time for all is over."""
    ended: list[str] = []

    def trickle(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(600):
            handler.wfile.write(b"X-Y: z\r\n")
            time.sleep(0.05)
        ended.append(how)
        return True

    world.place.answer = trickle
    with pytest.raises(errors.StatusUnknown, match=r"0\.5 s"):
        world.check(world.issue(**{how: True}), LOCAL.model_copy(update={"seconds": 0.5}))
    assert not ended


def test_a_list_that_never_ends(world: World) -> None:
    """A list above EREPO_REVOCATION__CRL_BYTES is not read on."""
    settings = LOCAL.model_copy(update={"crl_bytes": 1024})
    world.place.answer = lambda handler: reply(handler, b"0" * 4096, "application/pkix-crl")
    with pytest.raises(errors.CrlUnreachable, match="1024"):
        world.check(world.issue(crl=True), settings)


@pytest.mark.parametrize("how", ["crl", "ocsp"])
def test_a_hold_that_was_lifted_is_over(world: World, how: str) -> None:
    """What was remembered as revoked passes again when its authority says so anew."""
    leaf, authority = world.issue(**{how: True}), world.place.authority.certificate
    asking = world.asking()
    world.place.revoke(leaf)
    for _ in range(2):
        with pytest.raises(errors.CertificateRevoked):
            asking.check([leaf, authority])
        with pytest.raises(errors.CertificateRevoked):
            asking.refuse_revoked(leaf, authority)
    world.place.revoked.clear()
    world.place.made = timedelta(seconds=-2)
    asking.check([leaf, authority])
    asking.refuse_revoked(leaf, authority)
