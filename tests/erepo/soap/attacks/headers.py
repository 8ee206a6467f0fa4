"""M35, M36 and M38: roles, ids and namespaces."""

import copy

from lxml import etree

from erepo.soap.errors import (
    CoverageRefused,
    MalformedEnvelope,
    SecurityMalformed,
    SignatureInvalid,
)
from erepo.soap.names import (
    SOAP,
    TOKEN,
    WSSE_REFERENCE,
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
    security,
    simple,
    vector,
)


@bend("M35", "two Security headers", *OUTLINE)
def _(tree: Tree) -> None:
    header(tree).append(copy.deepcopy(security(tree)))


@bend("M35b", "two Security headers, one for another role", *OUTLINE)
def _(tree: Tree) -> None:
    second = copy.deepcopy(security(tree))
    second.set(f"{{{SOAP}}}role", "urn:other")
    header(tree).insert(0, second)


@bend("M35c", "the Security header for another role", SecurityMalformed)
def _(tree: Tree) -> None:
    security(tree).set(f"{{{SOAP}}}role", "urn:other")


for _code, _name in [
    ("M36", "Id"),
    ("M36b", "ID"),
    ("M36c", "id"),
    ("M36d", "{http://www.w3.org/XML/1998/namespace}id"),
]:

    @forge(_code, f"the Body named by {_name} instead of wsu:Id", CoverageRefused)
    def _(tree: Tree, name: str = _name) -> None:
        del body(tree).attrib[WSU_ID]
        body(tree).set(name, "body")


for _code, _name in [
    ("M36e", "Id"),
    ("M36f", "ID"),
    ("M36g", "{http://www.w3.org/XML/1998/namespace}id"),
    ("M36h", WSU_ID),
]:

    @bend(_code, f"another element with the Body's id in {_name}", CoverageRefused)
    def _(tree: Tree, name: str = _name) -> None:
        element = etree.SubElement(header(tree), "{urn:foreign}Other")
        element.set(name, "body")


@vector("M36i", "an id declared by a DTD")
def _(kit: Kit) -> Message:
    dtd = b"<!DOCTYPE x [<!ATTLIST x y ID #IMPLIED>]>"
    return simple(dtd + kit.octets())


@vector("M38", "a prefix of the Body bound to another namespace", SignatureInvalid)
def _(kit: Kit) -> Message:
    return raw_edit(kit, b'xmlns:xds="urn:ihe:iti:xds-b:2007"', b'xmlns:xds="urn:evil"', 99)


@bend("M38b", "a namespace injected that a naive XPath would follow", SignatureInvalid, MalformedEnvelope)
def _(tree: Tree) -> None:
    good = body(tree)
    moved = etree.fromstring(etree.tostring(good).replace(SOAP.encode(), b"urn:injected"))
    tree.replace(good, evil(good, "same"))
    header(tree).append(moved)


@forge("M36j", "two parts of one id", CoverageRefused)
def _(tree: Tree) -> None:
    one(tree, TOKEN).set(WSU_ID, "body")
    one(tree, WSSE_REFERENCE).set("URI", "#body")
