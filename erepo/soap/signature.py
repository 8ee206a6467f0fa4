"""The WS-Security header, read: one form is accepted, every other one is refused before any hash is computed.

    wsse:Security
    ├── wsse:BinarySecurityToken   one, X509v3
    ├── wsu:Timestamp              one
    ├── ds:Signature               one: SignedInfo, SignatureValue, KeyInfo with a reference to the token
    └── saml2:Assertion            at most one; who acts, to be proven by `erepo.acting`

Accepted algorithms: exclusive canonicalisation (a PrefixList is allowed), SHA-256, RSA-SHA256, ECDSA-SHA256.
"""

from dataclasses import dataclass

from lxml import etree

from erepo.soap.envelope import is_ours
from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    MessageRefused,
    SecurityMalformed,
    SecurityMissing,
    SignatureInvalid,
    SignerRefused,
)
from erepo.soap.names import (
    ASSERTION,
    BASE64,
    C14N_METHOD,
    DIGEST_METHOD,
    DIGEST_VALUE,
    ECDSA_SHA256,
    ENVELOPED,
    KEY_INFO,
    REFERENCE,
    RSA_SHA256,
    SHA256,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TIMESTAMP,
    TOKEN,
    TOKEN_REFERENCE,
    TRANSFORM,
    TRANSFORMS,
    WSSE_REFERENCE,
    WSU_ID,
    X509_TOKEN,
)
from erepo.soap.versions import SOAP_12, SoapVersion
from erepo.xmlsig.canonical import Prefixes
from erepo.xmlsig.forms import Forms, has_text
from erepo.xmlsig.refusals import Refusals

_MOST_REFERENCES = 16
_WSS11_TYPE = "{http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd}TokenType"
#: With what the wire refuses a signature.
REFUSALS = Refusals(
    form=SecurityMalformed,
    algorithm=AlgorithmRefused,
    signer=SignerRefused,
    wrong=SignatureInvalid,
    canonical=MessageRefused,
)
#: The signature methods of the wire.
METHODS = frozenset({RSA_SHA256, ECDSA_SHA256})
_FORMS = Forms(REFUSALS)
# Read as the wire does; they refuse with SecurityMalformed.
children, check_attributes, only_text = _FORMS.children, _FORMS.check_attributes, _FORMS.only_text


@dataclass(frozen=True)
class SignedReference:
    """One ds:Reference: the id it names, its PrefixList and its SHA-256."""

    identifier: str
    prefixes: Prefixes
    digest: bytes


@dataclass(frozen=True)
class SecurityHeader:
    """A WS-Security header of the accepted form; nothing in it is verified yet."""

    token: etree._Element
    timestamp: etree._Element
    signed_info: etree._Element
    prefixes: Prefixes
    algorithm: str
    references: tuple[SignedReference, ...]
    value: bytes
    assertion: etree._Element | None = None


def read_security(security: etree._Element, version: SoapVersion = SOAP_12) -> SecurityHeader:
    """Check the form of a WS-Security header.

    Raises:
        SecurityMissing: a piece is not there.
        SecurityMalformed: a piece is there twice, unknown, or of another form.
        AlgorithmRefused: another algorithm or transform.
        CoverageRefused: no or too many references, or a reference twice.
    """
    known = {version.name("mustUnderstand"), version.name(version.role), WSU_ID}
    if set(security.attrib) - known or has_text(security) or not is_ours(security, version):
        raise SecurityMalformed(rule="the Security header has another role, or text")
    pieces: dict[object, etree._Element] = {}
    for child in security:
        if child.tag not in (TOKEN, TIMESTAMP, SIGNATURE, ASSERTION):
            raise SecurityMalformed(rule="unknown element in the Security header")
        if child.tag in pieces:
            raise SecurityMalformed(rule="an element of the Security header twice")
        pieces[child.tag] = child
    for tag in (TOKEN, TIMESTAMP, SIGNATURE):
        if tag not in pieces:
            raise SecurityMissing(rule=f"no {etree.QName(tag).localname} in the Security header")
    token = pieces[TOKEN]
    check_attributes(token, {"ValueType", "EncodingType", WSU_ID})
    if token.get("ValueType") != X509_TOKEN or token.get("EncodingType", BASE64) != BASE64:
        raise SecurityMalformed(rule="the token is not one X.509 v3 certificate in base64")
    signed_info, value, key_info = children(pieces[SIGNATURE], SIGNED_INFO, SIGNATURE_VALUE, KEY_INFO)
    check_attributes(pieces[SIGNATURE], {"Id"})
    _check_key_info(key_info, token)
    prefixes, algorithm, references = read_signed_info(signed_info)
    octets = _FORMS.octets(value)
    return SecurityHeader(
        token,
        pieces[TIMESTAMP],
        signed_info,
        prefixes,
        algorithm,
        references,
        octets,
        pieces.get(ASSERTION),
    )


def read_signed_info(
    signed_info: etree._Element, *, enveloped: bool = False
) -> tuple[Prefixes, str, tuple[SignedReference, ...]]:
    """Return (PrefixList of the canonicalisation, signature method, references) of a ds:SignedInfo.

    Args:
        signed_info: the element; its form is checked.
        enveloped: the references are to what holds the signature itself: each has the transforms
            enveloped-signature and exclusive canonicalisation, in this order, instead of the latter alone.

    Raises:
        SecurityMalformed, AlgorithmRefused, CoverageRefused: see `read_security`.
    """
    check_attributes(signed_info, {"Id"})
    nodes = list(signed_info)
    names = [node.tag for node in nodes]
    if names[:2] != [C14N_METHOD, SIGNATURE_METHOD] or set(names[2:]) - {REFERENCE} or has_text(signed_info):
        raise SecurityMalformed(rule="SignedInfo has another form")
    if not 1 <= len(nodes) - 2 <= _MOST_REFERENCES:
        raise CoverageRefused(rule=f"no references, or more than {_MOST_REFERENCES}")
    prefixes = _FORMS.exclusive(nodes[0])
    algorithm = nodes[1].get("Algorithm", "")
    check_attributes(nodes[1], {"Algorithm"})
    if algorithm not in METHODS or len(nodes[1]):
        raise AlgorithmRefused(rule="signature method")
    references = tuple(_read_reference(node, enveloped=enveloped) for node in nodes[2:])
    if len({reference.identifier for reference in references}) != len(references):
        raise CoverageRefused(rule="a part is referenced twice")
    return prefixes, algorithm, references


def _read_reference(node: etree._Element, *, enveloped: bool) -> SignedReference:
    check_attributes(node, {"URI"})
    uri = node.get("URI", "")
    if not uri.startswith("#") or len(uri) < 2:
        raise CoverageRefused(rule="a reference is not to an id in this message")
    transforms, method, value = children(node, TRANSFORMS, DIGEST_METHOD, DIGEST_VALUE)
    if [each.tag for each in transforms] != [TRANSFORM] * (1 + enveloped):
        raise AlgorithmRefused(rule="other transforms than one exclusive canonicalisation")
    check_attributes(transforms, set())
    if enveloped and (dict(transforms[0].attrib) != {"Algorithm": ENVELOPED} or len(transforms[0])):
        raise AlgorithmRefused(rule="the first transform is not enveloped-signature")
    prefixes = _FORMS.exclusive(transforms[-1])
    check_attributes(method, {"Algorithm"})
    if method.get("Algorithm") != SHA256 or len(method):
        raise AlgorithmRefused(rule="digest method")
    return SignedReference(uri[1:], prefixes, _FORMS.octets(value))


def _check_key_info(key_info: etree._Element, token: etree._Element) -> None:
    check_attributes(key_info, {"Id", WSU_ID})
    (pointer,) = children(key_info, TOKEN_REFERENCE)
    check_attributes(pointer, {WSU_ID, _WSS11_TYPE})
    (reference,) = children(pointer, WSSE_REFERENCE)
    check_attributes(reference, {"URI", "ValueType"})
    identifier = token.get(WSU_ID)
    if not identifier or reference.get("URI") != f"#{identifier}" or len(reference):
        raise SecurityMalformed(rule="KeyInfo does not point at the token of this header")
    if reference.get("ValueType", X509_TOKEN) != X509_TOKEN:
        raise SecurityMalformed(rule="KeyInfo names another kind of token")
