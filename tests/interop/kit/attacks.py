"""Attacks on the kit's own signed messages: a function each, its docstring the one-line description."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tests.interop.kit import names

WSU_ID = f"{{{names.NS['wsu']}}}Id"
S, WSSE, DS, WSA = (f"{{{names.NS[prefix]}}}" for prefix in ("s", "wsse", "ds", "wsa"))
FOREIGN = "{urn:attack}Wrapper"


@dataclass
class Target:
    """A good signed message and what the attacker would rather have done."""

    tree: etree._Element
    evil: str  # content of the attacker's Body

    @property
    def body(self) -> etree._Element:
        """The signed Body."""
        return self.find("s:Body")

    def find(self, path: str) -> etree._Element:
        """Find, surely."""
        found = self.tree.find(path, names.NS)
        assert found is not None, path
        return found

    @property
    def header(self) -> etree._Element:
        """The Header."""
        return self.find("s:Header")

    @property
    def security(self) -> etree._Element:
        """The Security header."""
        return self.find("s:Header/wsse:Security")

    @property
    def signature(self) -> etree._Element:
        """The message's signature."""
        return self.find("s:Header/wsse:Security/ds:Signature")

    def evil_body(self, own: str | None) -> etree._Element:
        """The attacker's Body with this id, or none."""
        body = copy.deepcopy(self.body)
        body.clear()
        if own:
            body.set(WSU_ID, own)
        body.append(self.evil_payload())
        return body

    def evil_payload(self) -> etree._Element:
        """What stands in it."""
        spaces = " ".join(f'xmlns:{p}="{names.NS[p]}"' for p in ("rim", "rs", "lcm", "query", "xds", "wsa"))
        return etree.fromstring(f"<w {spaces}>{self.evil}</w>")[0]

    def swap(self, own: str | None, home: etree._Element, at: int = 0, wrapper: str | None = FOREIGN) -> None:
        """E to the Body's place, G to a new home."""
        good = self.body
        self.tree.replace(good, self.evil_body(own))
        if wrapper:
            holder = etree.Element(wrapper)
            holder.append(good)
            good = holder
        home.insert(at, good)


Attack = Callable[[Target], "etree._Element | bytes | None"]
ATTACKS: dict[str, Attack] = {}


def attack(name: str) -> Callable[[Attack], Attack]:
    """Register an attack."""

    def keep(function: Attack) -> Attack:
        ATTACKS[name] = function
        return function

    return keep


def _generated() -> None:
    """WS-Attacker's product: where G goes, its wrapper, the id of E, before or after."""
    homes: dict[str, Callable[[Target], etree._Element]] = {
        "Header": lambda t: t.header,
        "Security": lambda t: t.security,
        "Signature": lambda t: t.signature,
        "KeyInfo": lambda t: t.signature.find("ds:KeyInfo", names.NS),
        "ReplyTo": lambda t: t.find("s:Header/wsa:ReplyTo"),
        "Timestamp": lambda t: t.find(".//wsu:Timestamp"),
        "Envelope": lambda t: t.tree,
    }
    wrappers = {
        "wrapped": FOREIGN,
        "bare": None,
        "in ds:Object": DS + "Object",
        "in a fake Header": S + "Header",
        "in wsa parameters": WSA + "ReferenceParameters",
    }
    owns: dict[str, str | None] = {"new id": "evil-1", "no id": None, "same id": "id-Body"}
    for home, find in homes.items():
        for wrapper, tag in wrappers.items():
            for own, value in owns.items():
                for place, at in (("first", 0), ("last", 99)):

                    def run(
                        target: Target,
                        find: Callable[[Target], etree._Element] = find,
                        tag: str | None = tag,
                        value: str | None = value,
                        at: int = at,
                    ) -> None:
                        target.swap(value, find(target), at, tag)

                    ATTACKS[f"XSW {home}, {wrapper}, {own}, {place}"] = run


_generated()


@attack("M1 body edited")
def _(t: Target) -> None:
    t.body.append(copy.deepcopy(t.body[0]))


@attack("M1 attribute edited")
def _(t: Target) -> None:
    t.body[0].set("comment", "x")


@attack("M6 two bodies, E first")
def _(t: Target) -> None:
    t.body.addprevious(t.evil_body(None))


@attack("M7 two bodies, G first")
def _(t: Target) -> None:
    t.tree.append(t.evil_body(None))


@attack("M8 G inside E Body")
def _(t: Target) -> None:
    good = t.body
    evil = t.evil_body(None)
    t.tree.replace(good, evil)
    evil.append(good)


@attack("M9 G inside E's operation")
def _(t: Target) -> None:
    good = t.body
    evil = t.evil_body("evil-1")
    t.tree.replace(good, evil)
    evil[0].insert(0, good)


@attack("M12 Timestamp wrapped, fresh one in its place")
def _(t: Target) -> None:
    old = t.find(".//wsu:Timestamp")
    fresh = copy.deepcopy(old)
    fresh.attrib.pop(WSU_ID)
    fresh[0].text = (fresh[0].text or "").replace("20", "20", 1)
    t.security.replace(old, fresh)
    etree.SubElement(t.header, FOREIGN).append(old)


@attack("M12 second Timestamp before")
def _(t: Target) -> None:
    old = t.find(".//wsu:Timestamp")
    fresh = copy.deepcopy(old)
    fresh.attrib.pop(WSU_ID)
    old.addprevious(fresh)


def _twin(t: Target, part: str) -> etree._Element:
    """A header without its id."""
    twin = copy.deepcopy(t.find(f"s:Header/wsa:{part}"))
    twin.attrib.pop(WSU_ID)
    return twin


def _changed(t: Target, part: str) -> None:
    t.find(f"s:Header/wsa:{part}").text += "x"


def _removed(t: Target, part: str) -> None:
    t.header.remove(t.find(f"s:Header/wsa:{part}"))


def _doubled(t: Target, part: str) -> None:
    twin = _twin(t, part)
    twin.text = f"urn:evil:{part}"
    t.header.insert(0, twin)


def _moved(t: Target, part: str) -> None:
    old = t.find(f"s:Header/wsa:{part}")
    t.header.replace(old, _twin(t, part))
    etree.SubElement(t.header, FOREIGN).append(old)


for _part in ("To", "Action", "MessageID"):
    for _how in (_changed, _removed, _doubled, _moved):
        ATTACKS[f"M13 {_part} {_how.__name__[1:]}"] = functools.partial(_how, part=_part)


@attack("M14 Signature removed")
def _(t: Target) -> None:
    t.security.remove(t.signature)


@attack("M15 Security removed")
def _(t: Target) -> None:
    t.header.remove(t.security)


@attack("M18 XPath in Reference URI")
def _(t: Target) -> None:
    t.signature.find(".//ds:Reference", names.NS).set("URI", "#x' or @*='id-Body")


@attack("M19 URI empty")
def _(t: Target) -> None:
    t.signature.find(".//ds:Reference", names.NS).set("URI", "")


@attack("M20 comment in the signed Body")
def _(t: Target) -> None:
    value = t.body.find(".//rim:Value", names.NS)
    text = value.text or "xy"
    value.text = text[:1]
    comment = etree.Comment("x")
    comment.tail = text[1:]
    value.append(comment)


@attack("M20 processing instruction in the Header")
def _(t: Target) -> None:
    t.header.insert(0, etree.ProcessingInstruction("xml-stylesheet", 'href="http://x"'))


def _bad_twin(t: Target) -> etree._Element:
    twin = copy.deepcopy(t.signature)
    value = twin.find("ds:SignatureValue", names.NS)
    value.text = "AAAA" + (value.text or "")[4:]
    return twin


@attack("M21 bad signature first")
def _(t: Target) -> None:
    t.signature.addprevious(_bad_twin(t))


@attack("M21 bad signature second")
def _(t: Target) -> None:
    t.signature.addnext(_bad_twin(t))


@attack("M22 old Envelope nested in the Header of another")
def _(t: Target) -> etree._Element:
    outer = etree.Element(S + "Envelope", nsmap=t.tree.nsmap)
    header = etree.SubElement(outer, S + "Header")
    for child in t.header:
        header.append(copy.deepcopy(child))
    evil = t.evil_body(None)
    etree.SubElement(header, FOREIGN).append(t.tree)
    outer.append(evil)
    return outer


@attack("M23 second Header before")
def _(t: Target) -> None:
    t.header.addprevious(etree.Element(S + "Header"))


@attack("M23 second Header after")
def _(t: Target) -> None:
    t.header.addnext(copy.deepcopy(t.header))


@attack("M27 RetrievalMethod")
def _(t: Target) -> None:
    info = t.signature.find("ds:KeyInfo", names.NS)
    info.clear()
    etree.SubElement(info, DS + "RetrievalMethod", URI="http://127.0.0.1:9/key")


@attack("M26 token outside Security")
def _(t: Target) -> None:
    t.header.append(t.find(".//wsse:BinarySecurityToken"))


@attack("M26 two tokens of one id")
def _(t: Target) -> None:
    token = t.find(".//wsse:BinarySecurityToken")
    token.addnext(copy.deepcopy(token))


@attack("M26 second KeyInfo child")
def _(t: Target) -> None:
    held = etree.SubElement(t.signature.find("ds:KeyInfo", names.NS), DS + "X509Data")
    etree.SubElement(held, DS + "X509Certificate").text = t.find(".//wsse:BinarySecurityToken").text


@attack("M34 SignatureValue truncated")
def _(t: Target) -> None:
    value = t.signature.find("ds:SignatureValue", names.NS)
    value.text = (value.text or "")[:20]


@attack("M34 SignatureValue empty")
def _(t: Target) -> None:
    t.signature.find("ds:SignatureValue", names.NS).text = ""


@attack("M34 SignatureValue of zeros")
def _(t: Target) -> None:
    t.signature.find("ds:SignatureValue", names.NS).text = "A" * 86 + "=="


@attack("M34 digest truncated")
def _(t: Target) -> None:
    value = t.signature.find(".//ds:DigestValue", names.NS)
    value.text = (value.text or "")[:8]


@attack("M35 second Security for another role, evil without")
def _(t: Target) -> None:
    t.security.set(S + "role", "http://www.w3.org/2003/05/soap-envelope/role/next")
    twin = etree.Element(WSSE + "Security")
    t.header.insert(0, twin)


@attack("M35 Security for none")
def _(t: Target) -> None:
    t.security.set(S + "role", "http://www.w3.org/2003/05/soap-envelope/role/none")


@attack("M36 id as xml:id on E")
def _(t: Target) -> None:
    good = t.body
    t.swap(None, t.header, 0, FOREIGN)
    assert good is not None
    t.body.set("{http://www.w3.org/XML/1998/namespace}id", "id-Body")


@attack("M36 id as Id on E")
def _(t: Target) -> None:
    t.swap(None, t.header, 0, FOREIGN)
    t.body.set("Id", "id-Body")


@attack("M36 id declared by a DOCTYPE")
def _(t: Target) -> bytes:
    t.swap(None, t.header, 0, FOREIGN)
    t.body.set("name", "id-Body")
    declared = b"<!DOCTYPE s:Envelope [<!ATTLIST s:Body name ID #IMPLIED>]>"
    return declared + etree.tostring(t.tree)


@attack("M38 namespace injection")
def _(t: Target) -> bytes:
    text = etree.tostring(t.tree)
    evil = f'<s:Header xmlns:wsa="urn:evil" xmlns:old="{names.NS["wsa"]}">'.encode()
    return text.replace(b"<s:Header>", evil, 1)


@attack("M32 a hundred references more")
def _(t: Target) -> None:
    first = t.signature.find(".//ds:Reference", names.NS)
    for _ in range(100):
        first.addnext(copy.deepcopy(first))


@attack("Body in another namespace beside")
def _(t: Target) -> None:
    twin = t.evil_body(None)
    twin.tag = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
    t.body.addprevious(twin)


@attack("SignedInfo twice (XSW9)")
def _(t: Target) -> None:
    info = t.signature.find("ds:SignedInfo", names.NS)
    twin = copy.deepcopy(info)
    twin.find(".//ds:DigestValue", names.NS).text = "AAAA"
    info.addprevious(twin)
