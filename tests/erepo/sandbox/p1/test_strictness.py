"""P1 is strict about WS-Security: each message with one defect is refused with the right code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from lxml import etree

from erepo.p1 import names
from erepo.p1.faults import fault_codes
from erepo.p1.packing import P1Message, pack_p1
from erepo.p1.verifying import P1Verifier, read_p1
from erepo.pki import Bundle, TrustStore, client_context, new_key
from erepo.soap.headers import Addressing
from erepo.soap.message import new_message_id
from erepo.soap.signing import Signer
from erepo.soap.versions import SOAP_11, SOAP_12
from erepo.xds import iti18
from tests.support.p1 import Provider, RunningP1
from tests.support.xds import PATIENT

#: One sandbox serves all of them.
pytestmark = pytest.mark.xdist_group("p1")

_REQUEST = f'<v1:RejestrowanieRepozytoriumRequest xmlns:v1="{names.SZAR}"/>'


def szar(provider: Provider, *, signer: Bundle | None = None, now: datetime | None = None) -> bytes:
    """Return a good request for a repository, or one signed by another or at another time."""
    message = P1Message(etree.fromstring(_REQUEST), SOAP_11)
    return pack_p1(message, Signer(signer or provider.wss), now=now)


def post(
    provider: Provider, octets: bytes, path: str = names.SZAR_PATH, media: str = "text/xml"
) -> httpx.Response:
    """Send octets over the provider's connection."""
    context = client_context(provider.tls, provider.p1.trust)
    url = f"{provider.p1.url}{path}"
    return httpx.post(
        url, content=octets, headers={"content-type": media}, verify=context, trust_env=False, timeout=60
    )


def codes(provider: Provider, response: httpx.Response) -> tuple[str, ...]:
    """Return the codes of a fault; it must be signed by P1."""
    version = SOAP_11 if response.headers["content-type"].startswith("text/xml") else SOAP_12
    verifier = P1Verifier(TrustStore.from_pem(provider.p1.trust))
    verified = verifier.verify(read_p1(response.content, version), version)
    return fault_codes(verified.payload, version) or ()


def cut(octets: bytes, start: bytes, end: bytes) -> bytes:
    """Return octets without a piece."""
    first, last = octets.index(start), octets.index(end) + len(end)
    return octets[:first] + octets[last:]


DEFECTS: dict[str, tuple[Callable[[Provider, Provider], bytes], str]] = {
    "unsigned": (lambda me, _: cut(szar(me), b"<wsse:Security ", b"</wsse:Security>"), "InvalidSecurity"),
    "no Timestamp": (lambda me, _: cut(szar(me), b"<wsu:Timestamp ", b"</wsu:Timestamp>"), "InvalidSecurity"),
    "no token": (
        lambda me, _: cut(szar(me), b"<wsse:BinarySecurityToken ", b"</wsse:BinarySecurityToken>"),
        "InvalidSecurity",
    ),
    "wrong digest": (lambda me, _: szar(me).replace(b'wsu:Id="body">', b'wsu:Id="body"> '), "FailedCheck"),
    "wrong signature": (
        lambda me, _: szar(me).replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"),
        "FailedCheck",
    ),
    "SHA-1": (lambda me, _: szar(me).replace(b"xmlenc#sha256", b"xmlenc#sha1"), "UnsupportedAlgorithm"),
    "stale": (lambda me, _: szar(me, now=datetime.now(UTC) - timedelta(minutes=10)), "MessageExpired"),
    "from the future": (
        lambda me, _: szar(me, now=datetime.now(UTC) + timedelta(minutes=10)),
        "MessageExpired",
    ),
    "another provider's": (lambda me, other: szar(me, signer=other.wss), "FailedAuthentication"),
    "the TLS key": (lambda me, _: szar(me, signer=me.tls), "FailedAuthentication"),
    "not mandatory": (
        lambda me, _: szar(me).replace(b'mustUnderstand="1"', b'mustUnderstand="0"'),
        "InvalidSecurity",
    ),
    "DOCTYPE": (lambda me, _: b"<!DOCTYPE x>" + szar(me), "Client"),
    "two bodies": (
        lambda me, _: szar(me).replace(b"</soap:Envelope>", b"<soap:Body/></soap:Envelope>"),
        "Client",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_refused_by_its_name(defect: str, provider: Provider, other: Provider) -> None:
    """Nothing is done, and the signed fault says which rule of WS-Security was broken."""
    make, code = DEFECTS[defect]
    before = len(provider.p1.home.store.repositories())
    response = post(provider, make(provider, other))
    assert response.status_code == 500
    assert codes(provider, response) == (code,)
    assert len(provider.p1.home.store.repositories()) == before


def test_an_elliptic_signature_is_refused(provider: Provider) -> None:
    """P1 knows RSA-SHA256 only, whoever issued the certificate."""
    key = new_key("ec-p256")
    elliptic = Bundle(key, provider.p1.home.providers.issue_signer(key, "x"))
    assert codes(provider, post(provider, szar(provider, signer=elliptic))) == ("UnsupportedAlgorithm",)


def test_a_message_counts_once(provider: Provider) -> None:
    """The same octets a second time are refused, whatever they ask for."""
    octets = szar(provider)
    assert post(provider, octets).status_code == 200
    assert codes(provider, post(provider, octets)) == ("FailedCheck",)


def test_each_service_wants_its_own_soap(provider: Provider) -> None:
    """SOAP 1.2 is refused where 1.1 is spoken, and another service's message at every door."""
    assert codes(provider, post(provider, szar(provider), media="application/soap+xml")) == ("Client",)
    assert codes(provider, post(provider, szar(provider), names.SOZ_PATH)) == ("FailedAuthentication",)
    asked = Addressing(names.ISSUE_ACTION, "https://p1.example/elsewhere", new_message_id())
    message = pack_p1(P1Message(etree.fromstring(_REQUEST), SOAP_11, asked), Signer(provider.wss))
    assert codes(provider, post(provider, message, names.TOKEN_PATH)) == ("Client",)
    assert post(provider, szar(provider), "/services/Unknown").status_code == 404


def test_the_index_wants_a_token_of_the_provider(provider: Provider, other: Provider) -> None:
    """ITI-18 without a token, with another provider's or with a changed one is refused."""
    url = f"{provider.p1.url}{names.ITI18_PATH}"

    def ask(token: object) -> tuple[str, ...]:
        payload = iti18.write_query(iti18.find_documents(PATIENT))
        asked = Addressing(iti18.ACTION, url, new_message_id())
        octets = pack_p1(P1Message(payload, SOAP_12, asked, token), Signer(provider.wss))  # type: ignore[arg-type]
        response = post(provider, octets, names.ITI18_PATH, "application/soap+xml; charset=utf-8")
        return codes(provider, response)

    with provider.client() as mine, other.client() as theirs:
        good, foreign = mine.token(provider.asking()), theirs.token(other.asking())
    assert ask(good.assertion) == ()
    assert ask(None) == ("Sender", "FailedAuthentication")
    assert ask(foreign.assertion) == ("Sender", "FailedAuthentication")
    forged = good.assertion.octets.replace(b"medical doctor", b"patient")
    changed = type(good.assertion)(good.assertion.identifier, forged, b"")
    assert ask(changed) == ("Sender", "FailedCheck")


def test_only_the_administrator_sees_the_admin_endpoint(provider: Provider, p1: RunningP1) -> None:
    """For a provider it does not exist; the administrator is told what makes no sense."""
    context = client_context(provider.tls, p1.trust)
    with httpx.Client(base_url=p1.url, verify=context, trust_env=False, timeout=60) as client:
        assert client.get("/admin/faults").status_code == 404
        assert client.put("/admin/faults", json={"service": "soz", "kind": "busy"}).status_code == 404
    with p1.admin() as admin:
        assert admin.get("/admin/faults").json() == {"faults": []}
        wrong = admin.put("/admin/faults", json={"service": "soz", "kind": "no-id"})
        assert wrong.json()["code"] == "p1-sandbox.fault-unknown"
        assert admin.put("/admin/rules", json={"decision": "Maybe"}).status_code == 400
        assert admin.put("/admin/events", json={"event": "nothing"}).status_code == 400
        assert admin.post(names.SZAR_PATH, content=b"").status_code == 403
        p1.wrong("soz", "busy", times=3)
        assert admin.get("/admin/faults").json()["faults"][0]["times"] == 3
        assert admin.delete("/admin/faults").json() == {"faults": []}
        assert provider.resort_i in admin.get("/admin/state").json()["providers"]
