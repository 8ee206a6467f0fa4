"""M1 to M23: the signed part is moved and another one is read (XSW), or is not signed at all."""

import copy

from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree

from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    MalformedEnvelope,
    SecurityMalformed,
    SecurityMissing,
    SignatureInvalid,
)
from erepo.soap.names import (
    ACTION,
    DIGEST_METHOD,
    DS,
    EXPIRES,
    KEY_INFO,
    MESSAGE_ID,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    TIMESTAMP,
    TO,
    WSA,
    WSU_ID,
)
from tests.support.attack_kit import (
    OUTLINE,
    RSA_SHA1,
    Forgery,
    Kit,
    Message,
    Tree,
    bend,
    body,
    drop_references,
    evil,
    forge,
    header,
    one,
    raw_edit,
    reference_to,
    replace_body,
    security,
    set_algorithm,
    text,
    vector,
    wrapper,
)


@bend("M1", "the Body is edited (control)", SignatureInvalid)
def _(tree: Tree) -> None:
    text(body(tree)[0][0], "EVIL")


@bend("M2", "the signed Body in a Header wrapper, an evil one with a new id in its place", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(replace_body(tree, "evil")))


@bend("M3", "the same, the evil Body has no id", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(replace_body(tree)))


@bend("M3b", "the same, wrapped in a second soap:Header inside the Header", CoverageRefused)
def _(tree: Tree) -> None:
    inner = etree.SubElement(header(tree), header(tree).tag)
    inner.append(replace_body(tree))


@bend("M4", "the signed Body in a wrapper inside wsse:Security", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).append(wrapper(replace_body(tree)))


@bend("M4b", "the signed Body inside the Timestamp", SignatureInvalid)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).append(replace_body(tree))


@bend("M5", "the signed Body in a ds:Object of the signature", SecurityMalformed)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object").append(replace_body(tree))


@bend("M5b", "the signed Body inside KeyInfo", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, KEY_INFO).append(replace_body(tree))


@bend("M6", "two Bodies, the evil one first", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).addprevious(evil(body(tree)))


@bend("M7", "two Bodies, the good one first", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(evil(body(tree)))


@bend("M8", "the signed Body inside the evil Body, beside its payload", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    body(tree).append(good)


@bend("M9", "the signed Body inside the evil payload", CoverageRefused)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    body(tree)[0].append(good)


@bend(
    "M10",
    "the signed Body earlier, in the Header; the evil one has the same id",
    CoverageRefused,
    SignatureInvalid,
)
def _(tree: Tree) -> None:
    header(tree).insert(0, wrapper(replace_body(tree, "same")))


@bend("M10b", "an evil copy with the id of the Body in the Header, the Body untouched", CoverageRefused)
def _(tree: Tree) -> None:
    header(tree).insert(0, wrapper(evil(body(tree), "same")))


@bend(
    "M10c",
    "any element somewhere in the Body with the id of the Timestamp",
    CoverageRefused,
    SignatureInvalid,
)
def _(tree: Tree) -> None:
    header(tree).append(wrapper(copy.deepcopy(one(tree, TIMESTAMP))))


@bend("M11", "the evil Body first with the same id, the good one appended", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).addprevious(evil(body(tree), "same"))


@bend("M12", "the old Timestamp wrapped, a fresh one in its place", CoverageRefused)
def _(tree: Tree) -> None:
    old = one(tree, TIMESTAMP)
    fresh = copy.deepcopy(old)
    fresh.set(WSU_ID, "fresh")
    security(tree).replace(old, fresh)
    header(tree).append(wrapper(old))


@bend("M12b", "the Timestamp edited", SignatureInvalid)
def _(tree: Tree) -> None:
    text(one(tree, EXPIRES), "2099-01-01T00:00:00Z")


for _name, _tag in [("Action", ACTION), ("To", TO), ("MessageID", MESSAGE_ID)]:

    @bend(f"M13 {_name}", f"a signed wsa:{_name} edited", SignatureInvalid)
    def _(tree: Tree, tag: str = _tag) -> None:
        text(one(tree, tag), "urn:evil")

    @bend(f"M13b {_name}", f"the signed wsa:{_name} wrapped, another in its place", CoverageRefused)
    def _(tree: Tree, tag: str = _tag) -> None:
        good = one(tree, tag)
        other = copy.deepcopy(good)
        text(other, "urn:evil")
        other.set(WSU_ID, "evil")
        header(tree).replace(good, other)
        header(tree).append(wrapper(good))

    @forge(f"M13c {_name}", f"wsa:{_name} not signed at all", CoverageRefused)
    def _(tree: Tree, tag: str = _tag) -> None:
        drop_references(tree, one(tree, tag).get(WSU_ID, ""))

    @bend(f"M13d {_name}", f"a second wsa:{_name}", *OUTLINE)
    def _(tree: Tree, tag: str = _tag) -> None:
        header(tree).insert(0, copy.deepcopy(one(tree, tag)))

    @bend(f"M13e {_name}", f"wsa:{_name} removed", CoverageRefused, MalformedEnvelope)
    def _(tree: Tree, tag: str = _tag) -> None:
        header(tree).remove(one(tree, tag))


@bend("M13f", "an unsigned RelatesTo added, to pass for an answer", CoverageRefused, *OUTLINE)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), f"{{{WSA}}}RelatesTo").text = "urn:uuid:question"


@bend("M14", "no Signature", SecurityMissing)
def _(tree: Tree) -> None:
    security(tree).remove(one(tree, SIGNATURE))


@bend("M15", "no Security header", SecurityMissing)
def _(tree: Tree) -> None:
    header(tree).remove(security(tree))


@bend("M15b", "an empty Security header", SecurityMissing)
def _(tree: Tree) -> None:
    del security(tree)[:]


@forge("M16", "a good signature over the Timestamp only", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "body", "to", "action", "message-id", "reply-to")


@forge("M16b", "everything signed but the Body", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "body")


@forge("M16c", "everything signed but the Timestamp", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp")


@forge("M16d", "no reference at all", CoverageRefused)
def _(tree: Tree) -> None:
    drop_references(tree, "timestamp", "body", "to", "action", "message-id", "reply-to")


@forge("M16e", "the payload signed instead of the Body", CoverageRefused)
def _(tree: Tree) -> None:
    body(tree)[0].set(WSU_ID, "payload")
    reference_to(tree, "body").set("URI", "#payload")


@Forgery(elder=True, algorithm=SHA1())("M17", "a good rsa-sha1 signature", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, RSA_SHA1)


@Forgery(elder=True, algorithm=SHA1())(
    "M17b", "an rsa-sha1 signature that calls itself rsa-sha256", SignatureInvalid
)
def _(tree: Tree) -> None:
    pass


@forge("M17c", "SHA-1 digests", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, DIGEST_METHOD, "http://www.w3.org/2000/09/xmldsig#sha1")


@Forgery(elder=True)("M17d", "the signature method of another key type", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")


for _number, _uri in enumerate(
    [
        "#body' or '1'='1",
        '#body"]|//*["',
        "#xpointer(/)",
        "#xpointer(id('body'))",
        "# body",
        "#",
        "body",
        "",
        "#body#body",
        "#x509#",
    ]
):

    @forge(f"M18-{_number}", f"a reference to {_uri!r}", CoverageRefused)
    def _(tree: Tree, uri: str = _uri) -> None:
        reference_to(tree, "body").set("URI", uri)


@forge("M19", "a reference without URI", CoverageRefused)
def _(tree: Tree) -> None:
    del reference_to(tree, "body").attrib["URI"]


@vector("M20", "a comment in a signed text, invisible to the signature")
def _(kit: Kit) -> Message:
    return raw_edit(kit, "Zażółć".encode(), "Zaż<!-- -->ółć".encode())


@vector("M20b", "a processing instruction in a signed text")
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"urn:ihe", b"<?x y?>urn:ihe")


@bend("M21", "a bad Signature first, the good one second", SecurityMalformed)
def _(tree: Tree) -> None:
    bad = copy.deepcopy(one(tree, SIGNATURE))
    text(bad.find(SIGNATURE_VALUE), "AAAA")
    one(tree, SIGNATURE).addprevious(bad)


@bend("M21b", "the good Signature first, a bad one second", SecurityMalformed)
def _(tree: Tree) -> None:
    bad = copy.deepcopy(one(tree, SIGNATURE))
    text(bad.find(SIGNATURE_VALUE), "AAAA")
    security(tree).append(bad)


@bend("M22", "the whole old Envelope inside the Header of an evil one", CoverageRefused)
def _(tree: Tree) -> None:
    old = copy.deepcopy(tree)
    replace_body(tree)
    header(tree).append(old)


@bend("M22b", "the whole old Envelope in the Header, Security left in it only", SecurityMissing)
def _(tree: Tree) -> None:
    old = copy.deepcopy(tree)
    replace_body(tree)
    header(tree).remove(security(tree))
    header(tree).append(wrapper(old))


@bend("M23", "a second Header that holds the signed Body", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree)
    second = etree.Element(header(tree).tag)
    second.append(good)
    header(tree).addnext(second)
