"""Documents signed by somebody else: templates of our own writing, digests and values by xmlsec.

The independent oracle of `erepo.cda.signature`. xmlsec knows no XAdES, so the properties are written here by
hand, in the form that DSS gives them.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from tests.support.cda_documents import document
from tests.support.soap_messages import Identity, identity

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SHA1, SHA256 = f"{DS}sha1", "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
HASHES = {SHA1: "sha1", SHA256: "sha256", f"{MORE}sha384": "sha384", SHA512: "sha512"}
Tree = etree._Element
Edit = Callable[[Tree], object]


@cache
def doctor() -> Identity:
    """Return a signer with an RSA key, as the cards of Polish professionals have."""
    return identity("rsa-3072")


@cache
def nurse() -> Identity:
    """Return a signer with an EC key."""
    return identity("ec-p256", doctor().authority)


def der(who: Identity) -> bytes:
    """Return a signer's certificate."""
    return who.bundle.certificate.public_bytes(Encoding.DER)


def b64(octets: bytes) -> str:
    """Return octets as base64."""
    return base64.b64encode(octets).decode()


@dataclass(frozen=True)
class Signing:
    """How somebody signs; everything has the usual value by default.

    Attributes:
        who: the signer.
        digest: method of all digests.
        method: of the signature; empty: SHA-256 with the signer's key.
        prefixes: of XML-DSig and of XAdES; an empty one is a default namespace.
        v2: SigningCertificateV2 instead of SigningCertificate.
        chain: further certificates in KeyInfo.
        inclusive: PrefixList of every canonicalisation.
        edit: changes the template before it is signed.
    """

    who: Identity = field(default_factory=doctor)
    digest: str = SHA256
    method: str = ""
    prefixes: tuple[str, str] = ("ds", "xades")
    v2: bool = True
    chain: Sequence[bytes] = ()
    inclusive: str = ""
    edit: Edit | None = None

    def template(self) -> Tree:
        """Return the signature without digests and value."""
        d, x = (f"{prefix}:" if prefix else "" for prefix in self.prefixes)
        key = "ecdsa" if isinstance(self.who.bundle.key, ec.EllipticCurvePrivateKey) else "rsa"
        method = self.method or f"{MORE}{key}-sha256"
        listed = f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList="{self.inclusive}"/>' * bool(
            self.inclusive
        )
        cert = der(self.who)
        digest = (
            f'<{d}DigestMethod Algorithm="{self.digest}"/><{d}DigestValue>'
            f"{b64(hashlib.new(HASHES[self.digest], cert).digest())}</{d}DigestValue>"
        )
        reference = f'<{d}DigestMethod Algorithm="{self.digest}"/><{d}DigestValue/></{d}Reference>'
        exclusive = f'<{d}Transform Algorithm="{EXCLUSIVE}">{listed}</{d}Transform></{d}Transforms>'
        name = "SigningCertificateV2" if self.v2 else "SigningCertificate"
        declared = [
            f'xmlns{":" if p else ""}{p}="{n}"' for p, n in zip(self.prefixes, (DS, XADES), strict=True)
        ]
        # XAdES names digests in the namespace of XML-DSig: its own default namespace would take them over.
        properties = (
            f'<{x}SignedProperties Id="xades-1"><{x}SignedSignatureProperties>'
            f"<{x}SigningTime>2026-01-02T10:20:30Z</{x}SigningTime><{x}{name}><{x}Cert><{x}CertDigest>"
            f"{digest}</{x}CertDigest></{x}Cert></{x}{name}></{x}SignedSignatureProperties>"
            f'<{x}SignedDataObjectProperties><{x}DataObjectFormat ObjectReference="#r-1">'
            f"<{x}MimeType>text/xml</{x}MimeType></{x}DataObjectFormat></{x}SignedDataObjectProperties>"
            f"</{x}SignedProperties>"
        )
        certificates = "".join(
            f"<{d}X509Certificate>{b64(each)}</{d}X509Certificate>" for each in (cert, *self.chain)
        )
        return etree.fromstring(
            f'<{d}Signature {declared[0]} Id="id-1"><{d}SignedInfo>'
            f'<{d}CanonicalizationMethod Algorithm="{EXCLUSIVE}">{listed}</{d}CanonicalizationMethod>'
            f'<{d}SignatureMethod Algorithm="{method}"/>'
            f'<{d}Reference Id="r-1" Type="" URI=""><{d}Transforms>'
            f'<{d}Transform Algorithm="{DS}enveloped-signature"/>{exclusive}{reference}'
            f'<{d}Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#xades-1"><{d}Transforms>'
            f"{exclusive}{reference}</{d}SignedInfo><{d}SignatureValue/>"
            f"<{d}KeyInfo><{d}X509Data>{certificates}</{d}X509Data></{d}KeyInfo>"
            f'<{d}Object><{x}QualifyingProperties {declared[1]} Target="#id-1">{properties}'
            f"</{x}QualifyingProperties></{d}Object></{d}Signature>"
        )

    def sign(self, octets: bytes, *, encoding: str = "UTF-8") -> bytes:
        """Return a document with a signature as the last child of its root."""
        root = etree.fromstring(octets, etree.XMLParser(huge_tree=True))
        signature = self.template()
        root.append(signature)
        if self.edit:
            self.edit(signature)
        fill(signature, self.who)
        return octets_of(root, encoding)


def fill(signature: Tree, who: Identity) -> None:
    """Let xmlsec compute the digests and the value of a signature where it stands."""
    context = xmlsec.SignatureContext()
    pem = who.bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.PEM, None)
    for node in signature.iter():
        if isinstance(node.tag, str) and node.get("Id"):
            context.register_id(node, "Id")
    context.sign(signature)


def octets_of(root: Tree, encoding: str = "UTF-8") -> bytes:
    """Return a document with its prolog."""
    tree: Any = root.getroottree()
    octets: bytes = etree.tostring(tree, encoding=encoding, xml_declaration=True)
    return octets


def is_valid(octets: bytes) -> bool:
    """Tell what xmlsec thinks of the signature inside a document."""
    root = etree.fromstring(octets)
    signature = next(root.iter(f"{{{DS}}}Signature"))
    context = xmlsec.SignatureContext()
    certificate = next(signature.iter(f"{{{DS}}}X509Certificate")).text or ""
    context.key = xmlsec.Key.from_memory(base64.b64decode(certificate), xmlsec.KeyFormat.CERT_DER, None)
    for node in signature.iter():
        if isinstance(node.tag, str) and node.get("Id"):
            context.register_id(node, "Id")
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@cache
def good() -> bytes:
    """Return a signed document: small, with a prolog."""
    return Signing().sign(document())
