"""M40, contents: what was signed is changed, by a word, by a space, or by what only a canonicaliser minds."""

import copy

from lxml import etree

from erepo.cda.errors import NotXml
from erepo.cda.signature.errors import SignatureForged, SignatureWrong, SignedDocumentHostile
from tests.support.document_attacks import V3, bend, one, vector, xades
from tests.support.signed_documents import Tree, good

_START = b"<ClinicalDocument"


@bend("M40-content: title", "another title (control)", SignatureWrong)
def _(root: Tree) -> None:
    one(root, f"{{{V3}}}title").text = "EVIL"


@bend("M40-content: patient", "another patient", SignatureWrong)
def _(root: Tree) -> None:
    next(root.iterfind(f".//{{{V3}}}patientRole/{{{V3}}}id")).set("extension", "02070803628")


@bend("M40-content: time", "another SigningTime", SignatureWrong)
def _(root: Tree) -> None:
    one(root, xades("SigningTime")).text = "2016-01-02T10:20:30Z"


@bend("M40-content: behind the signature", "text behind the signature", SignatureWrong)
def _(root: Tree) -> None:
    root[-1].tail = "EVIL"


@bend("M40-content: space", "a line break between two elements", SignatureWrong)
def _(root: Tree) -> None:
    root[0].tail = "\n"


@bend("M40-content: instruction", "a processing instruction in the body", SignatureWrong)
def _(root: Tree) -> None:
    root.insert(3, etree.PI("evil", "now"))


@bend("M40-content: in the signature", "a processing instruction in the signature", SignatureForged)
def _(root: Tree) -> None:
    root[-1].insert(0, etree.PI("evil", "now"))


@bend("M40-content: twice", "an element of the body twice", SignatureWrong)
def _(root: Tree) -> None:
    title = one(root, f"{{{V3}}}title")
    title.addnext(copy.deepcopy(title))


@vector("M40-content: other stylesheet", "another stylesheet in the prolog", SignatureWrong)
def _() -> bytes:
    return good().replace(b"CDA_PL_IG_1.3.1.xsl", b"http://evil/x.xslll")


@vector("M40-content: no stylesheet", "the stylesheet in the prolog left out", SignatureWrong)
def _() -> bytes:
    octets = good()
    return octets[: octets.index(b"<?xml-stylesheet")] + octets[octets.index(_START) :]


@vector("M40-content: second stylesheet", "a second stylesheet in the prolog", SignatureWrong)
def _() -> bytes:
    return good().replace(_START, b'<?xml-stylesheet href="evil.xsl" type="text/xsl"?>' + _START)


@vector("M40-content: epilogue", "an instruction behind the root", SignatureWrong)
def _() -> bytes:
    return good() + b"<?evil now?>"


@vector(
    "M40-content: namespace",
    "another namespace for the properties",
    SignatureForged,
)
def _() -> bytes:
    return good().replace(b"http://uri.etsi.org/01903/v1.3.2#", b"http://uri.etsi.org/01903/v1.4.1#")


@vector("M40-content: relative namespace", "a relative namespace: no canonical form", SignatureForged)
def _() -> bytes:
    return good().replace(b"<title>", b'<title xmlns:a="b" a:c="d">')


@vector("M40-bomb: attributes", "an element with a thousand attributes", SignedDocumentHostile)
def _() -> bytes:
    many = b"".join(b' a%d=""' % number for number in range(1000))
    return good().replace(b"<title>", b"<title" + many + b">")


@vector("M40-bomb: depth", "three hundred elements within each other", NotXml, SignedDocumentHostile)
def _() -> bytes:
    return good().replace(b"<title>", b"<a>" * 300 + b"</a>" * 300 + b"<title>")


@vector("M40-bomb: namespaces", "two hundred namespaces in force at one place", SignedDocumentHostile)
def _() -> bytes:
    opened = b"".join(b'<a xmlns:n%d="urn:n">' % number for number in range(200))
    return good().replace(b"<title>", opened + b"</a>" * 200 + b"<title>")


@vector("M40-bomb: tags", "a hundred thousand empty tags in few bytes", SignedDocumentHostile)
def _() -> bytes:
    return good().replace(b"<title>", b"<a/>" * 3 + b"<" * 100_000 + b"<title>")
