"""One SOAP exchange: whose connection, what is proven, which service, what goes wrong, the signed answer.

Strict as P1 is (polish-domain §4.3): mustUnderstand, Timestamp of at most 300 s, BinarySecurityToken,
RSA-SHA256, exclusive canonicalisation, Body and Timestamp signed by a WSS certificate of the connection's own
provider, each message once, a token where the service wants one and addressing where it does.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from cryptography import x509
from lxml import etree

from erepo.cloud import addresses
from erepo.p1 import names
from erepo.p1.packing import LIFE, P1Message, content_type, pack_p1
from erepo.p1.verifying import P1Verifier, read_p1
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle, fingerprint
from erepo.pki.keys import new_key
from erepo.pki.names import CertificatePurpose
from erepo.pki.trust import TrustStore
from erepo.sandbox.p1 import edm, services, tokens
from erepo.sandbox.p1.errors import CallerRefused, RequestRefused
from erepo.sandbox.p1.faults import BEFORE, Fault
from erepo.sandbox.p1.home import Home
from erepo.sandbox.p1.registry import Registry
from erepo.soap.errors import MalformedEnvelope, MessageReplayed, SecurityMalformed
from erepo.soap.faults import fault_of, write_fault
from erepo.soap.headers import Addressing
from erepo.soap.message import new_message_id
from erepo.soap.mime import parse_media_type
from erepo.soap.names import ANONYMOUS, FAULT_ACTION, SECURITY, SOAP11, SOAP_TYPE, WSSE
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified
from erepo.soap.versions import SOAP_11, SOAP_12, SoapVersion
from erepo.xds import iti18, iti42, iti57

log = logging.getLogger("erepo.p1-sandbox")

_AN_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Door:
    """How a service is spoken to.

    Attributes:
        version: of SOAP.
        operations: by the element of the Body, or for EDM by wsa:Action.
        addressed: whether addressing is demanded.
        token: whether a SAML token is.
    """

    version: SoapVersion
    operations: Mapping[str, str]
    addressed: bool = False
    token: bool = False


_SZAR: Final = f"{{{names.SZAR}}}Rejestrowanie"
DOORS: Final[Mapping[str, Door]] = MappingProxyType(
    {
        names.TOKEN_PATH: Door(SOAP_11, {names.ISSUE_ACTION: "token"}, addressed=True),
        names.SZAR_PATH: Door(
            SOAP_11,
            {
                f"{_SZAR}RepozytoriumRequest": "szar-repository",
                f"{_SZAR}DanychDostepowychRequest": "szar-access",
            },
        ),
        names.SZAR_READ_PATH: Door(
            SOAP_11, {f"{{{names.SZAR}}}PobranieDanychDostepowychRequest": "szar-read"}
        ),
        names.SOZ_PATH: Door(
            SOAP_11, {f"{{{names.XACML_SAML}}}XACMLAuthzDecisionQueryRequest": "soz"}, token=True
        ),
        names.ITI18_PATH: Door(SOAP_12, {iti18.ACTION: "iti-18"}, addressed=True, token=True),
        names.ITI42_PATH: Door(SOAP_12, {iti42.ACTION: "iti-42"}, addressed=True, token=True),
        names.ITI57_PATH: Door(SOAP_12, {iti57.ACTION: "iti-57"}, addressed=True, token=True),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """What came over HTTP; `fingerprint` is of the connection's certificate."""

    path: str
    fingerprint: str
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `cut` seconds of silence and a broken connection instead of it."""

    status: int
    content_type: str = "text/plain"
    body: bytes = field(default=b"", repr=False)
    cut: float | None = None


class Desk:
    """Answers messages; any thread may use it."""

    def __init__(self, home: Home) -> None:
        self._store = home.store
        self._verifier = P1Verifier(TrustStore([home.providers.certificate]), life=LIFE)
        self._signer = Signer(home.bundle("wss"))
        self._tokens = Signer(home.bundle("token"))
        self._registry = Registry(home.folder)
        self._edm = edm.Edm(self._registry, home.store)
        self._szar, self._soz = services.Szar(home.store), services.Soz(home.store)

    def close(self) -> None:
        """Close the databases."""
        self._registry.close()
        self._store.close()

    def answer(self, request: Request) -> Reply:
        """Answer one POST."""
        door = DOORS.get(request.path)
        resort_i = self._store.owner(request.fingerprint, CertificatePurpose.TLS)
        if door is None:
            return Reply(404)
        if not resort_i:
            return Reply(403)
        try:
            return self._proven(request, door, resort_i)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            rule = getattr(error, "data", {}).get("rule", "")
            log.info("refused: %s %s", getattr(error, "code", type(error).__name__), rule)
            return self._refusal(error, door)

    def _proven(self, request: Request, door: Door, resort_i: str) -> Reply:
        now = datetime.now(UTC)
        verified = self._verified(request, door, resort_i)
        if verified.replay_key is None or verified.fresh_until is None:
            raise SecurityMalformed(rule="not signed")
        if not self._store.first_time(verified.replay_key, verified.fresh_until):
            raise MessageReplayed(rule="seen before")
        bearer = None
        if door.token:
            bearer = tokens.read(verified.assertion, self._tokens.certificate, now)
            # SOZ is asked by the repository's owner about somebody else: the bearer who wants its documents.
            if request.path != names.SOZ_PATH and bearer.organisation.rpartition("#")[2] != resort_i:
                raise CallerRefused(rule="another provider's token")
        operation = door.operations.get(verified.action if door.addressed else str(verified.payload.tag))
        if operation is None:
            raise RequestRefused(rule="no operation of this service")
        fault = self._store.take_fault(operation)
        if fault is not None and fault.kind in BEFORE:
            return self._wrong_before(fault, door)
        kind = fault.kind if fault else ""
        payload = self._served(operation, verified, resort_i, bearer, kind, now)
        return self._reply(payload, door, verified, operation, kind)

    def _verified(self, request: Request, door: Door, resort_i: str) -> Verified:
        media = parse_media_type(request.content_type).value
        if media != ("text/xml" if door.version is SOAP_11 else SOAP_TYPE):
            raise MalformedEnvelope(rule="another media type than the service's")
        received = read_p1(request.body, door.version)
        verified = self._verifier.verify(received, door.version)
        security = received.envelope.find(f"{door.version.name('Header')}/{SECURITY}")
        if security is None or security.get(door.version.name("mustUnderstand")) not in ("1", "true"):
            raise SecurityMalformed(rule="the Security header is not mandatory")
        certificate = verified.certificate
        if certificate is None or self._owner_of(certificate) != resort_i:
            raise CallerRefused(rule="not signed by a WSS certificate of the connection's provider")
        if door.addressed and (not verified.message_id or addresses.split(verified.to).path != request.path):
            raise RequestRefused(rule="MessageID is missing, or To is another address")
        return verified

    def _owner_of(self, certificate: x509.Certificate) -> str | None:
        return self._store.owner(fingerprint(certificate), CertificatePurpose.WSS)

    def _served(
        self,
        operation: str,
        verified: Verified,
        resort_i: str,
        bearer: tokens.Bearer | None,
        kind: str,
        now: datetime,
    ) -> etree._Element:
        if kind == "p1-timeout":
            return edm.late(operation)
        if operation == "soz":
            assert bearer is not None
            return self._soz.decide(verified, bearer, kind)
        handlers: Mapping[str, Callable[[], etree._Element]] = {
            "token": lambda: services.give_token(verified, resort_i, self._tokens, now),
            "szar-repository": lambda: self._szar.repository(verified, resort_i, kind),
            "szar-access": lambda: self._szar.access(verified, resort_i, kind),
            "szar-read": lambda: self._szar.read(verified, kind),
            "iti-18": lambda: self._edm.query(verified, kind),
            "iti-42": lambda: self._edm.register(verified, resort_i, now),
            "iti-57": lambda: self._edm.update(verified, resort_i, now),
        }
        return handlers[operation]()

    def _wrong_before(self, fault: Fault, door: Door) -> Reply:
        if fault.kind == "timeout":
            return Reply(0, cut=fault.seconds)
        if fault.kind in ("busy", "forbidden"):
            return Reply(503 if fault.kind == "busy" else 403)
        rule = RequestRefused(rule="as the administrator wishes")
        return self._refusal(rule if fault.kind == "reject" else RuntimeError(), door)

    def _reply(
        self, payload: etree._Element, door: Door, verified: Verified, operation: str, kind: str
    ) -> Reply:
        if kind == "lost":
            return Reply(0, cut=0)
        action = names.ISSUED_ACTION if operation == "token" else f"{verified.action}Response"
        asked = Addressing(action, ANONYMOUS, new_message_id(), relates_to=verified.message_id)
        message = P1Message(payload, door.version, asked if door.addressed else None)
        now = datetime.now(UTC) - (_AN_HOUR if kind == "stale" else timedelta())
        octets = pack_p1(message, _stranger() if kind == "foreign" else self._signer, now=now)
        if kind == "forged":
            octets = octets.replace(b'wsu:Id="body">', b'wsu:Id="body"> ')
        if kind == "unsigned":
            start, end = octets.index(b"<wsse:Security "), octets.index(b"</wsse:Security>")
            octets = octets[:start] + octets[end + len(b"</wsse:Security>") :]
        return Reply(200, content_type(door.version, action), octets)

    def _refusal(self, error: Exception, door: Door) -> Reply:
        payload = _old_fault(error) if door.version is SOAP_11 else write_fault(error)
        asked = Addressing(FAULT_ACTION, ANONYMOUS, new_message_id())
        octets = pack_p1(P1Message(payload, door.version, asked if door.addressed else None), self._signer)
        status = 500 if door.version is SOAP_11 else fault_of(error).http_status
        return Reply(status, content_type(door.version, FAULT_ACTION), octets)


def _old_fault(error: Exception) -> etree._Element:
    """Return a Fault of SOAP 1.1."""
    fault = fault_of(error)
    root = etree.Element(f"{{{SOAP11}}}Fault", nsmap={"soap": SOAP11, "wsse": WSSE})
    code = fault.subcode or {"Receiver": "soap:Server"}.get(fault.code, "soap:Client")
    etree.SubElement(root, "faultcode").text = code
    etree.SubElement(root, "faultstring").text = fault.reason
    return root


def _stranger() -> Signer:
    authority, key = Authority.create("nobody"), new_key("rsa-3072")
    return Signer(Bundle(key, authority.issue_signer(key, "P1 WSS")))
