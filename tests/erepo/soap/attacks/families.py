"""The published families: XSW1 to XSW9 with Envelope and Body for Response and Assertion; differentials.

"On Breaking SAML" (USENIX Security 2012), SAMLRaider's XSW1 to XSW8 and CVE-2019-3465 (XSW9);
CVE-2022-41912, CVE-2025-23369, CVE-2025-25291, CVE-2025-25292; comment truncation (Duo, 2018).
"""

import copy

from lxml import etree

from erepo.soap.errors import CoverageRefused, MalformedXml, SecurityMalformed, SignatureInvalid
from erepo.soap.names import (
    ACTION,
    CREATED,
    DIGEST_VALUE,
    DS,
    ENVELOPE,
    MESSAGE_ID,
    SECURITY,
    SIGNATURE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    SOAP,
    TIMESTAMP,
    TO,
    TOKEN,
    WSU_ID,
)
from tests.support.attack_kit import (
    OUTLINE,
    Kit,
    Message,
    Tree,
    bend,
    body,
    evil,
    forge,
    header,
    one,
    raw_edit,
    replace_body,
    security,
    simple,
    text,
    vector,
)


def _without_signature(tree: Tree) -> Tree:
    """Return the original message as XSW keeps it: whole, but for its signature."""
    kept = copy.deepcopy(tree)
    security(kept).remove(one(kept, SIGNATURE))
    return kept


@bend("XSW1", "the outer Envelope is evil; the original one inside the Signature", SecurityMalformed)
def _(tree: Tree) -> None:
    original = _without_signature(tree)
    replace_body(tree, "evil")
    one(tree, SIGNATURE).append(original)


@bend("XSW2", "the outer Envelope is evil; the original one before the Signature", SecurityMalformed)
def _(tree: Tree) -> None:
    original = _without_signature(tree)
    replace_body(tree, "evil")
    one(tree, SIGNATURE).addprevious(original)


@bend("XSW3", "an evil Body with a new id before the original one", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).addprevious(evil(body(tree), "evil"))


@bend("XSW4", "an evil Body with the original one inside it", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree, "evil")
    body(tree).append(good)


@bend("XSW5", "an evil Body in the original place, the original at the end of the Envelope", *OUTLINE)
def _(tree: Tree) -> None:
    good = replace_body(tree, "evil")
    tree.append(good)


@bend("XSW6", "an evil Body in the original place, the original inside the Signature", SecurityMalformed)
def _(tree: Tree) -> None:
    good = replace_body(tree, "evil")
    one(tree, SIGNATURE).append(good)


@bend("XSW7", "an evil Body of the same id inside an Extensions element before the original", *OUTLINE)
def _(tree: Tree) -> None:
    extensions = etree.Element("{urn:foreign}Extensions")
    extensions.append(evil(body(tree), "same"))
    body(tree).addprevious(extensions)


@bend("XSW7b", "an evil Body of the same id inside Extensions in the Header", CoverageRefused)
def _(tree: Tree) -> None:
    extensions = etree.SubElement(header(tree), "{urn:foreign}Extensions")
    extensions.append(evil(body(tree), "same"))


@bend("XSW8", "an evil Body in the original place, the original in a ds:Object", SecurityMalformed)
def _(tree: Tree) -> None:
    good = replace_body(tree, "evil")
    etree.SubElement(one(tree, SIGNATURE), f"{{{DS}}}Object").append(good)


for _code, _first in [("XSW9", True), ("XSW9b", False)]:

    @bend(_code, f"two SignedInfo in one Signature, the false one {'first' if _first else 'second'}")
    def _(tree: Tree, first: bool = _first) -> None:
        good = one(tree, SIGNED_INFO)
        false = copy.deepcopy(good)
        replace_body(tree, "same")
        text(one(false, DIGEST_VALUE), "A" * 43 + "=")
        (good.addprevious if first else good.addnext)(false)


@bend("XSW10", "an evil Envelope around Header and Body of the original", *OUTLINE)
def _(tree: Tree) -> None:
    original = copy.deepcopy(tree)
    replace_body(tree, "same")
    for child in list(original):
        one(tree, ENVELOPE).append(child)


# Where a comment or instruction may hide from one of two readers.
TEXTS = {
    "Action": ACTION,
    "To": TO,
    "MessageID": MESSAGE_ID,
    "Created": CREATED,
    "token": TOKEN,
    "DigestValue": DIGEST_VALUE,
    "SignatureValue": SIGNATURE_VALUE,
}
for _name, _tag in TEXTS.items():
    for _kind, _node in [("comment", etree.Comment), ("instruction", etree.PI)]:

        @bend(f"C-{_kind}-{_name}", f"a {_kind} that cuts the text of {_name}", MalformedXml)
        def _(tree: Tree, tag: str = _tag, node: object = _node) -> None:
            element = one(tree, tag)
            value = element.text or ""
            inserted = node("x")  # type: ignore[operator]
            element.text, inserted.tail = value[:9], value[9:]
            element.append(inserted)


for _name, _place in [
    ("before the root", b"<soap:Envelope "),
    ("in the Envelope", b"<soap:Header>"),
    ("in Security", b"<wsse:BinarySecurityToken "),
    ("in SignedInfo", b"<ds:SignatureMethod "),
    ("in the Body", b"<xds:Request "),
]:

    @vector(f"C-{_name}", f"a comment {_name}", MalformedXml)
    def _(kit: Kit, place: bytes = _place) -> Message:
        return raw_edit(kit, place, b"<!--x-->" + place)


def doctype(kit: Kit, subset: str, before: bytes = b"", after: bytes = b"") -> Message:
    """Return a good message behind a DOCTYPE, with a use of what it declares."""
    octets = kit.octets()
    assert before in octets
    return simple(f"<!DOCTYPE e [{subset}]>".encode() + octets.replace(before, after or before, 1))


@vector("CVE-2022-41912", "two Bodies, the first one unsigned", *OUTLINE)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    first = evil(body(tree))
    body(tree).addprevious(first)
    return simple(tree)


@vector("CVE-2025-23369", "an id made of an entity, so that two resolvers see two elements", MalformedXml)
def _(kit: Kit) -> Message:
    return doctype(kit, '<!ENTITY b "body">', b'wsu:Id="body"', b'wsu:Id="&b;"')


@vector("CVE-2025-23369b", "the same without its declaration", MalformedXml)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b'wsu:Id="body"', b'wsu:Id="&b;"')


@vector(
    "CVE-2025-25291", "a DOCTYPE whose entity looks like a comment's begin to another parser", MalformedXml
)
def _(kit: Kit) -> Message:
    return doctype(kit, """<!ENTITY x "'><!--">""")


@vector("CVE-2025-25291b", "markup in CDATA that another parser would read", SignatureInvalid)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"<rim:Title ", b"<![CDATA[<!-- ]]><rim:Title ")


@vector("CVE-2025-25292", "a second Signature whose namespace a DTD gives it", MalformedXml)
def _(kit: Kit) -> Message:
    return doctype(
        kit,
        f'<!ATTLIST Signature xmlns CDATA #FIXED "{DS}">',
        b"<ds:Signature ",
        b"<Signature/><ds:Signature ",
    )


@bend("CVE-2025-25292b", "a second Signature in the payload of an evil Body", CoverageRefused)
def _(tree: Tree) -> None:
    signature = copy.deepcopy(one(tree, SIGNATURE))
    replace_body(tree, "evil")
    body(tree)[0].append(signature)


@vector("D-prefix", "one id twice on one element, by two prefixes of one namespace", MalformedXml)
def _(kit: Kit) -> Message:
    namespace = WSU_ID[1:].partition("}")[0].encode()
    return raw_edit(kit, b' wsu:Id="body"', b' wsu:Id="body" u:Id="evil" xmlns:u="' + namespace + b'"')


@vector("D-plain", "an attribute twice", MalformedXml)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b'URI="#body"', b'URI="#body" URI="#body"')


@vector("D-unbound", "an id whose prefix is not bound", MalformedXml)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b' wsu:Id="body"', b' wsu:Id="body" w:Id="body"')


@forge("D-id", "a second id of another kind on the Body, that of the Timestamp", CoverageRefused)
def _(tree: Tree) -> None:
    body(tree).set("Id", one(tree, TIMESTAMP).get(WSU_ID, ""))


@forge("D-xml-id", "an xml:id in the payload with the id of the Body", CoverageRefused)
def _(tree: Tree) -> None:
    body(tree)[0].set("{http://www.w3.org/XML/1998/namespace}id", "body")


@bend("D-nested", "a Security header inside the Security header", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).append(copy.deepcopy(one(tree, SECURITY)))


@bend("D-role", "the Security header for the next role, a second one without")
def _(tree: Tree) -> None:
    second = copy.deepcopy(security(tree))
    replace_body(tree, "same")
    second.set(f"{{{SOAP}}}role", f"{SOAP}/role/next")
    header(tree).append(second)
