"""M30 to M33: canonicalisation, transforms and references that must not count."""

import copy

from lxml import etree

from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    SecurityMalformed,
)
from erepo.soap.names import (
    C14N_METHOD,
    DS,
    EXC_C14N,
    SIGNATURE,
    SIGNED_INFO,
    TRANSFORM,
    TRANSFORMS,
)
from tests.support.attack_kit import (
    ENVELOPED,
    FILTER2,
    INCLUSIVE,
    STR_TRANSFORM,
    XPATH,
    XSLT,
    Tree,
    bend,
    forge,
    one,
    reference_to,
    set_algorithm,
)

for _code, _method in [
    ("M30", INCLUSIVE),
    ("M30b", EXC_C14N + "WithComments"),
    ("M30c", "http://www.w3.org/2006/12/xml-c14n11"),
    ("M30d", ""),
]:

    @forge(_code, f"SignedInfo canonicalised by {_method!r}", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        set_algorithm(tree, C14N_METHOD, method)


for _number, _method in enumerate(
    [XSLT, XPATH, FILTER2, ENVELOPED, INCLUSIVE, STR_TRANSFORM, f"{DS}base64", f"{EXC_C14N}WithComments"]
):

    @forge(f"M31-{_number}", f"the transform {_method}", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        one(reference_to(tree, "body"), TRANSFORM).set("Algorithm", method)

    @forge(f"M31b-{_number}", f"the transform {_method} before the accepted one", AlgorithmRefused)
    def _(tree: Tree, method: str = _method) -> None:
        one(reference_to(tree, "body"), TRANSFORMS).insert(0, etree.Element(TRANSFORM, Algorithm=method))


@bend(
    "M31c",
    "an XSLT program inside CanonicalizationMethod (runs before the signature is judged)",
    SecurityMalformed,
)
def _(tree: Tree) -> None:
    sheet = "<s:stylesheet xmlns:s='http://www.w3.org/1999/XSL/Transform' version='1.0'/>"
    one(tree, C14N_METHOD).append(etree.fromstring(sheet))


@forge("M31d", "no transforms", SecurityMalformed)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    node.remove(one(node, TRANSFORMS))


@forge("M31e", "a PrefixList that is no list of prefixes", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    etree.SubElement(place, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList="soap '; drop")


@forge("M31f", "a PrefixList of hundreds", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    names = " ".join(f"p{number}" for number in range(500))
    etree.SubElement(place, f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=names)


@forge("M32", "two hundred references", CoverageRefused)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    for _number in range(200):
        node.addnext(copy.deepcopy(node))


@forge("M32b", "two hundred transforms", AlgorithmRefused)
def _(tree: Tree) -> None:
    node = one(reference_to(tree, "body"), TRANSFORM)
    for _number in range(200):
        node.addnext(copy.deepcopy(node))


@forge("M32c", "one part referenced twice", CoverageRefused)
def _(tree: Tree) -> None:
    node = reference_to(tree, "body")
    node.addnext(copy.deepcopy(node))


@forge("M32d", "a Manifest", SecurityMalformed)
def _(tree: Tree) -> None:
    holder = etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object")
    etree.SubElement(holder, f"{{{DS}}}Manifest")


@forge("M32e", "a reference of a Type", SecurityMalformed)
def _(tree: Tree) -> None:
    reference_to(tree, "body").set("Type", f"{DS}Manifest")


@forge("M32f", "a reference that covers the signature itself", CoverageRefused)
def _(tree: Tree) -> None:
    one(tree, SIGNATURE).set("Id", "self")
    node = copy.deepcopy(reference_to(tree, "body"))
    node.set("URI", "#self")
    reference_to(tree, "body").addnext(node)


for _number, _uri in enumerate(
    ["http://127.0.0.1:9/x", "file:///etc/passwd", "cid:part", "//host/x", "x.xml#body"]
):

    @forge(f"M33-{_number}", f"a reference to {_uri}", CoverageRefused)
    def _(tree: Tree, uri: str = _uri) -> None:
        reference_to(tree, "body").set("URI", uri)


@forge("M31g", "an unknown element in SignedInfo", SecurityMalformed)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, SIGNED_INFO), "{urn:foreign}More")
