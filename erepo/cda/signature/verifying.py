"""The signature inside a document, verified: XAdES-BES, enveloped, as P1 uses it (polish practice, PIK).

What is proven: these very bytes, but for comments and the signature itself, were signed with the key of this
certificate, and the signer says when. The digest is over the whole document **with the processing
instructions of its prolog** (`xml-stylesheet`), as XML Signature demands and P1's own verifier (DSS) does.

What is not: that the certificate is anybody's. No list of trusted Polish authorities is kept here, no chain
is built, nothing is looked up; whether it was valid or revoked at the time of signing is not asked, and
neither is whether the signer is the author that the header names. Time stamps and other unsigned properties
are not read.

The tree is made once from the bytes as received, and nothing is ever written out of it again.
Order: bounds in the bytes, DOCTYPE, parse, structure (`reading`), signer, SignedInfo, properties, document.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from lxml import etree

from erepo.cda.elements import V3
from erepo.cda.errors import DoctypeForbidden, NotCda, NotXml
from erepo.cda.parsing import plain, root_start
from erepo.cda.signature.errors import (
    AlgorithmUnsupported,
    SignatureForged,
    SignatureWrong,
    SignedDocumentHostile,
    SignerMismatched,
)
from erepo.cda.signature.infos import REFUSALS, Part
from erepo.cda.signature.reading import DocumentSignature, read_signature
from erepo.content import Buffer
from erepo.settings import XmlLimits
from erepo.xmlsig.canonical import canonical_octets, feed_document
from erepo.xmlsig.keys import PublicKey, check_signature, hasher, load_certificate, names_key
from erepo.xmlsig.markup import check_markup
from erepo.xmlsig.names import SHA1
from erepo.xmlsig.trees import check_namespaces, dictionary

#: Bounds of a document that is canonicalised: wider than a message's, tables of results have much markup.
LIMITS: Final = XmlLimits(tags=2_000_000, attributes=1_000_000, bytes_per_tag=4, depth=250)
#: libxml2 refuses texts above 10 MB unless told otherwise.
_TEXT_LIMIT: Final = 9 * 1024**2
_deep: Final = etree.XPath(f"boolean({'/*' * (LIMITS.depth + 1)})")


class Finding(StrEnum):
    """What is weak or unread about a signature that was proven."""

    SHA1 = "signature.sha1"
    COUNTERSIGNED = "signature.countersigned"


@dataclass(frozen=True)
class Proven:
    """A document and what its signature proves.

    Attributes:
        root: the document as it was digested: without the signature and comments. To be read, never written.
        certificate: of the signer; not known to be anybody's.
        signed_at: when, as the signer says.
        findings: what is weak, or was not read.
    """

    root: etree._Element = field(repr=False)
    certificate: x509.Certificate
    signed_at: datetime
    findings: tuple[Finding, ...] = ()


def verify_document(octets: Buffer) -> Proven:
    """Verify the signature inside a CDA document.

    Raises:
        NotXml, DoctypeForbidden, NotCda: it is no document that could carry one.
        SignatureUnproven: one of its kinds.
    """
    root = _parse(octets)
    signature = read_signature(root)
    certificate, key = _signer(signature)
    info, properties = signature.info, signature.properties
    canonical = canonical_octets(info.element, info.prefixes, SignatureForged)
    check_signature(key, info.algorithm, signature.value, canonical, REFUSALS)
    for element, part in signature.parts:
        digest = hasher(part.method)
        digest.update(canonical_octets(element, part.prefixes, SignatureForged))
        _compare(digest.digest(), part, "a signed property was changed")
    _check_document(root, signature)
    methods = {part.method for part in info.references} | {method for method, _ in properties.certificates}
    weak = {Finding.SHA1: SHA1 in methods, Finding.COUNTERSIGNED: signature.countersigned}
    findings = tuple(finding for finding, there in weak.items() if there)
    return Proven(root, certificate, properties.signed_at, findings)


def _parse(octets: Buffer) -> etree._Element:
    """Return the root; processing instructions stay, they are signed; comments go, they never are."""
    root_start(octets)
    held = octets if isinstance(octets, bytes | bytearray) else bytes(octets)
    searched = plain(held)
    assert not isinstance(searched, memoryview)
    many_namespaces = check_markup(searched, LIMITS, SignedDocumentHostile)
    dictionary.count(len(octets))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        collect_ids=False,
        remove_comments=True,
        huge_tree=len(octets) > _TEXT_LIMIT,
    )
    try:
        root = etree.fromstring(held, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise NotXml(line=line, column=column) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise DoctypeForbidden
    if root.tag != f"{V3}ClinicalDocument":
        raise NotCda
    if _deep(root):
        raise SignedDocumentHostile(rule=f"deeper than {LIMITS.depth} elements")
    if many_namespaces:
        check_namespaces(root, LIMITS, SignedDocumentHostile)
    return root


def _signer(signature: DocumentSignature) -> tuple[x509.Certificate, PublicKey]:
    """Return the certificate of KeyInfo that every form of SigningCertificate names, and its key."""
    fitting = [
        der
        for der in signature.certificates
        if all(_is_digest(der, method, value) for method, value in signature.properties.certificates)
    ]
    if not fitting:
        raise SignerMismatched(rule="SigningCertificate names another certificate")
    certificate, key = load_certificate(fitting[0], REFUSALS._replace(algorithm=AlgorithmUnsupported))
    if signature.key_value is not None and not names_key(signature.key_value, key, REFUSALS):
        raise SignerMismatched(rule="KeyValue is another key than the certificate's")
    return certificate, key


def _is_digest(der: bytes, method: str, value: bytes) -> bool:
    digest = hasher(method)
    digest.update(der)
    return hmac.compare_digest(digest.digest(), value)


def _check_document(root: etree._Element, signature: DocumentSignature) -> None:
    """Digest the document without its signature, which is cut out of the tree; what follows it stays."""
    part, element = signature.document, signature.element
    before, tail = element.getprevious(), element.tail
    element.tail = None
    root.remove(element)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        root.text = (root.text or "") + tail
    digest = hasher(part.method)
    feed_document(root, part.prefixes, digest.update, SignatureForged)
    _compare(digest.digest(), part, "the document was changed")


def _compare(found: bytes, part: Part, rule: str) -> None:
    if not hmac.compare_digest(found, part.digest):
        raise SignatureWrong(rule=rule)
