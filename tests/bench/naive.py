"""(a) The script a user would write: zeep, requests and zeep.wsse, one document after the other.

It sends the same documents to the same service with keys of the same type as the real pipeline. Three things
it has to work around, as any user of zeep has to: zeep cannot write ebRIM, so the metadata goes in as
ready-made XML; it signs no WS-Addressing headers, so its account is one on mutual TLS alone; and it checks an
answer with the client's own certificate, so answers are not checked. All three spare it work.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path

import requests
import xmlsec
from lxml import etree
from zeep import Client, Settings
from zeep.proxy import ServiceProxy
from zeep.transports import Transport
from zeep.wsse.signature import BinarySignature
from zeep.wsse.utils import WSU, get_security_header

from tests.bench.child import Job, answer
from tests.bench.meter import Meter, Timed

WSDL = Path(__file__).with_name("repository.wsdl")
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
        now = dt.datetime.now(dt.UTC)
        stamp = WSU.Timestamp(
            WSU.Created(now.strftime("%Y-%m-%dT%H:%M:%SZ")),
            WSU.Expires((now + dt.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        )
        get_security_header(envelope).append(stamp)
        signed: tuple[etree._Element, dict[str, str]] = super().apply(envelope, headers)
        return signed

    def verify(self, envelope: etree._Element) -> etree._Element:
        """Take the answer as it is."""
        return envelope


def connect(credentials: Path, key_type: str) -> ServiceProxy:
    """Make the client once, as the better scripts do: one for each document would halve the speed.

    Args:
        credentials: a folder with ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json.
        key_type: of wss.key.
    """
    account = json.loads((credentials / "account.json").read_text())
    session = requests.Session()
    session.trust_env = False
    session.verify = str(credentials / "ca.pem")
    session.cert = (str(credentials / "tls.pem"), str(credentials / "tls.key"))
    wsse = Signature(
        str(credentials / "wss.key"),
        str(credentials / "wss.pem"),
        signature_method=METHODS[key_type],
        digest_method=xmlsec.constants.TransformSha256,
    )
    client = Client(
        str(WSDL), wsse=wsse, transport=Transport(session=session), settings=Settings(strict=False)
    )
    return client.create_service("{urn:ihe:iti:xds-b:2007}RepositoryBinding", account["repository"])


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
    service, (first, *rest) = connect(job.credentials, job.key_type), job.documents()
    assert send(service, [first]) == 1
    meter = Meter(job.roots)
    meter.start()
    return meter.stop(send(service, rest))


if __name__ == "__main__":
    answer(work)
