"""M40, wrapping: what was signed is still somewhere, and something else stands where a reader looks."""

import copy

from lxml import etree

from erepo.cda.signature.errors import (
    CoverageWrong,
    PropertiesForged,
    SignatureMalformed,
    SignatureMisplaced,
    SignatureWrong,
)
from tests.support.document_attacks import (
    V3,
    bend,
    ds,
    evil,
    one,
    place_in,
    references,
    signature_of,
    xades,
)
from tests.support.signed_documents import Tree


@bend("M40-wrap: around", "a CDA wrapped around the signed CDA", SignatureMisplaced)
def _(root: Tree) -> Tree:
    outer = evil(root)
    place_in(outer, root)
    return outer


@bend("M40-wrap: around, outside", "the same, the signature moved to the outer root", SignatureWrong)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    place_in(outer, root)
    outer.append(signature)
    return outer


@bend("M40-wrap: around, both", "the same, with the signature inside and outside", SignatureMisplaced)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), copy.deepcopy(signature_of(root))
    place_in(outer, root)
    outer.append(signature)
    return outer


@bend("M40-wrap: by id", "the same, the reference now to the id of the inner CDA", CoverageWrong)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    place_in(outer, root)
    root.set("ID", "inner")
    outer.append(signature)
    references(signature)[0].set("URI", "#inner")
    return outer


@bend("M40-wrap: header", "a second, evil header before the signed one", SignatureWrong)
def _(root: Tree) -> None:
    root[:0] = list(evil(root))


@bend("M40-wrap: in the Object", "XSW8: what was signed in the Object of the signature", SignatureMalformed)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    outer.append(signature)
    one(signature, ds("Object")).append(root)
    return outer


@bend("M40-wrap: in a second Object", "the same in an Object of its own", SignatureMalformed)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    outer.append(signature)
    etree.SubElement(signature, ds("Object")).append(root)
    return outer


@bend("M40-wrap: in the signature", "XSW1: what was signed as a child of the signature", SignatureMalformed)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    outer.append(signature)
    signature.append(root)
    return outer


@bend("M40-wrap: in KeyInfo", "what was signed in KeyInfo", SignatureMalformed)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    outer.append(signature)
    one(signature, ds("KeyInfo")).append(root)
    return outer


@bend("M40-wrap: unsigned", "what was signed among the unsigned properties", SignatureWrong)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    outer.append(signature)
    unsigned = etree.SubElement(one(signature, xades("QualifyingProperties")), xades("UnsignedProperties"))
    unsigned.append(root)
    return outer


@bend("M40-wrap: as counter-signature", "the signed CDA where a counter-signature may be", SignatureMisplaced)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), copy.deepcopy(signature_of(root))
    outer.append(signature)
    place = one(signature, xades("QualifyingProperties"))
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "CounterSignature"):
        place = etree.SubElement(place, xades(name))
    place.append(root)
    return outer


@bend("M40-wrap: counter-signature", "an evil CDA, excused by a counter-signature", SignatureWrong)
def _(root: Tree) -> Tree:
    outer, signature = evil(root), signature_of(root)
    place = one(signature, xades("QualifyingProperties"))
    twin = copy.deepcopy(signature)
    for name in ("UnsignedProperties", "UnsignedSignatureProperties", "CounterSignature"):
        place = etree.SubElement(place, xades(name))
    twin.set("Id", "id-2")
    one(twin, xades("QualifyingProperties")).set("Target", "#id-2")
    one(twin, xades("SignedProperties")).set("Id", "xades-2")
    place.append(twin)
    outer.append(signature)
    return outer


@bend("M40-wrap: two signatures", "a second signature beside the first", SignatureMisplaced)
def _(root: Tree) -> None:
    root.append(copy.deepcopy(signature_of(root)))


@bend("M40-wrap: empty signature", "an empty signature before the good one", SignatureMisplaced)
def _(root: Tree) -> None:
    signature_of(root).addprevious(etree.Element(ds("Signature")))


@bend("M40-wrap: first child", "the signature as the first child of the root", SignatureMisplaced)
def _(root: Tree) -> None:
    root.insert(0, signature_of(root))


@bend("M40-wrap: before the last", "an element after the signature", SignatureMisplaced)
def _(root: Tree) -> None:
    etree.SubElement(root, f"{{{V3}}}component")


@bend("M40-wrap: deeper", "the signature inside the body", SignatureMisplaced)
def _(root: Tree) -> None:
    place_in(root, signature_of(root))


@bend("M40-wrap: in a stranger", "the signature inside an element of another namespace", SignatureMisplaced)
def _(root: Tree) -> None:
    etree.SubElement(root, "{urn:foreign}Wrapper").append(signature_of(root))


@bend("M40-wrap: of another", "the signature of another document", SignatureWrong)
def _(root: Tree) -> Tree:
    outer = evil(root)
    outer.append(signature_of(root))
    return outer


@bend("M40-wrap: SignedInfo twice", "XSW9: two SignedInfo in one signature", SignatureMalformed)
def _(root: Tree) -> None:
    info = one(root, ds("SignedInfo"))
    info.addnext(copy.deepcopy(info))


@bend("M40-wrap: same id", "an element of the body with the id of the signature", PropertiesForged)
def _(root: Tree) -> None:
    one(root, f"{{{V3}}}title").set("ID", "id-1")


for _name in (
    "SignatureValue",
    "KeyInfo",
    "CanonicalizationMethod",
    "SignatureMethod",
    "DigestValue",
    "Transforms",
):

    @bend(f"M40-form: {_name} twice", f"{_name} twice", SignatureMalformed)
    def _(root: Tree, name: str = _name) -> None:
        found = one(root, ds(name))
        found.addnext(copy.deepcopy(found))

    @bend(f"M40-form: no {_name}", f"{_name} left out", SignatureMalformed, CoverageWrong)
    def _(root: Tree, name: str = _name) -> None:
        if name == "KeyInfo":
            one(root, ds("X509Data")).tag = ds("Foreign")
            return
        found = one(root, ds(name))
        above = found.getparent()
        assert above is not None
        above.remove(found)


for _name in ("Signature", "SignedInfo", "Reference", "Transform", "DigestMethod", "Object"):

    @bend(f"M40-form: attribute of {_name}", f"an unknown attribute on {_name}", SignatureMalformed)
    def _(root: Tree, name: str = _name) -> None:
        one(root, ds(name)).set("evil", "1")

    @bend(
        f"M40-form: text in {_name}",
        f"text inside {_name}",
        SignatureMalformed,
        CoverageWrong,
    )
    def _(root: Tree, name: str = _name) -> None:
        one(root, ds(name)).text = "EVIL"
