"""Our own ideas, second part, and M44: pieces that stand elsewhere, twice, or under other names; faults."""

import copy
from datetime import UTC, datetime

from lxml import etree

from erepo.soap.errors import (
    CoverageRefused,
    MalformedEnvelope,
    MalformedXop,
    SecurityMalformed,
    SecurityMissing,
    SignatureInvalid,
    SignerRefused,
)
from erepo.soap.names import (
    C14N_METHOD,
    CREATED,
    DIGEST_METHOD,
    DIGEST_VALUE,
    EXC_C14N,
    FAULT,
    INCLUSIVE_NAMESPACES,
    KEY_INFO,
    REFERENCE,
    SECURITY,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TIMESTAMP,
    TO,
    TOKEN,
    TOKEN_REFERENCE,
    TRANSFORM,
    TRANSFORMS,
    WSSE,
    WSSE_REFERENCE,
    WSU_ID,
    XML,
    XOP_INCLUDE,
)
from tests.support.attack_kit import (
    OUTLINE,
    Forgery,
    Kit,
    Message,
    Tree,
    bend,
    body,
    forge,
    header,
    one,
    reference_to,
    security,
    simple,
    text,
    vector,
)

# An include where none may be.
for _name, _tag in {
    "To": TO,
    "Created": CREATED,
    "Timestamp": TIMESTAMP,
    "SignedInfo": SIGNED_INFO,
    "DigestValue": DIGEST_VALUE,
    "SignatureValue": SIGNATURE_VALUE,
    "Security": SECURITY,
}.items():

    @vector(f"I-xop: {_name}", f"an xop:Include in {_name}", MalformedXop)
    def _(kit: Kit, tag: str = _tag) -> Message:
        content_type, octets = kit.mtom(b"one document")
        start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + 16
        tree = etree.fromstring(octets[start:end])
        include = one(tree, XOP_INCLUDE)
        place = one(tree, tag)
        place.text = None
        place[:] = [include]
        return content_type, octets[:start] + etree.tostring(tree) + octets[end:]


@vector("I-xop: no parts", "an xop:Include in a message without parts", MalformedXop)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    etree.SubElement(body(tree)[0][0], XOP_INCLUDE, href="cid:document-0@test")
    return simple(tree)


# SignedInfo, references and canonicalisation.
@forge("I-list: twice", "two PrefixLists", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    for _number in range(2):
        etree.SubElement(place, INCLUSIVE_NAMESPACES, PrefixList="soap")


@forge("I-list: foreign", "a PrefixList in another namespace", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    etree.SubElement(place, f"{{{EXC_C14N}x}}InclusiveNamespaces", PrefixList="soap")


@forge("I-list: filled", "text inside the PrefixList's element", SecurityMalformed)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    inside = etree.SubElement(place, INCLUSIVE_NAMESPACES, PrefixList="soap")
    etree.SubElement(inside, INCLUSIVE_NAMESPACES)


@Forgery(digests=False)(
    "I-list: outer", "a PrefixList that makes an unsigned declaration count", SignatureInvalid
)
def _(tree: Tree) -> None:
    place = one(reference_to(tree, "body"), TRANSFORM)
    etree.SubElement(place, INCLUSIVE_NAMESPACES, PrefixList="rim xds soap")
    etree.SubElement(header(tree), "{urn:foreign}Other")
    text(body(tree)[0][0], "EVIL")


for _name, _tag in {
    "SignedInfo": SIGNED_INFO,
    "Reference": REFERENCE,
    "Transforms": TRANSFORMS,
    "DigestMethod": DIGEST_METHOD,
    "CanonicalizationMethod": C14N_METHOD,
    "SignatureMethod": SIGNATURE_METHOD,
    "Signature": SIGNATURE,
    "Timestamp": TIMESTAMP,
    "KeyInfo": KEY_INFO,
    "SecurityTokenReference": TOKEN_REFERENCE,
    "Reference of the token": WSSE_REFERENCE,
    "Security": SECURITY,
}.items():

    @forge(f"I-space: {_name}", f"xml:space on {_name}", SecurityMalformed)
    def _(tree: Tree, tag: str = _tag) -> None:
        one(tree, tag).set(f"{{{XML}}}space", "preserve")


for _code, _tag in {
    "DigestValue": DIGEST_VALUE,
    "DigestMethod": DIGEST_METHOD,
    "SignatureValue": SIGNATURE_VALUE,
    "KeyInfo": KEY_INFO,
    "token reference": TOKEN_REFERENCE,
    "C14n method": C14N_METHOD,
    "Signature": SIGNATURE,
    "Timestamp": TIMESTAMP,
    "token": TOKEN,
    "Created": CREATED,
}.items():

    @forge(f"I-twice: {_code}", f"{_code} twice", SecurityMalformed, CoverageRefused)
    def _(tree: Tree, tag: str = _tag) -> None:
        found = one(tree, tag)
        found.addnext(copy.deepcopy(found))


# Ids.
for _code, _named in {
    "a space before": " body",
    "a space behind": "body ",
    "another case": "Body",
    "a fragment in it": "body#body",
    "a soft hyphen": "bo\u00addy",
    "a look-alike": "b\u043edy",
}.items():

    @forge(f"I-id: {_code}", f"the Body's id has {_code}, the reference has not", CoverageRefused)
    def _(tree: Tree, named: str = _named) -> None:
        body(tree).set(WSU_ID, named)


@forge("I-id: escaped", "the reference escapes the id as a URL would", CoverageRefused)
def _(tree: Tree) -> None:
    reference_to(tree, "body").set("URI", "#%62ody")


@forge("I-id: empty", "an empty id and a reference to it", CoverageRefused)
def _(tree: Tree) -> None:
    body(tree).set(WSU_ID, "")
    reference_to(tree, "body").set("URI", "#")


# Timestamps elsewhere.
@forge("I-time: outside", "the Timestamp in the Header instead of Security", SecurityMissing)
def _(tree: Tree) -> None:
    header(tree).append(one(tree, TIMESTAMP))


@forge("I-time: in the Body", "the Timestamp in the payload instead of Security", SecurityMissing)
def _(tree: Tree) -> None:
    body(tree)[0].append(one(tree, TIMESTAMP))


for _first in (True, False):

    @bend(
        f"I-time: two, {'evil' if _first else 'good'} first", "a second, fresher Timestamp", SecurityMalformed
    )
    def _(tree: Tree, first: bool = _first) -> None:
        good = one(tree, TIMESTAMP)
        fresh = copy.deepcopy(good)
        fresh.set(WSU_ID, "fresh")
        text(fresh.find(CREATED), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        (good.addprevious if first else good.addnext)(fresh)


# Other tokens and credentials.
for _name in ("UsernameToken", "BinarySecurityToken", "SecurityTokenReference", "EncryptedKey"):

    @bend(f"I-other: {_name}", f"a {_name} beside", SecurityMalformed)
    def _(tree: Tree, name: str = _name) -> None:
        etree.SubElement(security(tree), f"{{{WSSE}}}{name}")


@bend("I-other: actor", "an actor of SOAP 1.1 on Security", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).set("{http://schemas.xmlsoap.org/soap/envelope/}actor", "urn:other")


@bend("I-other: role", "wsa:To for another role", MalformedEnvelope)
def _(tree: Tree) -> None:
    one(tree, TO).set("{http://www.w3.org/2003/05/soap-envelope}role", "urn:other")


@bend("I-payload: type", "an xsi:type on the payload", SignatureInvalid)
def _(tree: Tree) -> None:
    body(tree)[0].set("{http://www.w3.org/2001/XMLSchema-instance}type", "evil")


@bend("I-payload: array", "an array of a thousand million items announced", SignatureInvalid)
def _(tree: Tree) -> None:
    body(tree)[0].set("{http://schemas.xmlsoap.org/soap/encoding/}arrayType", "xsd:string[1000000000]")


@bend("I-payload: normal form", "a name in its other Unicode normal form", SignatureInvalid)
def _(tree: Tree) -> None:
    text(body(tree)[0][0], (body(tree)[0][0].text or "").replace("ż", "z\u0307"))


# M44: a fault that nobody signed is no answer, and no acknowledgement.
def _fault(tree: Tree) -> None:
    fault = etree.Element(FAULT)
    body(tree).replace(body(tree)[0], fault)


@bend("M44", "a fault under the signature of another message", SignatureInvalid)
def _(tree: Tree) -> None:
    _fault(tree)


@bend("M44b", "a fault without a Security header", SecurityMissing)
def _(tree: Tree) -> None:
    _fault(tree)
    header(tree).remove(security(tree))


@bend("M44c", "a fault without a Header", *OUTLINE)
def _(tree: Tree) -> None:
    _fault(tree)
    tree.remove(header(tree))


@Forgery(stranger=True)("M44d", "a fault signed by a stranger", SignerRefused)
def _(tree: Tree) -> None:
    _fault(tree)


@forge("M44e", "a signed fault with a second payload beside it", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).append(etree.Element(FAULT))
