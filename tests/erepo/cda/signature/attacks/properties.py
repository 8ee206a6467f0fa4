"""M40, properties: twice, of another signature, about another reference."""

import copy

from lxml import etree

from erepo.cda.signature.errors import CoverageWrong, PropertiesForged, SignatureMalformed
from tests.support.document_attacks import bend, ds, forge, one, place_in, signature_of, xades
from tests.support.signed_documents import Tree


def _later(root: Tree) -> Tree:
    """Return other properties: the same but for the time."""
    twin = copy.deepcopy(one(root, xades("SignedProperties")))
    one(twin, xades("SigningTime")).text = "2036-01-02T10:20:30Z"
    return twin


@bend("M40-twice: before", "other SignedProperties of the same id before the signed ones", PropertiesForged)
def _(root: Tree) -> None:
    one(root, xades("SignedProperties")).addprevious(_later(root))


@bend("M40-twice: behind", "other SignedProperties of another id behind the signed ones", PropertiesForged)
def _(root: Tree) -> None:
    twin = _later(root)
    twin.set("Id", "xades-2")
    one(root, xades("SignedProperties")).addnext(twin)


@bend("M40-twice: unsigned", "other SignedProperties among the unsigned properties", PropertiesForged)
def _(root: Tree) -> None:
    twin = _later(root)
    twin.set("Id", "xades-2")
    etree.SubElement(one(root, xades("QualifyingProperties")), xades("UnsignedProperties")).append(twin)


@bend("M40-twice: moved", "the signed ones in the body, others in their place", PropertiesForged)
def _(root: Tree) -> None:
    signed, twin = one(root, xades("SignedProperties")), _later(root)
    signed.addprevious(twin)
    place_in(root, signed)
    root.append(signature_of(root))


@bend("M40-twice: other id in place", "the same, others of another id here", PropertiesForged)
def _(root: Tree) -> None:
    signed, twin = one(root, xades("SignedProperties")), _later(root)
    twin.set("Id", "xades-2")
    signed.addprevious(twin)
    place_in(root, signed)
    root.append(signature_of(root))


@bend("M40-twice: QualifyingProperties", "QualifyingProperties twice in the Object", SignatureMalformed)
def _(root: Tree) -> None:
    found = one(root, xades("QualifyingProperties"))
    found.addnext(copy.deepcopy(found))


@bend("M40-twice: a second Object", "QualifyingProperties in a second Object", SignatureMalformed)
def _(root: Tree) -> None:
    found = one(root, ds("Object"))
    found.addnext(copy.deepcopy(found))


@bend("M40-twice: elsewhere", "QualifyingProperties in the body, too", PropertiesForged)
def _(root: Tree) -> None:
    place_in(root, copy.deepcopy(one(root, xades("QualifyingProperties"))))
    root.append(signature_of(root))


@bend("M40-twice: other", "an element of another name among the properties", PropertiesForged)
def _(root: Tree) -> None:
    etree.SubElement(one(root, xades("QualifyingProperties")), "{urn:foreign}SignedProperties")


for _name in ("SigningTime", "SigningCertificateV2"):

    @forge(f"M40-twice: {_name}", f"{_name} twice, validly signed", PropertiesForged)
    def _(tree: Tree, name: str = _name) -> None:
        found = one(tree, xades(name))
        found.addnext(copy.deepcopy(found))


for _name, _target in {"another": "#id-2", "nothing": "", "the body": "#body", "no fragment": "id-1"}.items():

    @forge(f"M40-target: {_name}", f"the properties are of {_name}", PropertiesForged)
    def _(tree: Tree, target: str = _target) -> None:
        one(tree, xades("QualifyingProperties")).set("Target", target)


@forge("M40-target: no Id", "the signature has no Id that the properties could name", PropertiesForged)
def _(tree: Tree) -> None:
    del tree.attrib["Id"]


for _name, _reference in {
    "another reference": "#r-2",
    "the properties": "#xades-1",
    "the signature": "#id-1",
    "nothing": "",
    "no fragment": "r-1",
}.items():

    @forge(f"M40-object: {_name}", f"DataObjectFormat for {_name}", PropertiesForged)
    def _(tree: Tree, reference: str = _reference) -> None:
        one(tree, xades("DataObjectFormat")).set("ObjectReference", reference)

    @forge(f"M40-object: {_name}, commitment", f"CommitmentTypeIndication for {_name}", PropertiesForged)
    def _(tree: Tree, reference: str = _reference) -> None:
        place = etree.SubElement(
            one(tree, xades("SignedDataObjectProperties")), xades("CommitmentTypeIndication")
        )
        etree.SubElement(place, xades("ObjectReference")).text = reference


@forge("M40-object: reference without id", "DataObjectFormat for a reference without Id", PropertiesForged)
def _(tree: Tree) -> None:
    del one(tree, ds("Reference")).attrib["Id"]


@forge("M40-object: twice", "two formats for the document", PropertiesForged)
def _(tree: Tree) -> None:
    found = one(tree, xades("DataObjectFormat"))
    found.addnext(copy.deepcopy(found))


@bend("M40-object: no Id", "the properties have no Id", CoverageWrong)
def _(root: Tree) -> None:
    del one(root, xades("SignedProperties")).attrib["Id"]


for _name in ("CertDigest", "Cert"):

    @forge(f"M40-cert: no {_name}", f"SigningCertificateV2 without {_name}", PropertiesForged)
    def _(tree: Tree, name: str = _name) -> None:
        found = one(tree, xades(name))
        above = found.getparent()
        assert above is not None
        above.remove(found)


@forge("M40-cert: two digests", "two digests of one certificate", PropertiesForged)
def _(tree: Tree) -> None:
    found = one(tree, xades("CertDigest"))
    found.addnext(copy.deepcopy(found))
