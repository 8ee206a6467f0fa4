"""M40, references and transforms: what is covered, and what is done to it before it is digested."""

import copy

from lxml import etree

from erepo.cda.signature.errors import CoverageWrong, SignatureMalformed, SignatureWrong, TransformRefused
from tests.support.attack_kit import FILTER2, HMAC, XPATH, XSLT
from tests.support.document_attacks import V3, bend, ds, forge, one, references
from tests.support.signed_documents import DS, EXCLUSIVE, Tree

# Each of these is signed validly by somebody, or would be.
for _name, _uri in {
    "a file": "file:///etc/passwd",
    "the web": "http://127.0.0.1:9/x",
    "an attachment": "cid:document",
    "an unknown id": "#nobody",
    "an XPointer": "#xpointer(/)",
    "an XPointer to an id": "#xpointer(id('xades-1'))",
    "a fragment alone": "#",
    "a relative path": "other.xml",
}.items():

    @bend(f"M40-cover: {_name}", f"the reference to the document now to {_name}", CoverageWrong)
    def _(root: Tree, uri: str = _uri) -> None:
        references(root)[0].set("URI", uri)

    @bend(f"M40-cover: {_name}, too", f"a third reference, to {_name}", CoverageWrong)
    def _(root: Tree, uri: str = _uri) -> None:
        third = copy.deepcopy(references(root)[1])
        third.set("URI", uri)
        references(root)[1].addnext(third)


@bend("M40-cover: no URI", "a reference that leaves out what it means", CoverageWrong)
def _(root: Tree) -> None:
    del references(root)[0].attrib["URI"]


@forge("M40-cover: document twice", "two references to the document", CoverageWrong)
def _(tree: Tree) -> None:
    twin = copy.deepcopy(references(tree)[0])
    del twin.attrib["Id"]
    references(tree)[0].addnext(twin)


@forge("M40-cover: properties twice", "two references to the properties", CoverageWrong)
def _(tree: Tree) -> None:
    references(tree)[1].addnext(copy.deepcopy(references(tree)[1]))


@forge("M40-cover: document alone", "the properties are not signed", CoverageWrong)
def _(tree: Tree) -> None:
    one(tree, ds("SignedInfo")).remove(references(tree)[1])


@forge("M40-cover: properties alone", "the document is not signed", CoverageWrong)
def _(tree: Tree) -> None:
    one(tree, ds("SignedInfo")).remove(references(tree)[0])


@bend("M40-cover: nothing", "no reference at all", CoverageWrong)
def _(root: Tree) -> None:
    for each in references(root):
        one(root, ds("SignedInfo")).remove(each)


@bend("M40-cover: a hundred", "a hundred references", CoverageWrong)
def _(root: Tree) -> None:
    for _number in range(100):
        references(root)[0].addnext(copy.deepcopy(references(root)[0]))


@forge("M40-cover: Manifest", "a reference whose type is Manifest", CoverageWrong)
def _(tree: Tree) -> None:
    references(tree)[0].set("Type", f"{DS}Manifest")


@forge("M40-cover: other type", "the reference to the properties with another type", CoverageWrong)
def _(tree: Tree) -> None:
    references(tree)[1].set("Type", f"{DS}Object")


@forge("M40-cover: type of properties", "the document announced as the properties", CoverageWrong)
def _(tree: Tree) -> None:
    references(tree)[0].set("Type", "http://uri.etsi.org/01903#SignedProperties")


@bend("M40-cover: id twice", "an element of the body with the id of the properties", CoverageWrong)
def _(root: Tree) -> None:
    one(root, f"{{{V3}}}title").set("ID", "xades-1")


for _name, _algorithm in {
    "XSLT": XSLT,
    "XPath": XPATH,
    "XPath filter": FILTER2,
    "base64": f"{DS}base64",
    "decryption": "http://www.w3.org/2002/07/decrypt#XML",
    "STR": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
    "unknown": "urn:unknown",
    "none": "",
}.items():

    @bend(f"M40-transform: {_name}", f"{_name} instead of the canonicalisation", TransformRefused)
    def _(root: Tree, algorithm: str = _algorithm) -> None:
        one(references(root)[0], ds("Transforms"))[1].set("Algorithm", algorithm)

    @bend(f"M40-transform: {_name} before", f"{_name} instead of the enveloped signature", TransformRefused)
    def _(root: Tree, algorithm: str = _algorithm) -> None:
        one(references(root)[0], ds("Transforms"))[0].set("Algorithm", algorithm)

    @bend(f"M40-transform: {_name} between", f"{_name} between the two transforms", TransformRefused)
    def _(root: Tree, algorithm: str = _algorithm) -> None:
        one(references(root)[0], ds("Transforms")).insert(
            1, etree.Element(ds("Transform"), Algorithm=algorithm)
        )

    @bend(f"M40-transform: {_name} of properties", f"{_name} on the properties", TransformRefused)
    def _(root: Tree, algorithm: str = _algorithm) -> None:
        one(references(root)[1], ds("Transform")).set("Algorithm", algorithm)


@forge("M40-transform: all but the title", "validly signed, an XPath leaves the title out", TransformRefused)
def _(tree: Tree) -> None:
    path = etree.Element(ds("Transform"), Algorithm=XPATH)
    etree.SubElement(path, ds("XPath")).text = "not(ancestor-or-self::*[local-name() = 'title'])"
    one(references(tree)[0], ds("Transforms")).insert(1, path)


@forge("M40-transform: XPath for enveloped", "an XPath takes the signature out", TransformRefused)
def _(tree: Tree) -> None:
    first = one(references(tree)[0], ds("Transform"))
    first.set("Algorithm", XPATH)
    etree.SubElement(first, ds("XPath")).text = "not(ancestor-or-self::*[local-name() = 'Signature'])"


@bend("M40-transform: stylesheet", "an XSLT that grows without end", TransformRefused)
def _(root: Tree) -> None:
    place = etree.SubElement(one(references(root)[0], ds("Transforms")), ds("Transform"), Algorithm=XSLT)
    sheet = etree.SubElement(place, "{http://www.w3.org/1999/XSL/Transform}stylesheet", version="1.0")
    template = etree.SubElement(sheet, "{http://www.w3.org/1999/XSL/Transform}template", match="/")
    etree.SubElement(template, "{http://www.w3.org/1999/XSL/Transform}apply-templates", select="/")


@bend("M40-transform: order", "canonicalisation before the enveloped signature", TransformRefused)
def _(root: Tree) -> None:
    transforms = one(references(root)[0], ds("Transforms"))
    transforms.append(transforms[0])


@bend("M40-transform: a hundred", "a hundred canonicalisations", TransformRefused)
def _(root: Tree) -> None:
    transforms = one(references(root)[0], ds("Transforms"))
    transforms.extend([copy.deepcopy(transforms[1]) for _number in range(100)])


@bend("M40-transform: not enveloped", "the reference to the document keeps the signature", CoverageWrong)
def _(root: Tree) -> None:
    transforms = one(references(root)[0], ds("Transforms"))
    transforms.remove(transforms[0])


@bend("M40-transform: enveloped properties", "the signature taken out of its own properties", CoverageWrong)
def _(root: Tree) -> None:
    etree.SubElement(one(references(root)[1], ds("Transforms")), ds("Transform"))
    transforms = one(references(root)[1], ds("Transforms"))
    transforms[0].set("Algorithm", f"{DS}enveloped-signature")
    transforms[1].set("Algorithm", EXCLUSIVE)


@bend("M40-transform: filled", "an XPath inside the enveloped signature", SignatureMalformed)
def _(root: Tree) -> None:
    etree.SubElement(one(references(root)[0], ds("Transform")), ds("XPath")).text = "true()"


@bend("M40-transform: prefixes", "a PrefixList put in after signing", SignatureWrong)
def _(root: Tree) -> None:
    for place in (one(root, ds("CanonicalizationMethod")), one(references(root)[0], ds("Transforms"))[1]):
        etree.SubElement(place, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList="extPL xsi")


for _name, _algorithm in {
    "HMAC": HMAC,
    "none": "",
    "MD5": "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "unknown": "urn:unknown",
}.items():

    @bend(f"M40-algorithm: {_name}", f"signature method {_name}", SignatureMalformed)
    def _(root: Tree, algorithm: str = _algorithm) -> None:
        one(root, ds("SignatureMethod")).set("Algorithm", algorithm)


@bend("M40-algorithm: HMAC length", "HMACOutputLength of 0", SignatureMalformed)
def _(root: Tree) -> None:
    etree.SubElement(one(root, ds("SignatureMethod")), ds("HMACOutputLength")).text = "0"


@bend("M40-algorithm: MD5 digest", "digest method MD5", SignatureMalformed)
def _(root: Tree) -> None:
    one(root, ds("DigestMethod")).set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#md5")


@bend("M40-algorithm: canonicalisation", "an unknown canonicalisation", SignatureMalformed)
def _(root: Tree) -> None:
    one(root, ds("CanonicalizationMethod")).set("Algorithm", "urn:unknown")
