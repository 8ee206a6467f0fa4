"""M43: addressing and the outline of the envelope."""

import copy

from lxml import etree

from erepo.soap.errors import (
    HeaderNotUnderstood,
    MalformedEnvelope,
    SecurityMalformed,
    SoapVersionRefused,
)
from erepo.soap.names import (
    ACTION,
    ADDRESS,
    ENVELOPE,
    MESSAGE_ID,
    REPLY_TO,
    SOAP,
    SOAP11,
    TIMESTAMP,
    WSA,
    WSSE,
)
from tests.support.attack_kit import (
    OUTLINE,
    Kit,
    Message,
    Tree,
    bend,
    body,
    forge,
    header,
    one,
    raw_edit,
    security,
    simple,
    text,
    vector,
    wrapper,
)

for _code, _tag in [("M43", REPLY_TO), ("M43b", f"{{{WSA}}}FaultTo")]:

    @forge(_code, f"{etree.QName(_tag).localname} names another host", *OUTLINE)
    def _(tree: Tree, tag: str = _tag) -> None:
        found = header(tree).find(tag)
        place = etree.SubElement(header(tree), tag) if found is None else found
        address = etree.SubElement(place, ADDRESS) if not len(place) else place[0]
        address.text = "http://127.0.0.1:9/collect"


@bend("M43c", "reference parameters in ReplyTo", *OUTLINE)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, REPLY_TO), f"{{{WSA}}}ReferenceParameters")


@bend("M43d", "an unknown header that must be understood", HeaderNotUnderstood)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), "{urn:foreign}Transaction").set(f"{{{SOAP}}}mustUnderstand", "true")


@vector("M43e", "SOAP 1.1", SoapVersionRefused)
def _(kit: Kit) -> Message:
    return raw_edit(kit, SOAP.encode(), SOAP11.encode(), 99)


@bend("M43f", "no Header", *OUTLINE)
def _(tree: Tree) -> None:
    tree.remove(header(tree))


@bend("M43g", "no Body", *OUTLINE)
def _(tree: Tree) -> None:
    tree.remove(body(tree))


@bend("M43h", "an empty Body", *OUTLINE)
def _(tree: Tree) -> None:
    del body(tree)[:]


@bend("M43i", "two payloads", *OUTLINE)
def _(tree: Tree) -> None:
    body(tree).append(copy.deepcopy(body(tree)[0]))


@bend("M43j", "text beside the payload", *OUTLINE)
def _(tree: Tree) -> None:
    text(body(tree), "text")


@bend("M43k", "an element after the Body", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(wrapper())


@bend("M43l", "the Body before the Header", *OUTLINE)
def _(tree: Tree) -> None:
    tree.append(header(tree))


@forge("M43m", "an element inside wsa:Action", *OUTLINE)
def _(tree: Tree) -> None:
    one(tree, ACTION).append(wrapper())


@forge("M43n", "a wsa:MessageID of a megabyte", *OUTLINE)
def _(tree: Tree) -> None:
    text(one(tree, MESSAGE_ID), "x" * 10**6)


@forge("M43o", "an empty wsa:MessageID", *OUTLINE)
def _(tree: Tree) -> None:
    text(one(tree, MESSAGE_ID), " ")


@forge("M43p", "RelatesTo of another relationship", *OUTLINE)
def _(tree: Tree) -> None:
    etree.SubElement(header(tree), f"{{{WSA}}}RelatesTo", RelationshipType="urn:x").text = "urn:uuid:1"


@bend("M43q", "a thousand headers", *OUTLINE)
def _(tree: Tree) -> None:
    header(tree).extend([wrapper() for _number in range(1000)])


@bend("M43r", "another root around the Envelope", *OUTLINE)
def _(tree: Tree) -> None:
    inner = copy.deepcopy(tree)
    del tree[:]
    tree.append(inner)


@vector("M43s", "an unknown element in the Security header", SecurityMalformed)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    etree.SubElement(security(tree), f"{{{WSSE}}}UsernameToken")
    return simple(tree)


@vector("M43t", "text in the Security header", SecurityMalformed)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"<wsu:Timestamp", b"text<wsu:Timestamp")


@vector("M43u", "a relative namespace name in a signed part: it has no canonical form")
def _(kit: Kit) -> Message:
    return raw_edit(kit, b"<xds:Request ", b'<xds:Request xmlns:r="relative" ')


@vector("M43v", "the same part name in another Envelope namespace", SoapVersionRefused, MalformedEnvelope)
def _(kit: Kit) -> Message:
    octets = kit.octets()
    return simple(octets.replace(ENVELOPE[1:-9].encode(), b"urn:soap-envelope"))


@forge("M43w", "an unknown attribute on the Timestamp", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TIMESTAMP).set("more", "more")
