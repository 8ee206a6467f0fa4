"""The script a user would write: zeep, requests and zeep.wsse, one document after the other.

It sends the same documents to the same service with the same keys as the real pipeline. Two things it has to work
around, as any user of zeep has to: zeep cannot write ebRIM (the metadata goes in as ready-made XML), and zeep checks
an answer with the client's own certificate (the check of answers is left out, which spares it that time).
"""

import datetime
import hashlib
import json
import uuid
from pathlib import Path

import requests
import xmlsec
from lxml import etree
from zeep import Client, Settings
from zeep.transports import Transport
from zeep.wsse.signature import BinarySignature
from zeep.wsse.utils import WSU, get_security_header

WSDL = Path(__file__).with_name("repository.wsdl")


class Signature(BinarySignature):
    """Body and Timestamp signed with SHA-256; the answer's signature is not looked at."""

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]:
        """Add the Timestamp that zeep signs only where it is already there."""
        now = datetime.datetime.now(datetime.UTC)
        stamp = WSU.Timestamp(
            WSU.Created(now.strftime("%Y-%m-%dT%H:%M:%SZ")),
            WSU.Expires((now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        )
        get_security_header(envelope).append(stamp)
        signed: tuple[etree._Element, dict[str, str]] = super().apply(envelope, headers)
        return signed

    def verify(self, envelope: etree._Element) -> etree._Element:
        """Take the answer as it is."""
        return envelope


def send(documents: list[Path], credentials: Path, metadata: str) -> int:
    """Send every document, one by one; return how many were answered with Success.

    Args:
        documents: files to send.
        credentials: a folder with ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json.
        metadata: the SubmitObjectsRequest with $-placeholders (`template.xml` of this folder).
    """
    account = json.loads((credentials / "account.json").read_text())
    session = requests.Session()
    session.trust_env = False
    session.verify = str(credentials / "ca.pem")
    session.cert = (str(credentials / "tls.pem"), str(credentials / "tls.key"))
    wsse = Signature(
        str(credentials / "wss.key"),
        str(credentials / "wss.pem"),
        signature_method=xmlsec.constants.TransformEcdsaSha256,
        digest_method=xmlsec.constants.TransformSha256,
    )
    client = Client(str(WSDL), wsse=wsse, transport=Transport(session=session), settings=Settings(strict=False))
    service = client.create_service("{urn:ihe:iti:xds-b:2007}RepositoryBinding", account["repository"])
    stored = 0
    for path in documents:
        octets = path.read_bytes()
        answer = service.ProvideAndRegister(
            _value_1=etree.fromstring(fill(metadata, octets, account["repositoryUniqueId"])),
            Document={"_value_1": octets, "id": "doc1"},
        )
        stored += answer.status.endswith(":Success")
    return stored


def fill(metadata: str, octets: bytes, repository: str) -> str:
    """Return the metadata of one document."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d%H%M%S")
    values = {
        "UNIQUE": f"2.25.{uuid.uuid4().int}",
        "SET": f"2.25.{uuid.uuid4().int}",
        "ENTRY": uuid.uuid4().urn,
        "SETENTRY": uuid.uuid4().urn,
        "MEMBER": uuid.uuid4().urn,
        "HASH": hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
        "SIZE": str(len(octets)),
        "NOW": now,
        "REPOSITORY": repository,
    }
    for name, value in values.items():
        metadata = metadata.replace(f"${name}$", value)
    return metadata
