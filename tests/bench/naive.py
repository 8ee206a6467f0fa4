"""(a') and (e): the script of (a) with ready-made metadata, which spares it to build and write typed objects.

(a') sends the same documents to the same service with keys of the same type as the real pipeline. zeep signs
no WS-Addressing headers, so its account is one on mutual TLS alone; and zeep checks an answer with the
client's own certificate, so answers are not checked. Both hold for (a) too, and spare both work.

(e) is (a') with forty lines more, for an account with WS-Security as (b), (c) and (d) have it: it signs every
header that must be, and checks the answers.
"""

import base64
import datetime as dt
import hashlib
import json
import ssl
import uuid
from collections.abc import Sequence
from pathlib import Path

import requests
import xmlsec
from lxml import etree
from zeep import Client, Settings
from zeep import ns as names
from zeep.proxy import ServiceProxy
from zeep.transports import Transport
from zeep.wsse import signature as zeep_signature
from zeep.wsse.signature import BinarySignature
from zeep.wsse.utils import WSSE, WSU, ensure_id, get_security_header

from tests.bench.child import Job, answer
from tests.bench.meter import Meter, Timed

WSDL = Path(__file__).with_name("repository.wsdl")
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
X509 = f"{OASIS}x509-token-profile-1.0#X509v3"
BASE64 = f"{OASIS}soap-message-security-1.0#Base64Binary"
METHODS = {
    "ec-p256": xmlsec.constants.TransformEcdsaSha256,
    "rsa-3072": xmlsec.constants.TransformRsaSha256,
}


class Signature(BinarySignature):
    """Body and Timestamp signed with SHA-256; the answer's signature is not looked at."""

    def apply(
        self, envelope: etree._Element, headers: dict[str, str]
    ) -> tuple[etree._Element, dict[str, str]]:
        """Add the Timestamp that zeep signs only where it is already there."""
        get_security_header(envelope).append(timestamp())
        signed: tuple[etree._Element, dict[str, str]] = super().apply(envelope, headers)
        return signed

    def verify(self, envelope: etree._Element) -> etree._Element:
        """Take the answer as it is."""
        return envelope


class FullSignature(BinarySignature):
    """WS-Addressing headers signed as well, the answer checked against the service's certificate."""

    def __init__(self, *keys: str, service: bytes, **methods: object) -> None:
        super().__init__(*keys, **methods)
        self._service = service
        certificate = ssl.PEM_cert_to_DER_cert(self.cert_data.decode())
        self._token = base64.b64encode(certificate).decode()

    def apply(
        self, envelope: etree._Element, headers: dict[str, str]
    ) -> tuple[etree._Element, dict[str, str]]:
        """Do what zeep does, for more parts of the message."""
        token = WSSE.BinarySecurityToken(self._token, ValueType=X509, EncodingType=BASE64)
        reference = WSSE.Reference(URI=f"#{ensure_id(token)}", ValueType=X509)
        signature = xmlsec.template.create(
            envelope, xmlsec.constants.TransformExclC14N, self.signature_method
        )
        xmlsec.template.ensure_key_info(signature).append(WSSE.SecurityTokenReference(reference))
        stamp = timestamp()
        get_security_header(envelope).extend([token, stamp, signature])
        context = xmlsec.SignatureContext()
        context.key = zeep_signature._make_sign_key(self.key_data, self.cert_data, self.password)
        header, body = envelope
        for part in (body, stamp, *header.iterfind(f"{{{names.WSA}}}*")):
            zeep_signature._sign_node(context, signature, part, self.digest_method)
        context.sign(signature)
        return envelope, headers

    def verify(self, envelope: etree._Element) -> etree._Element:
        """Check the answer's signature; zeep raises SignatureVerificationFailed where it is wrong."""
        zeep_signature._verify_envelope_with_key(envelope, zeep_signature._make_verify_key(self._service))
        return envelope


def timestamp() -> etree._Element:
    """Return a Timestamp of five minutes."""
    now = dt.datetime.now(dt.UTC)
    moments = [one.strftime("%Y-%m-%dT%H:%M:%SZ") for one in (now, now + dt.timedelta(minutes=5))]
    stamp: etree._Element = WSU.Timestamp(WSU.Created(moments[0]), WSU.Expires(moments[1]))
    return stamp


def make_client(wsdl: Path, credentials: Path, key_type: str, signature: type[BinarySignature]) -> Client:
    """Make the client once, as the better scripts do: one for each document would halve the speed.

    Args:
        wsdl: what to speak.
        credentials: a folder with ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json.
        key_type: of wss.key.
        signature: `FullSignature` for (e).
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = str(credentials / "ca.pem")
    session.cert = (str(credentials / "tls.pem"), str(credentials / "tls.key"))
    more = {"service": _account(credentials)["serviceSigner"].encode()} if signature is FullSignature else {}
    wsse = signature(
        str(credentials / "wss.key"),
        str(credentials / "wss.pem"),
        signature_method=METHODS[key_type],
        digest_method=xmlsec.constants.TransformSha256,
        **more,
    )
    transport = Transport(session=session)
    return Client(str(wsdl), wsse=wsse, transport=transport, settings=Settings(strict=False))


def open_service(client: Client, credentials: Path) -> ServiceProxy:
    """Return the repository at the address of the account."""
    return client.create_service(
        "{urn:ihe:iti:xds-b:2007}RepositoryBinding", _account(credentials)["repository"]
    )


def _account(credentials: Path) -> dict[str, str]:
    account: dict[str, str] = json.loads((credentials / "account.json").read_text())
    return account


def send(service: ServiceProxy, documents: Sequence[Path]) -> int:
    """Send every document, one by one; return how many were answered with Success.

    The metadata of each lies beside it, as `….metadata`: a SubmitObjectsRequest with $-placeholders.
    """
    stored = 0
    for path in documents:
        octets = path.read_bytes()
        metadata, entry = fill(path.with_suffix(".metadata").read_text(encoding="utf-8"), octets)
        told = service.ProvideAndRegister(
            _value_1=etree.fromstring(metadata), Document={"_value_1": octets, "id": entry}
        )
        stored += told.status.endswith(":Success")
    return stored


def fill(metadata: str, octets: bytes) -> tuple[str, str]:
    """Return the metadata of one document and the id of its entry."""
    entry = uuid.uuid4().urn
    values = {
        "SET": f"2.25.{uuid.uuid4().int}",
        "ENTRY": entry,
        "SETENTRY": uuid.uuid4().urn,
        "HASH": hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
        "SIZE": str(len(octets)),
        "NOW": dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S"),
    }
    for name, value in values.items():
        metadata = metadata.replace(f"${name}$", value)
    return metadata, entry


def work(job: Job) -> Timed:
    """Send a portion; what is measured begins when the client is made and the connection stands."""
    client = make_client(WSDL, job.credentials, job.key_type, FullSignature if job.full else Signature)
    service, (first, *rest) = open_service(client, job.credentials), job.documents()
    assert send(service, [first]) == 1
    meter = Meter(job.roots)
    meter.start()
    return meter.stop(send(service, rest))


if __name__ == "__main__":
    answer(work)
