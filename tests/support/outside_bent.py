"""Messages that were good and are not any more, and good ones of the wrong sender: see `outside_attacks`."""

import copy
import re

from lxml import etree

from erepo.acting import names as saml
from erepo.p1 import names
from erepo.soap import names as soap
from erepo.soap.names import ASSERTION, SAML2, SECURITY, SIGNATURE, WSU_ID
from erepo.soap.signing import ReadyAssertion, sha256
from tests.support.foreign_provider import Message
from tests.support.outside import OutsideWorld, stranger
from tests.support.outside_attacks import (
    BEARER,
    EVIL,
    FORM,
    SECURITY_FORM,
    SENDER,
    XML,
    Tree,
    after,
    at,
    attribute,
    bend,
    said,
    setting,
    twice,
    vector,
    without,
)


def _commented(root: Tree) -> None:
    value = attribute(root, names.RESOURCE_ID)[0]
    whole = value.text
    value.text = whole[:20]
    comment = etree.Comment("x")
    comment.tail = whole[20:]
    value.append(comment)


def _reference(root: Tree) -> Tree:
    return next(root.iter(soap.REFERENCE))


def _transform(root: Tree, algorithm: str) -> None:
    list(root.iter(soap.TRANSFORM))[-1].set("Algorithm", algorithm)


def _method(root: Tree, algorithm: str) -> None:
    next(root.iter(soap.SIGNATURE_METHOD)).set("Algorithm", algorithm)


def _second_info(root: Tree) -> None:
    info = next(root.iter(soap.SIGNED_INFO))
    info.addprevious(copy.deepcopy(info))


def _key_info(root: Tree) -> None:
    signature = root.find(SIGNATURE)
    for old in signature.findall(soap.KEY_INFO):
        signature.remove(old)
    info = etree.SubElement(signature, soap.KEY_INFO)
    etree.SubElement(info, f"{{{soap.DS}}}RetrievalMethod", URI="http://127.0.0.1:9/")


def _cut(root: Tree) -> None:
    value = next(root.iter(soap.SIGNATURE_VALUE))
    value.text = re.sub(r"\s", "", value.text)[:-12]


# Wrapping: G is the genuine assertion, E an evil copy, S the signature.
def _found(tree: Tree) -> tuple[Tree, Tree, Tree]:
    good = next(tree.iter(ASSERTION))
    evil = copy.deepcopy(good)
    attribute(evil, names.RESOURCE_ID)[0].text = EVIL
    return good, evil, good.getparent()


def _bare(assertion: Tree) -> Tree:
    assertion.remove(assertion.find(SIGNATURE))
    return assertion


def _xsw1(tree: Tree) -> None:
    good, evil, place = _found(tree)
    evil.set("ID", "_evil")
    place.replace(good, evil)
    evil.find(SIGNATURE).append(_bare(good))


def _xsw2(tree: Tree) -> None:
    good, evil, place = _found(tree)
    evil.set("ID", "_evil")
    place.replace(good, evil)
    evil.find(SIGNATURE).addprevious(_bare(good))


def _xsw3(tree: Tree) -> None:
    good, evil, _ = _found(tree)
    _bare(evil).set("ID", "_evil")
    good.addprevious(evil)


def _xsw4(tree: Tree) -> None:
    good, evil, place = _found(tree)
    _bare(evil).set("ID", "_evil")
    place.append(evil)
    evil.append(good)


def _xsw5(tree: Tree) -> None:
    good, evil, place = _found(tree)
    evil.set("ID", "_evil")
    place.replace(good, evil)
    place.append(_bare(good))


def _xsw6(tree: Tree) -> None:
    good, evil, place = _found(tree)
    evil.set("ID", "_evil")
    place.replace(good, evil)
    evil.find(SIGNATURE).append(_bare(good))


def _xsw7(tree: Tree) -> None:
    good, evil, _ = _found(tree)
    extensions = etree.Element(f"{{{SAML2}}}Extensions")
    extensions.append(_bare(evil))
    good.addprevious(extensions)


def _xsw8(tree: Tree) -> None:
    good, evil, place = _found(tree)
    evil.set("ID", "_evil")
    place.replace(good, evil)
    etree.SubElement(evil.find(SIGNATURE), f"{{{soap.DS}}}Object").append(_bare(good))


def _in_header(tree: Tree) -> None:
    good, evil, place = _found(tree)
    place.replace(good, _bare(evil))
    place.getparent().append(good)


def _in_body(tree: Tree) -> None:
    good, evil, place = _found(tree)
    place.replace(good, _bare(evil))
    tree[1][0].append(good)


def _same_id(tree: Tree) -> None:
    header = etree.SubElement(tree[0], "{urn:x}note")
    header.set(WSU_ID, _found(tree)[0].get("ID"))


def _second_security(tree: Tree) -> None:
    etree.SubElement(tree[0], SECURITY)


def _fresh(tree: Tree) -> None:
    tree.find(f".//{soap.CREATED}").text = at(seconds=1)


def _unsigned(tree: Tree) -> None:
    security = tree[0].find(SECURITY)
    security.remove(security.find(SIGNATURE))


# What was signed.
after("E1", "the patient changed", lambda root: setattr(attribute(root, names.RESOURCE_ID)[0], "text", EVIL))
after("E2", "the end of its time moved", setting(saml.CONDITIONS, "NotOnOrAfter", lambda: at(hours=20)))
after("E3", "the signature removed", without(SIGNATURE))
after("E4", "a second signature", twice(SIGNATURE))
after("E5", "its ID changed", setting(".", "ID", lambda: "_other"))
after("E6", "no ID", lambda root: root.attrib.pop("ID"))
after(
    "E7",
    "a comment inside a value (M20)",
    _commented,
    XML,
)
after(
    "E8",
    "a processing instruction inside",
    lambda root: root.append(etree.ProcessingInstruction("x", "y")),
    XML,
)
after("E9", "SAML 1.1", setting(".", "Version", lambda: "1.1"))
after(
    "E10", "an element that SAML does not know", lambda root: etree.SubElement(root, f"{{{SAML2}}}Extension")
)
after("E11", "a reference to the whole document (M19)", lambda root: _reference(root).set("URI", ""))
after(
    "E12",
    "a reference to another address (M33)",
    lambda root: _reference(root).set("URI", "http://127.0.0.1:9/"),
)
after(
    "E13",
    "an XSLT transform (M31)",
    lambda root: _transform(root, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
)
after(
    "E14",
    "an XPath transform (M31)",
    lambda root: _transform(root, "http://www.w3.org/2002/06/xmldsig-filter2"),
)
after(
    "E15",
    "inclusive canonicalisation (M30)",
    lambda root: _transform(root, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
)
after("E16", "rsa-sha1 (M17)", lambda root: _method(root, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"))
after(
    "E17",
    "an HMAC keyed with P1's public key (M28)",
    lambda root: _method(root, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
)
after("E18", "a second SignedInfo (XSW9)", _second_info)
after("E19", "KeyInfo that leads elsewhere (M27)", _key_info)
after("E20", "a cut signature value (M34)", _cut)
for _number, _edit in enumerate((_xsw1, _xsw2, _xsw3, _xsw4, _xsw5, _xsw6, _xsw7, _xsw8), 1):
    bend(f"XSW{_number}", "the assertion wrapped", _edit, BEARER, SECURITY_FORM)
bend("W1", "the genuine one in another header, an evil one in its place", _in_header, BEARER, FORM)
bend("W2", "the genuine one in the Body, an evil one in its place", _in_body, "soap.signature-invalid")
bend("W3", "the assertion twice", lambda tree: _found(tree)[0].addnext(_found(tree)[1]), SECURITY_FORM)
bend("W4", "no assertion", lambda tree: _found(tree)[2].remove(_found(tree)[0]), BEARER)
bend(
    "W5",
    "the ID of the assertion on another header",
    _same_id,
    BEARER,
    "soap.coverage-refused",
)
bend(
    "W6",
    "a second Security header for another role (M35)",
    _second_security,
    FORM,
    SECURITY_FORM,
)
# The message that carries it.
bend(
    "M1", "the Body edited", lambda tree: setattr(tree[1][0][0][1], "text", "1.2.3"), "soap.signature-invalid"
)
bend("M12", "another Timestamp", _fresh, "soap.signature-invalid")
bend("M14", "the message's signature removed", _unsigned, "soap.security-missing")
bend(
    "M15", "no Security header", lambda tree: tree[0].remove(tree[0].find(SECURITY)), "soap.security-missing"
)
bend("M16", "no MessageID", lambda tree: tree[0].remove(tree[0].find(soap.MESSAGE_ID)), FORM)


@vector("M24", "signed by a key nobody vouches for", "soap.signer-refused")
def _signer(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(), signer=stranger())


@vector("S1", "signed by another provider than the connection's", SENDER)
def _another(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(), signer=world.another.provider.wss)


@vector("S2", "signed by P1 itself", "soap.signer-refused")
def _p1(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.assertion(), signer=world.of_p1("wss"))


@vector("S3", "a token of another provider, stolen, in the thief's own message")
def _stolen(world: OutsideWorld, document: str) -> Message:
    return said(world, document, world.another.token().assertion)


@vector("S4", "one octet of the token changed by hand")
def _octet(world: OutsideWorld, document: str) -> Message:
    good = world.assertion()
    octets = good.octets.replace(b"medical doctor", b"nurse")
    return said(world, document, ReadyAssertion(good.identifier, octets, sha256(octets)))
