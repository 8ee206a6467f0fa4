"""M1-M43 and the wrapping family on the kit's own messages: each a fault, nothing stored, nothing told."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.interop.kit import expect, metadata, names, saml, wire, wss
from tests.interop.kit.attacks import ATTACKS, Target
from tests.interop.kit.metadata import Entry, Submission
from tests.interop.kit.wss import REQUIRED, Style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.interop.kit.wire import Answer, Peer

INNER = ("Traceback", "lxml", "xmlsec", "libxml", ".py", "sqlite", "cryptography", "Exception:")
GOOD_PATIENT, EVIL_PATIENT = metadata.patient(), metadata.patient()
DS, WSU = names.NS["ds"], names.NS["wsu"]


def external(patient: str) -> Submission:
    """Metadata for ITI-42."""
    slots = {"hash": [hashlib.sha1(b"x").hexdigest()], "size": ["1"], "repositoryUniqueId": ["1.2.3.99"]}
    return Submission(patient, [Entry(patient, None, slots=slots)])


def refused(peer: Peer, answer: Answer) -> None:
    """A fault of a WSS code (or Sender), signed by the service, that tells nothing of the inside."""
    assert answer.fault, (answer.status, answer.errors)
    assert answer.response.status_code in {400, 403, 500}, answer.response.status_code
    assert not [word for word in INNER if word in answer.response.text], answer.response.text
    wss.check(peer, answer)


@pytest.fixture(scope="module", autouse=True, name="nothing_stored")
def check_nothing_stored(clinic: Peer) -> Iterator[None]:
    """After all attacks there is nothing of either patient."""
    yield
    for patient in (GOOD_PATIENT, EVIL_PATIENT):
        body = metadata.query(
            "FindSubmissionSets",
            [("$XDSSubmissionSetPatientId", [f"'{patient}'"]), ("$XDSSubmissionSetStatus", expect.BOTH)],
        )
        assert expect.success(wss.send(clinic, 18, body)).objects() == []


def try_it(peer: Peer, style: Style | None = None, change: Callable[[Target], Any] | None = None) -> Answer:
    """A good message, bent, sent."""
    tree = wss.message(peer, 42, external(GOOD_PATIENT).request(), style)
    sent: Any = tree
    if change is not None:
        sent = change(Target(tree, external(EVIL_PATIENT).request()))
        sent = tree if sent is None else sent
    return wss.post(peer, 42, sent)


@pytest.mark.parametrize("name", [name for name in ATTACKS if not name.startswith("XSW")])
def test_bent_messages(clinic: Peer, name: str) -> None:
    """Each hand-made attack is refused."""
    refused(clinic, try_it(clinic, None, ATTACKS[name]))


@pytest.mark.parametrize(
    "home", ["Header", "Security", "Signature", "KeyInfo", "ReplyTo", "Timestamp", "Envelope"]
)
def test_wrapping(clinic: Peer, home: str) -> None:
    """The whole product of wrapping attacks: place, wrapper, id, before or after."""
    assertion = saml.usual(clinic)
    for name, change in ATTACKS.items():
        if name.startswith(f"XSW {home},"):
            answer = try_it(clinic, Style(assertion=assertion), change)
            assert answer.fault.startswith(("Sender", "MustUnderstand")), (name, answer.status)


@pytest.mark.parametrize("missing", REQUIRED)
def test_parts_not_signed(clinic: Peer, missing: str) -> None:
    """M16: a message honestly signed, but not over Body, Timestamp, To, Action or MessageID."""
    style = Style(parts=tuple(part for part in REQUIRED if part != missing))
    refused(clinic, try_it(clinic, style))


SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ALGORITHMS: dict[str, dict[str, Any]] = {
    "M17 ecdsa-sha1": {"algorithm": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"},
    "M17 sha1 digests": {"digest": SHA1},
    "M28 hmac": {"algorithm": HMAC},
    "M28 algorithm unknown": {"algorithm": "urn:x"},
    "M30 inclusive c14n": {"c14n": C14N, "transform": C14N},
    "M30 inclusive transforms": {"transform": C14N},
    "M30 exclusive with comments": {"c14n": saml.EXCLUSIVE + "WithComments"},
    "M30 transforms with comments": {"transform": saml.EXCLUSIVE + "WithComments"},
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithms(clinic: Peer, name: str) -> None:
    """M17, M28, M30: valid signatures by algorithms that are not allowed."""
    refused(clinic, try_it(clinic, Style(**ALGORITHMS[name])))


def test_rsa_sha1(clinic_rsa: Peer) -> None:
    """M17 by an RSA account."""
    answer = try_it(clinic_rsa, Style(algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"))
    refused(clinic_rsa, answer)


def with_hmac(tree: etree._Element) -> None:
    """HMACOutputLength in SignatureMethod."""
    method = tree.find(".//wsse:Security/ds:Signature//ds:SignatureMethod", names.NS)
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "0"


def more_transforms(*algorithms: str, times: int = 1, inside: str = "") -> Callable[[etree._Element], None]:
    """Transforms put before the canonicalisation of the first reference, digest as without them."""

    def run(tree: etree._Element) -> None:
        chain = tree.find(".//wsse:Security/ds:Signature//ds:Transforms", names.NS)
        for algorithm in algorithms * times:
            chain.insert(
                0,
                etree.fromstring(
                    f'<ds:Transform xmlns:ds="{DS}" Algorithm="{algorithm}">{inside}</ds:Transform>'
                ),
            )

    return run


def uri(value: str) -> Callable[[etree._Element], None]:
    """A further reference with this URI."""

    def run(tree: etree._Element) -> None:
        first = tree.find(".//wsse:Security/ds:Signature//ds:Reference", names.NS)
        twin = etree.fromstring(etree.tostring(first))
        twin.set("URI", value)
        first.addnext(twin)

    return run


def manifest(tree: etree._Element) -> None:
    """Object/Manifest in the Signature."""
    held = f'<ds:Object xmlns:ds="{DS}"><ds:Manifest Id="m"/></ds:Object>'
    tree.find(".//wsse:Security/ds:Signature", names.NS).append(etree.fromstring(held))


XSLT = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    '<xsl:for-each select="//* | //@*"><xsl:for-each select="//* | //@*"><xsl:for-each select="//* | //@*">'
    "<xsl:for-each select='//*'>x</xsl:for-each></xsl:for-each></xsl:for-each></xsl:for-each>"
    "</xsl:template></xsl:stylesheet>"
)
SIGNED_TRICKS: dict[str, Callable[[etree._Element], None]] = {
    "M29 HMACOutputLength": with_hmac,
    "M31 XSLT": more_transforms("http://www.w3.org/TR/1999/REC-xslt-19991116", inside=XSLT),
    "M31 XPath": more_transforms(
        "http://www.w3.org/TR/1999/REC-xpath-19991116", inside=f'<ds:XPath xmlns:ds="{DS}">1</ds:XPath>'
    ),
    "M31 XPath filter 2": more_transforms("http://www.w3.org/2002/06/xmldsig-filter2"),
    "M31 base64": more_transforms(DS + "base64"),
    "M31 enveloped": more_transforms(DS + "enveloped-signature"),
    "M32 a hundred transforms": more_transforms(saml.EXCLUSIVE, times=120),
    "M32 manifest": manifest,
    "M33 http": uri("http://127.0.0.1:9/x"),
    "M33 file": uri("file:///etc/passwd"),
    "M33 cid": uri("cid:part0@kit"),
    "M33 xpointer": uri("#xpointer(/)"),
    "M33 unknown id": uri("#nowhere"),
}


@pytest.mark.parametrize("name", SIGNED_TRICKS)
def test_signed_tricks(clinic: Peer, name: str) -> None:
    """M29, M31-M33: forbidden constructions under a valid signature, refused before they cost anything."""
    change = SIGNED_TRICKS[name]
    tree = wss.message(clinic, 42, external(GOOD_PATIENT).request(), Style(before_signing=change))
    started = time.monotonic()
    refused(clinic, wss.post(clinic, 42, tree))
    assert time.monotonic() - started < 60


def attacker(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate that says it is the clinic's."""
    import subprocess  # noqa: PLC0415

    key, certificate = folder / "evil.key", folder / "evil.pem"
    subject = "/C=PL/O=Account 0000000000001034/OU=EDM/CN=0000000000001034 WSS"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words = [
        "openssl",
        "req",
        "-x509",
        *curve,
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        "-days",
        "9",
    ]
    subprocess.run([*words, "-subj", subject], check=True, capture_output=True)
    return key, certificate


def test_foreign_keys(clinic: Peer, clinic_rsa: Peer, peer: Peer, tmp_path: Path) -> None:
    """M24-M26: valid signatures by an attacker's, another account's or the TLS certificate."""
    key, certificate = attacker(tmp_path)
    rsa, ec = clinic_rsa.folder, peer.folder
    for by, shown in (
        (key, certificate),
        (key, clinic.folder / "wss.pem"),
        (rsa / "wss.key", rsa / "wss.pem"),
        (ec / "wss.key", ec / "wss.pem"),
        (clinic.folder / "tls.key", clinic.folder / "tls.pem"),
        (clinic.folder / "wss.key", certificate),
    ):
        refused(clinic, try_it(clinic, Style(key=by, certificate=shown)))


KEY_INFOS = {
    "M25 KeyValue": "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus>"
    "<ds:Exponent>Aw==</ds:Exponent>"
    "</ds:RSAKeyValue></ds:KeyValue>",
    "KeyName": "<ds:KeyName>0000000000001034 WSS</ds:KeyName>",
    "remote token": '<wsse:SecurityTokenReference><wsse:Reference URI="http://127.0.0.1:9/t"/></wsse:SecurityTokenReference>',
    "empty": "",
    "token that is the Body": '<wsse:SecurityTokenReference><wsse:Reference URI="#id-Body"/>'
    "</wsse:SecurityTokenReference>",
    "embedded": "<wsse:SecurityTokenReference><wsse:Embedded/></wsse:SecurityTokenReference>",
}


@pytest.mark.parametrize("name", KEY_INFOS)
def test_key_infos(clinic: Peer, name: str) -> None:
    """Key information that leads nowhere good (R5402, R5417, R3066)."""
    refused(clinic, try_it(clinic, Style(key_info=KEY_INFOS[name])))


def stamps(*pairs: tuple[str, str]) -> str:
    """Content of a Timestamp."""
    return "".join(f"<wsu:{name}>{value}</wsu:{name}>" for name, value in pairs)


def timestamps() -> dict[str, dict[str, Any]]:
    """M42: bad times, made now."""
    now, later = saml.stamp(), saml.stamp(200)
    return {
        "expired": {"created": -700},
        "created in the future": {"created": 400},
        "expires before created": {"lasts": -10},
        "two Created": {"timestamp": stamps(("Created", now), ("Created", now), ("Expires", later))},
        "no Created": {"timestamp": stamps(("Expires", later))},
        "empty": {"timestamp": ""},
        "no zone": {"timestamp": stamps(("Created", now.rstrip("Z")), ("Expires", later))},
        "second 60": {"timestamp": stamps(("Created", now[:17] + "60Z"), ("Expires", later))},
        "nonsense": {"timestamp": stamps(("Created", "now"), ("Expires", later))},
        "no Timestamp": {
            "order": ("bst", "assertion", "signature"),
            "parts": tuple(p for p in REQUIRED if p != "Timestamp"),
        },
        "Expires long past, Created now": {
            "timestamp": stamps(("Created", now), ("Expires", "2020-01-01T00:00:00Z"))
        },
    }


@pytest.mark.parametrize("name", list(timestamps()))
def test_timestamps(clinic: Peer, name: str) -> None:
    """M42: times that the rules of BSP and the freshness of messages forbid."""
    refused(clinic, try_it(clinic, Style(**timestamps()[name])))


def test_lives_longer_than_allowed(clinic: Peer) -> None:
    """A message that gives itself a day is old when the service's own life is over."""
    refused(clinic, try_it(clinic, Style(created=-3600, lasts=86400)))


ADDRESSING: dict[str, dict[str, Any]] = {
    "M43 Action of another transaction": {"action": names.ACTIONS[18]},
    "M43 unknown Action": {"action": "urn:x"},
    "M43 To another account": {"to": "https://127.0.0.1/services/0000000000001041/xds/registry"},
    "M43 To another service": {"to": "https://elsewhere.example/"},
    "M43 ReplyTo a third host": {
        "reply_to": "<wsa:ReplyTo><wsa:Address>http://127.0.0.1:9/x</wsa:Address></wsa:ReplyTo>"
    },
    "M43 FaultTo a third host": {
        "headers": "<wsa:FaultTo><wsa:Address>http://127.0.0.1:9/x</wsa:Address></wsa:FaultTo>"
    },
    "M43 header that must be understood": {"headers": '<x:H xmlns:x="urn:x" s:mustUnderstand="1"/>'},
    "M43 no MessageID": {"message_id": ""},
}


@pytest.mark.parametrize("name", ADDRESSING)
def test_addressing(clinic: Peer, name: str) -> None:
    """M43: signed well, but addressed wrongly; no third host is called."""
    parts = tuple(part for part in REQUIRED if part != "MessageID" or name != "M43 no MessageID")
    answer = try_it(clinic, Style(heads=ADDRESSING[name], parts=parts))
    if name != "M43 Action of another transaction":  # there an error list is a refusal as well
        assert answer.fault, answer.status
    assert answer.status != names.SUCCESS
    wss.check(clinic, answer)


def test_soap_1_1(clinic: Peer) -> None:
    """M43: SOAP 1.1 is a VersionMismatch."""
    tree = wss.message(clinic, 42, external(GOOD_PATIENT).request())
    text = etree.tostring(tree).replace(names.NS["s"].encode(), names.SOAP11.encode())
    response = clinic.post(clinic.url(42), text, "text/xml; charset=utf-8")
    assert response.status_code >= 400
    assert not [word for word in INNER if word in response.text]


def test_attachment_swapped(clinic: Peer) -> None:
    """M39: another attachment under a valid signature; a swapped pair of attachments; one left out."""
    patient = metadata.patient()
    for how in ("other", "swapped", "missing"):
        given = Submission(patient, [Entry(patient, b"first"), Entry(patient, b"other")])
        tree = wss.message(clinic, 41, wire.inline_body(given))
        parts = wss.optimise(tree)
        if how == "other":
            parts[0].content = b"EVIL!"
        elif how == "swapped":
            parts[0].content, parts[1].content = parts[1].content, parts[0].content
        else:
            parts.pop()
        refused(clinic, wss.post(clinic, 41, tree, parts))
        fetched = wss.send(clinic, 43, metadata.retrieve(clinic.repository, *(e.uid for e in given.entries)))
        assert fetched.status == names.FAILURE


def test_certificate_is_not_enough(clinic: Peer, clinic_rsa: Peer, peer: Peer) -> None:
    """A good message of one account over another account's connection, and an unsigned one, are refused."""
    tree = wss.message(clinic, 42, external(GOOD_PATIENT).request())
    for sender in (clinic_rsa, peer):
        response = sender.post(clinic.url(42), etree.tostring(tree), "application/soap+xml")
        assert response.status_code == 404
    plain = clinic.send(42, external(GOOD_PATIENT).request())
    assert plain.fault.startswith("Sender")
    wss.check(clinic, plain)
    assert base64.b64encode(b"") == b""
    assert replace(Style(), prefixes="s").prefixes == "s"
