"""The XUA assertion (ITI-40) as a clinic's own software would write it, signed with xmlsec."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import xmlsec
from lxml import etree

from tests.interop.kit import names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.kit.wire import Peer

PESEL_ROOT = "2.16.840.1.113883.3.4424.1.1.616"
NPWZ_ROOT = "2.16.840.1.113883.3.4424.1.6.2"
NPWZ = "5425740"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
XSPA = "urn:oasis:names:tc:xspa:1.0:subject:"
FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
METHODS = {
    "ec": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "rsa": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
}


def pesel(stem: str = "8005121235") -> str:
    """Ten digits with their check digit."""
    total = sum(int(digit) * weight for digit, weight in zip(stem, (1, 3, 7, 9) * 3, strict=False))
    return stem + str(-total % 10)


def stamp(seconds: float = 0, fractions: bool = True) -> str:
    """UTC now, moved by so many seconds."""
    time = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + (f".{time.microsecond // 1000:03}Z" if fractions else "Z")


def method(key: Path) -> str:
    """Signature algorithm of a PEM key."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    return METHODS["rsa" if isinstance(loaded, rsa.RSAPrivateKey) else "ec"]


def coded(kind: str, code: str, system: str) -> str:
    """A CE as an hl7 element."""
    return (
        f'<hl7:{kind} xmlns:hl7="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:type="hl7:CE" code="{code}" codeSystem="{system}" displayName="x"/>'
    )


def attribute(name: str, value: str, name_format: str | None = "uri") -> str:
    """One attribute; the value may be markup."""
    form = f' NameFormat="{FORMAT}{name_format}"' if name_format else ""
    held = f"<saml:AttributeValue>{value}</saml:AttributeValue>"
    return f'<saml:Attribute Name="{name}"{form}>{held}</saml:Attribute>'


@dataclass
class Assertion:
    """The parts of an assertion, each of which a test may change."""

    audience: str
    name_id: str = f"<saml:NameID>{PESEL_ROOT}#{pesel()}</saml:NameID>"
    role: str = coded("Role", "LEK", "2.16.840.1.113883.3.4424.11.3.4")
    purpose: str = coded("PurposeOfUse", "TREATMENT", "2.16.840.1.113883.3.18.7.1")
    format: str | None = "uri"
    extra: str = ""
    confirmation: str = "bearer"
    confirmation_data: str = ""
    own: str = field(default_factory=lambda: f"_{uuid.uuid4().hex}")
    issuer: str = "https://clinic.example/idp"
    starts: float = -30
    ends: float = 240
    authenticated: float = -60
    conditions: str = ""
    version: str = "2.0"
    drop: tuple[str, ...] = ()

    def xml(self) -> str:
        """Unsigned."""
        pieces = {
            "Subject": f"<saml:Subject>{self.name_id}<saml:SubjectConfirmation "
            f'Method="urn:oasis:names:tc:SAML:2.0:cm:{self.confirmation}">{self.confirmation_data}'
            "</saml:SubjectConfirmation></saml:Subject>",
            "Conditions": f'<saml:Conditions NotBefore="{stamp(self.starts)}" '
            f'NotOnOrAfter="{stamp(self.ends)}">'
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
            f"{self.conditions}</saml:Conditions>",
            "AuthnStatement": f'<saml:AuthnStatement AuthnInstant="{stamp(self.authenticated)}">'
            "<saml:AuthnContext>"
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
            "AttributeStatement": "<saml:AttributeStatement>"
            + attribute(XSPA + "subject-id", "Jan Kowalski", self.format)
            + ("" if "role" in self.drop else attribute(ROLE, self.role, self.format))
            + ("" if "purpose" in self.drop else attribute(XSPA + "purposeofuse", self.purpose, self.format))
            + f"{self.extra}</saml:AttributeStatement>",
        }
        inner = "".join(text for name, text in pieces.items() if name not in self.drop)
        return (
            f'<saml:Assertion xmlns:saml="{names.NS["saml"]}" ID="{self.own}" Version="{self.version}" '
            f'IssueInstant="{stamp(-1)}"><saml:Issuer>{self.issuer}</saml:Issuer>{inner}</saml:Assertion>'
        )

    def signed(self, key: Path, certificate: Path | None = None, **options: Any) -> str:
        """Signed after the Issuer, enveloped, with or without X509Data."""
        return sign(self.xml(), key, certificate, **options)


def template(
    own: str, algorithm: str, certificate: Path | None, digest: str = SHA256, prefixes: str = ""
) -> str:
    """The empty signature."""
    held = ""
    if certificate is not None:
        pem = "".join(certificate.read_text().split("-----")[2].split())
        shown = f"<ds:X509Certificate>{pem}</ds:X509Certificate>"
        held = f"<ds:KeyInfo><ds:X509Data>{shown}</ds:X509Data></ds:KeyInfo>"
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>' if prefixes else ""
    return (
        f'<ds:Signature xmlns:ds="{names.NS["ds"]}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{algorithm}"/>'
        f'<ds:Reference URI="#{own}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{names.NS["ds"]}enveloped-signature"/>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}">{listed}</ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
        f"<ds:SignatureValue/>{held}</ds:Signature>"
    )


def sign(assertion: str, key: Path, certificate: Path | None = None, **options: Any) -> str:
    """Put an enveloped signature of xmlsec into an assertion."""
    tree = etree.fromstring(assertion)
    own = str(tree.get("ID"))
    algorithm = options.pop("algorithm", method(key))
    signature = etree.fromstring(template(own, algorithm, certificate, **options))
    tree.insert(1, signature)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(key), xmlsec.KeyFormat.PEM)
    context.register_id(tree, "ID")
    context.sign(signature)
    return etree.tostring(tree).decode()


def usual(peer: Peer, **changes: Any) -> str:
    """What a clinic sends by default: PESEL, bearer, signed with its WSS key."""
    options = changes.pop("signing", {})
    audience = changes.pop("audience", str(peer.account["service"]))
    made = Assertion(audience, **changes)
    return made.signed(peer.folder / "wss.key", **options)
