"""A signature inside a document, read: one form is accepted, before any hash is computed.

    ClinicalDocument
    ├── …
    └── ds:Signature                 the only one, the last child
        ├── ds:SignedInfo            exclusive canonicalisation
        │   ├── ds:Reference URI=""  the whole document: enveloped-signature (or the one XPath that means the
        │   │                        same), then exclusive canonicalisation
        │   ├── ds:Reference         to xades:SignedProperties: exclusive canonicalisation
        │   └── ds:Reference         to ds:KeyInfo: may be there
        ├── ds:SignatureValue
        ├── ds:KeyInfo               X509Data: the signer's certificate and maybe its chain; KeyValue, KeyName
        └── ds:Object                xades:QualifyingProperties and nothing else; a counter-signature may
                                     stand among its unsigned properties, and is not read

Everything by position; an id only confirms that a reference means the element that stands where it must.
What is forged comes before what is merely unsupported: no unusual algorithm hides a wrong structure.
"""

from dataclasses import dataclass

from lxml import etree

from erepo.cda.signature.errors import (
    CoverageWrong,
    PropertiesForged,
    PropertiesMissing,
    SignatureAbsent,
    SignatureMalformed,
    SignatureMisplaced,
    SignatureUnsupported,
)
from erepo.cda.signature.infos import FORMS, Part, SignedInfo, read_signed_info
from erepo.cda.signature.names import (
    COUNTER_SIGNATURE,
    EARLIER,
    OF_UNSIGNED,
    PROPERTIES_TYPE,
    QUALIFYING,
    SIGNED_PROPERTIES,
    UNSIGNED_PROPERTIES,
)
from erepo.cda.signature.properties import Properties, read_properties
from erepo.xmlsig.forms import has_text
from erepo.xmlsig.names import (
    DS,
    KEY_INFO,
    KEY_NAME,
    KEY_VALUE,
    OBJECT,
    SIGNATURE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    X509_CERTIFICATE,
    X509_DATA,
)

_MOST_CERTIFICATES = 16
_X509 = {X509_CERTIFICATE, *(f"{{{DS}}}X509{name}" for name in ("IssuerSerial", "SubjectName", "SKI", "CRL"))}
_same_id = etree.XPath("count(//@*[translate(local-name(), 'ID', 'id') = 'id'][. = $value])")
_TYPES = {SIGNED_PROPERTIES: (PROPERTIES_TYPE,), KEY_INFO: (None, "")}
_DOCUMENT_TYPES = (None, "", f"{DS}Object")


@dataclass(frozen=True)
class DocumentSignature:
    """A signature of the accepted form; nothing in it is verified yet.

    Attributes:
        element: ds:Signature.
        info: ds:SignedInfo, read.
        value: of the signature.
        document: the reference to the whole document.
        parts: the other references, with the elements they mean.
        properties: what xades:SignedProperties say.
        certificates: DER, in the order of KeyInfo.
        key_value: ds:KeyValue, if there is one.
        countersigned: whether somebody signed the signature.
    """

    element: etree._Element
    info: SignedInfo
    value: bytes
    document: Part
    parts: tuple[tuple[etree._Element, Part], ...]
    properties: Properties
    certificates: tuple[bytes, ...]
    key_value: etree._Element | None
    countersigned: bool


def read_signature(root: etree._Element) -> DocumentSignature:
    """Find the signature of a document and check its form.

    Raises:
        SignatureAbsent: there is none.
        SignatureForged: it breaks a rule that every honest signature keeps.
        SignatureUnsupported: it breaks only rules that honest ones may break.
    """
    unsupported: list[SignatureUnsupported] = []
    signature, counter = _only_signature(root)
    info_node, value, key_info, holder = _pieces(signature, unsupported)
    properties = None if holder is None else _properties(root, (signature, counter), holder, unsupported)
    info = read_signed_info(info_node, unsupported)
    document, parts = _covered(root, info, properties, key_info, unsupported)
    found = None if properties is None else read_properties(properties, document.identifier, unsupported)
    certificates, key_value = ((), None) if key_info is None else _keys(key_info)
    if not certificates:
        unsupported.append(PropertiesMissing(rule="no certificate in KeyInfo"))
    octets = FORMS.octets(value)
    if unsupported:
        raise unsupported[0]
    assert found is not None
    return DocumentSignature(
        signature, info, octets, document, parts, found, certificates, key_value, bool(counter)
    )


def _only_signature(root: etree._Element) -> tuple[etree._Element, frozenset[etree._Element]]:
    """Return the signature and its counter-signatures, which stand in one exact place below it."""
    found = list(root.iter(SIGNATURE))
    if not found:
        raise SignatureAbsent
    last = next(root.iterchildren("*", reversed=True))
    if last.tag != SIGNATURE:
        raise SignatureMisplaced(rule="a signature that is not the last child of the root")
    counter = frozenset(_counter_signatures(last))
    if any(each is not last and each not in counter for each in found):
        raise SignatureMisplaced(rule="more than one signature")
    return last, counter


def _counter_signatures(signature: etree._Element) -> list[etree._Element]:
    path = (OBJECT, QUALIFYING, UNSIGNED_PROPERTIES, OF_UNSIGNED, COUNTER_SIGNATURE, SIGNATURE)
    return signature.findall("/".join(path))


def _count(root: etree._Element, tag: str, counter: frozenset[etree._Element]) -> int:
    """Count elements outside of counter-signatures."""
    return sum(1 for node in root.iter(tag) if counter.isdisjoint(node.iterancestors(SIGNATURE)))


def _pieces(
    signature: etree._Element, unsupported: list[SignatureUnsupported]
) -> tuple[etree._Element, etree._Element, etree._Element | None, etree._Element | None]:
    """Return SignedInfo, SignatureValue, KeyInfo and QualifyingProperties."""
    FORMS.check_attributes(signature, {"Id"})
    nodes = list(signature)
    has_key = len(nodes) > 2 and nodes[2].tag == KEY_INFO
    objects = nodes[2 + has_key :]
    tags = [node.tag for node in nodes]
    wanted = [SIGNED_INFO, SIGNATURE_VALUE, *[KEY_INFO] * has_key, *[OBJECT] * len(objects)]
    if tags != wanted or has_text(signature):
        raise SignatureMalformed(rule="Signature has another form")
    FORMS.check_attributes(nodes[1], {"Id"})
    key_info = nodes[2] if has_key else None
    if not objects:
        unsupported.append(PropertiesMissing(rule="no XAdES properties"))
        return nodes[0], nodes[1], key_info, None
    if len(objects) > 1:
        raise SignatureMalformed(rule="more than one Object")
    FORMS.check_attributes(objects[0], {"Id"})
    if len(objects[0]) == 1 and objects[0][0].tag in {f"{{{each}}}QualifyingProperties" for each in EARLIER}:
        raise SignatureUnsupported(rule="an earlier version of XAdES")
    (holder,) = FORMS.children(objects[0], QUALIFYING)
    return nodes[0], nodes[1], key_info, holder


def _properties(
    root: etree._Element,
    signatures: tuple[etree._Element, frozenset[etree._Element]],
    holder: etree._Element,
    unsupported: list[SignatureUnsupported],
) -> etree._Element:
    """Return SignedProperties, the only ones in the document, of this very signature."""
    signature, counter = signatures
    if max(_count(root, tag, counter) for tag in (SIGNED_PROPERTIES, QUALIFYING)) > 1:
        raise PropertiesForged(rule="properties twice")
    identifier = signature.get("Id", "")
    if not identifier or holder.get("Target") != f"#{identifier}" or _same_id(root, value=identifier) != 1:
        raise PropertiesForged(rule="properties of another signature")
    FORMS.check_attributes(holder, {"Target", "Id"})
    tags = [node.tag for node in holder]
    if tags not in ([SIGNED_PROPERTIES], [SIGNED_PROPERTIES, UNSIGNED_PROPERTIES]) or has_text(holder):
        raise PropertiesForged(rule="QualifyingProperties has another form")
    FORMS.check_attributes(holder[0], {"Id"})
    if not holder[0].get("Id"):
        unsupported.append(PropertiesMissing(rule="properties that nothing can refer to"))
    return holder[0]


def _covered(
    root: etree._Element,
    info: SignedInfo,
    properties: etree._Element | None,
    key_info: etree._Element | None,
    unsupported: list[SignatureUnsupported],
) -> tuple[Part, tuple[tuple[etree._Element, Part], ...]]:
    """Return the reference to the document and those to its properties and KeyInfo, with what they mean."""
    by_id = {
        f"#{each.get('Id')}": each for each in (properties, key_info) if each is not None and each.get("Id")
    }
    document: Part | None = None
    parts: dict[str, tuple[etree._Element, Part]] = {}
    for part in info.references:
        if part.uri == "":
            if document is not None or part.kind not in _DOCUMENT_TYPES:
                raise CoverageWrong(rule="a second reference to the document, or one of another type")
            document = part
            continue
        element = by_id.get(part.uri)
        if element is None or part.uri in parts:
            raise CoverageWrong(rule="a reference to something that is no known part, or twice")
        if element is properties and part.kind is None:
            unsupported.append(PropertiesMissing(rule="a reference to properties that does not say so"))
        elif part.kind not in _TYPES[str(element.tag)]:
            raise CoverageWrong(rule="a reference of another type than its target")
        if part.enveloped or _same_id(root, value=part.uri[1:]) != 1:
            raise CoverageWrong(rule="an id twice in the document, or a transform of another reference")
        parts[part.uri] = element, part
    if document is None or not document.enveloped:
        raise CoverageWrong(rule="no reference to the whole document")
    if properties is not None and properties not in [element for element, _ in parts.values()]:
        raise CoverageWrong(rule="no reference to the properties")
    return document, tuple(parts.values())


def _keys(key_info: etree._Element) -> tuple[tuple[bytes, ...], etree._Element | None]:
    """Return the certificates of a KeyInfo and its KeyValue."""
    FORMS.check_attributes(key_info, {"Id"})
    values = key_info.findall(KEY_VALUE)
    if (
        {node.tag for node in key_info} - {X509_DATA, KEY_VALUE, KEY_NAME}
        or len(values) > 1
        or has_text(key_info)
    ):
        raise SignatureMalformed(rule="KeyInfo has another form")
    pieces = [piece for data in key_info.iterchildren(X509_DATA) for piece in data]
    if {piece.tag for piece in pieces} - _X509:
        raise SignatureMalformed(rule="X509Data has another form")
    found = [piece for piece in pieces if piece.tag == X509_CERTIFICATE]
    if len(found) > _MOST_CERTIFICATES:
        raise SignatureMalformed(rule=f"more than {_MOST_CERTIFICATES} certificates")
    return tuple(FORMS.octets(piece) for piece in found), values[0] if values else None
