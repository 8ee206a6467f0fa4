"""The signed properties of a XAdES signature: when, and by which certificate."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from erepo.cda.signature.errors import PropertiesForged, PropertiesMissing, SignatureUnsupported
from erepo.cda.signature.infos import FORMS, read_digest
from erepo.cda.signature.names import (
    CERT,
    CERT_DIGEST,
    DATA_OBJECT_FORMAT,
    OBJECT_REFERENCE,
    OF_OBJECTS,
    OF_SIGNATURE,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
)
from erepo.xmlsig.forms import has_text
from erepo.xmlsig.names import DIGEST_METHOD, DIGEST_VALUE


@dataclass(frozen=True, slots=True)
class Properties:
    """What the signer says about signature and document.

    Attributes:
        signed_at: SigningTime, with its time zone.
        certificates: (digest method, digest) of the signer's certificate; two where both forms are there.
    """

    signed_at: datetime
    certificates: tuple[tuple[str, bytes], ...]


def read_properties(
    element: etree._Element, reference: str | None, unsupported: list[SignatureUnsupported]
) -> Properties | None:
    """Read xades:SignedProperties.

    Args:
        element: as found.
        reference: Id of the reference to the document, which alone the properties may describe.
        unsupported: what honest signers do, but is not verified here, is noted there.

    Returns:
        What they say; None where something is missing.

    Raises:
        PropertiesForged: something twice, or about another reference.
    """
    tags = [node.tag for node in element]
    if tags not in ([OF_SIGNATURE], [OF_SIGNATURE, OF_OBJECTS]) or has_text(element):
        raise PropertiesForged(rule="SignedProperties has another form")
    if max(Counter(node.tag for node in element[0]).values(), default=0) > 1:
        raise PropertiesForged(rule="a property twice")
    if len(element) == 2:
        _check_objects(element[1], reference)
    named = [element[0].find(tag) for tag in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2)]
    certificates = tuple(_first_digest(each, unsupported) for each in named if each is not None)
    if not certificates:
        unsupported.append(PropertiesMissing(rule="no SigningCertificate"))
    signed_at = _time(element[0].find(SIGNING_TIME), unsupported)
    return Properties(signed_at, certificates) if signed_at and certificates else None


def _check_objects(element: etree._Element, reference: str | None) -> None:
    formats = element.findall(DATA_OBJECT_FORMAT)
    if len(formats) > 1:
        raise PropertiesForged(rule="DataObjectFormat twice")
    named = [each.get("ObjectReference", "") for each in formats]
    named += [FORMS.only_text(each).strip() for each in element.iter(OBJECT_REFERENCE)]
    if any(not reference or each != f"#{reference}" for each in named):
        raise PropertiesForged(rule="properties of another reference than the document's")


def _first_digest(element: etree._Element, unsupported: list[SignatureUnsupported]) -> tuple[str, bytes]:
    """Return the digest of the first certificate: the signer's; others may follow, of its issuers."""
    if not len(element) or any(node.tag != CERT for node in element):
        raise PropertiesForged(rule="SigningCertificate has another form")
    digests = element[0].findall(CERT_DIGEST)
    if len(digests) != 1 or digests[0] is not element[0][0]:
        raise PropertiesForged(rule="SigningCertificate has another form")
    method, value = FORMS.children(digests[0], DIGEST_METHOD, DIGEST_VALUE)
    return read_digest(method, value, unsupported)


def _time(element: etree._Element | None, unsupported: list[SignatureUnsupported]) -> datetime | None:
    if element is None:
        unsupported.append(PropertiesMissing(rule="no SigningTime"))
        return None
    try:
        found = datetime.fromisoformat(FORMS.only_text(element).strip())
    except ValueError:
        unsupported.append(PropertiesMissing(rule="SigningTime is no time"))
        return None
    if found.tzinfo is None:
        unsupported.append(PropertiesMissing(rule="SigningTime without a time zone"))
    return found
