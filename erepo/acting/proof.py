"""The signature of an assertion: by a registered key of the account, over exactly this element.

Everything by position: the signature is a child of the assertion, its one reference names the ID of that
very assertion, and the ID stands nowhere else in the envelope. What KeyInfo says only narrows the account's
registered certificates; it never brings in a key.
"""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from erepo.acting.errors import AssertionRefused
from erepo.errors import ErepoError
from erepo.soap.canonical import canonical_octets
from erepo.soap.names import (
    ASSERTION,
    KEY_INFO,
    SIGNATURE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TOKEN,
    TOKEN_REFERENCE,
    WSSE_REFERENCE,
    WSU_ID,
)
from erepo.soap.signature import REFUSALS, check_attributes, children, only_text, read_signed_info
from erepo.soap.verifying import check_signature, load_certificate
from erepo.xmlsig import keys
from erepo.xmlsig.forms import decode_base64
from erepo.xmlsig.names import KEY_NAME, KEY_VALUE, X509_CERTIFICATE, X509_DATA

#: Most keys that are tried where KeyInfo does not say which.
_MOST = 8
_same_value = etree.XPath("count(//@*[. = $value])")


def prove_signature(
    assertion: etree._Element, registered: Sequence[x509.Certificate], token: x509.Certificate | None
) -> x509.Certificate:
    """Return the registered certificate whose key signed the assertion.

    Args:
        assertion: where it stands in the envelope.
        registered: WSS certificates of the account.
        token: the certificate that signed the message, to which a SecurityTokenReference may point.

    Raises:
        MessageRefused: any rule is broken.
    """
    signature = _signature_of(assertion)
    info, value, *keys = _parts(signature)
    prefixes, algorithm, references = read_signed_info(info, enveloped=True)
    if len(references) != 1 or references[0].identifier != identifier_of(assertion):
        raise AssertionRefused(rule="the signature does not refer to this assertion alone")
    digest = hashlib.sha256(_without(assertion, signature, references[0].prefixes)).digest()
    if not hmac.compare_digest(digest, references[0].digest):
        raise AssertionRefused(rule="its digest is wrong")
    candidates = [each for each in registered if _usable(each)]
    for key in keys:
        candidates = [each for each in candidates if _fits(each, key, assertion, token)]
    octets, canonical = decode_base64(only_text(value), AssertionRefused), canonical_octets(info, prefixes)
    for candidate in candidates[:_MOST]:
        key_of = load_certificate(candidate.public_bytes(Encoding.DER))[1]
        try:
            check_signature(key_of, algorithm, octets, canonical)
        except ErepoError:
            continue
        return candidate
    raise AssertionRefused(rule="not signed by a registered WSS key of the account")


def _usable(certificate: x509.Certificate) -> bool:
    try:
        load_certificate(certificate.public_bytes(Encoding.DER))
    except ErepoError:
        return False
    return True


def _signature_of(assertion: etree._Element) -> etree._Element:
    found = list(assertion.iter(SIGNATURE))
    if not found:
        raise AssertionRefused(rule="not signed")
    if len(found) != 1 or found[0].getparent() is not assertion:
        raise AssertionRefused(rule="a signature elsewhere than in its one place")
    return found[0]


def _parts(signature: etree._Element) -> list[etree._Element]:
    check_attributes(signature, {"Id"})
    tags = [SIGNED_INFO, SIGNATURE_VALUE] + [KEY_INFO] * (len(signature) == 3)
    return children(signature, *tags)


def identifier_of(assertion: etree._Element) -> str:
    """Return the assertion's ID, which nothing else in the envelope has, be it called ID, Id or otherwise.

    Raises:
        AssertionRefused: it has none, something else has it, or there is another assertion.
    """
    identifier = assertion.get("ID", "")
    if not identifier or len(identifier) > 256:
        raise AssertionRefused(rule="no ID")
    root = assertion.getroottree().getroot()
    if sum(1 for _ in root.iter(ASSERTION)) != 1:
        raise AssertionRefused(rule="more than one assertion in the message")
    if _same_value(root, value=identifier) != 1:
        raise AssertionRefused(rule="its ID stands twice in the message")
    return identifier


def _without(assertion: etree._Element, signature: etree._Element, prefixes: tuple[str, ...]) -> bytes:
    """Return the canonical octets of an assertion without its signature.

    The signature is cut out of the octets: the tree stays as it is, and in exclusive canonical form nothing
    depends on a sibling. A "<" in canonical octets always starts a tag.
    """
    octets = canonical_octets(assertion, prefixes)
    local = etree.QName(signature).localname
    name = f"{signature.prefix}:{local}".encode() if signature.prefix else local.encode()
    # Whether a declaration follows the name depends on the PrefixList.
    starts = [octets.find(b"<" + name + after) for after in (b" ", b">")]
    _, closing, rest = octets.partition(b"</" + name + b">")
    if not closing or min(starts) != -1 or closing in rest or octets.count(b"<" + name + b" ") > 1:
        raise AssertionRefused(rule="two elements are called like the signature")
    return octets[: max(starts)] + rest


def _fits(
    certificate: x509.Certificate,
    key_info: etree._Element,
    assertion: etree._Element,
    token: x509.Certificate | None,
) -> bool:
    """Tell whether a KeyInfo speaks of this certificate, or says nothing about it."""
    if not len(key_info):
        raise AssertionRefused(rule="KeyInfo is empty")
    return all(_speaks_of(certificate, child, assertion, token) for child in key_info)


def _speaks_of(
    certificate: x509.Certificate,
    child: etree._Element,
    assertion: etree._Element,
    token: x509.Certificate | None,
) -> bool:
    if child.tag == X509_DATA:
        return names_certificate(child, certificate)
    if child.tag == KEY_VALUE:
        return names_key(child, certificate)
    if child.tag == TOKEN_REFERENCE:
        return _points_at(child, certificate, assertion, token)
    if child.tag == KEY_NAME:
        return True
    raise AssertionRefused(rule="KeyInfo of another form")


def names_certificate(data: etree._Element, certificate: x509.Certificate) -> bool:
    """Tell whether the first certificate of an X509Data, if it has any, is this one."""
    first = data.find(X509_CERTIFICATE)
    if first is None:
        return True
    der = decode_base64(only_text(first), AssertionRefused)
    return hmac.compare_digest(der, certificate.public_bytes(Encoding.DER))


def names_key(value: etree._Element, certificate: x509.Certificate) -> bool:
    """Tell whether a KeyValue is the key of this certificate."""
    key = load_certificate(certificate.public_bytes(Encoding.DER))[1]
    return keys.names_key(value, key, REFUSALS._replace(form=AssertionRefused))


def _points_at(
    pointer: etree._Element,
    certificate: x509.Certificate,
    assertion: etree._Element,
    token: x509.Certificate | None,
) -> bool:
    """Judge a SecurityTokenReference: a direct one must point at the token that signed the message."""
    direct = pointer.find(WSSE_REFERENCE)
    if direct is None:
        return all(names_certificate(each, certificate) for each in pointer.findall(X509_DATA))
    held = token_of(assertion)
    if held is None or token is None or direct.get("URI") != f"#{held}":
        raise AssertionRefused(rule="KeyInfo points at no token of this header")
    return token == certificate


def token_of(assertion: etree._Element) -> str | None:
    """Return the wsu:Id of the token beside an assertion; None where there is no token."""
    security = assertion.getparent()
    held = None if security is None else security.find(TOKEN)
    return None if held is None else held.get(WSU_ID, "")
