"""M40, signers: a certificate that is not the one which the properties name, a key that is not its own."""

import hashlib

from lxml import etree

from erepo.cda.signature.errors import SignatureMalformed, SignatureWrong, SignerMismatched
from tests.support.document_attacks import bend, ds, forge, one, xades
from tests.support.signed_documents import DS, SHA256, Signing, Tree, b64, der, doctor, nurse
from tests.support.soap_messages import Identity

_STRANGER = Signing(nurse())


def _digest(who: Identity) -> bytes:
    return hashlib.sha256(der(who)).digest()


def _names(tree: Tree, certificate: bytes) -> None:
    one(one(tree, xades("CertDigest")), ds("DigestValue")).text = b64(hashlib.sha256(certificate).digest())


@forge(
    "M40-cert: of another",
    "the properties name the doctor, a nurse signs",
    SignerMismatched,
    signing=_STRANGER,
)
def _(tree: Tree) -> None:
    _names(tree, der(doctor()))


@forge(
    "M40-cert: of another, both",
    "the same, with both certificates in KeyInfo",
    SignerMismatched,
    signing=_STRANGER,
)
def _(tree: Tree) -> None:
    _names(tree, der(doctor()))
    etree.SubElement(one(tree, ds("X509Data")), ds("X509Certificate")).text = b64(der(doctor()))


@bend("M40-cert: exchanged", "another certificate in KeyInfo after signing", SignerMismatched)
def _(root: Tree) -> None:
    one(root, ds("X509Certificate")).text = b64(der(nurse()))


@bend(
    "M40-cert: both exchanged",
    "another certificate here and there",
    SignatureWrong,
    SignerMismatched,
)
def _(root: Tree) -> None:
    one(root, ds("X509Certificate")).text = b64(der(nurse()))
    _names(root, der(nurse()))


@forge(
    "M40-cert: two forms",
    "one property names the nurse, one the doctor",
    SignerMismatched,
)
def _(tree: Tree) -> None:
    cert = etree.SubElement(one(tree, xades("SignedSignatureProperties")), xades("SigningCertificate"))
    digest = etree.SubElement(etree.SubElement(cert, xades("Cert")), xades("CertDigest"))
    etree.SubElement(digest, ds("DigestMethod"), Algorithm=SHA256)
    etree.SubElement(digest, ds("DigestValue")).text = b64(_digest(nurse()))


@forge("M40-cert: second", "the signer is only the second one named", SignerMismatched)
def _(tree: Tree) -> None:
    cert = one(tree, xades("Cert"))
    other = etree.Element(xades("Cert"))
    digest = etree.SubElement(other, xades("CertDigest"))
    etree.SubElement(digest, ds("DigestMethod"), Algorithm=SHA256)
    etree.SubElement(digest, ds("DigestValue")).text = b64(_digest(nurse()))
    cert.addprevious(other)


@forge("M40-cert: broken", "the certificate is none, and the properties name it", SignerMismatched)
def _(tree: Tree) -> None:
    one(tree, ds("X509Certificate")).text = b64(b"no certificate")
    _names(tree, b"no certificate")


@bend("M40-cert: digest cut", "the digest of the certificate cut to a byte", SignerMismatched)
def _(root: Tree) -> None:
    one(one(root, xades("CertDigest")), ds("DigestValue")).text = b64(
        hashlib.sha256(der(doctor())).digest()[:1]
    )


@bend("M40-key: KeyValue", "KeyValue is another key than the certificate's", SignerMismatched)
def _(root: Tree) -> None:
    value = etree.SubElement(etree.SubElement(one(root, ds("KeyInfo")), ds("KeyValue")), ds("RSAKeyValue"))
    etree.SubElement(value, ds("Modulus")).text = b64(b"\x01" * 384)
    etree.SubElement(value, ds("Exponent")).text = "AQAB"


for _name in ("RetrievalMethod", "MgmtData", "PGPData", "SPKIData"):

    @bend(f"M40-key: {_name}", f"{_name} in KeyInfo", SignatureMalformed)
    def _(root: Tree, name: str = _name) -> None:
        etree.SubElement(one(root, ds("KeyInfo")), ds(name), URI="http://127.0.0.1:9/key")


@bend("M40-key: many", "a thousand certificates", SignatureMalformed)
def _(root: Tree) -> None:
    for _number in range(1000):
        etree.SubElement(one(root, ds("X509Data")), ds("X509Certificate")).text = b64(der(nurse()))


@bend("M40-key: foreign", "something unknown in X509Data", SignatureMalformed)
def _(root: Tree) -> None:
    etree.SubElement(one(root, ds("X509Data")), "{urn:foreign}X509Certificate").text = b64(der(doctor()))


@bend("M40-key: other kind", "a method for another kind of key", SignerMismatched)
def _(root: Tree) -> None:
    one(root, ds("SignatureMethod")).set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")


for _name, _value in {
    "empty": "",
    "cut": b64(b"\x01"),
    "zero": b64(bytes(384)),
    "no base64": "EVIL!",
    "long": b64(b"\x01" * 4096),
}.items():

    @bend(f"M40-value: {_name}", f"a signature value that is {_name}", SignatureWrong, SignatureMalformed)
    def _(root: Tree, value: str = _value) -> None:
        one(root, ds("SignatureValue")).text = value


for _number in (0, 1):

    @bend(f"M40-value: digest {_number}", f"the digest of reference {_number} is zero", SignatureWrong)
    def _(root: Tree, number: int = _number) -> None:
        reference = list(root.iter(f"{{{DS}}}Reference"))[number]
        one(reference, ds("DigestValue")).text = b64(bytes(32))
