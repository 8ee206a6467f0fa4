"""No good message is refused: what other toolkits write differently is understood (IHE ITI TF-2 V)."""

import copy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from erepo.soap.mtom import unpack
from erepo.soap.names import (
    ACTION,
    ADDRESS,
    ANONYMOUS,
    C14N_METHOD,
    CREATED,
    DS,
    EXPIRES,
    INCLUSIVE_NAMESPACES,
    KEY_INFO,
    MESSAGE_ID,
    MUST_UNDERSTAND,
    REFERENCE,
    RELATES_TO,
    REPLY_TO,
    ROLE,
    SECURITY,
    SIGNATURE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    SOAP,
    TIMESTAMP,
    TO,
    TOKEN,
    TOKEN_REFERENCE,
    TRANSFORM,
    WSA,
    WSU_ID,
    X509_TOKEN,
    XML,
)
from erepo.soap.verifying import Verified
from tests.support.attack_kit import (
    Kit,
    Tree,
    body,
    drop_references,
    forge,
    header,
    one,
    reference_to,
    security,
    text,
    wrapper,
)
from tests.support.soap_messages import LIMITS, Identity, identity

SIMPLE = "application/soap+xml; charset=utf-8"
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@pytest.fixture(scope="module")
def kit(elliptic: Identity) -> Kit:
    """Return signers; the victim's and the elder's messages are good ones."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity())


def proven(kit: Kit, octets: bytes, content_type: str = SIMPLE) -> Verified:
    """Verify a message."""
    return kit.victim.verifier().verify(unpack(content_type, octets, LIMITS))


def rename(tree: Tree, tag: str, identifier: str) -> None:
    """Give a signed part another id."""
    part = one(tree, tag)
    reference_to(tree, part.get(WSU_ID, "")).set("URI", f"#{identifier}")
    part.set(WSU_ID, identifier)


def prefixes(tree: Tree, *names: str, place: str = TRANSFORM) -> None:
    """Add a PrefixList to the first (or every) canonicalisation."""
    for node in tree.iter(place):
        etree.SubElement(node, INCLUSIVE_NAMESPACES, PrefixList=" ".join(names))


def moment(**shift: float) -> str:
    """Return a moment near now."""
    return f"{datetime.now(UTC) + timedelta(**shift):%Y-%m-%dT%H:%M:%SZ}"


def foreign(tree: Tree, **attributes: str) -> None:
    """Add an unsigned header of somebody else's."""
    block = wrapper(etree.Element("{urn:foreign}inner"))
    for name, value in attributes.items():
        block.set(f"{{{SOAP}}}{name}", value)
    header(tree).insert(0, block)


def answer_to(tree: Tree, tag: str, address: str = ANONYMOUS) -> None:
    """Add an endpoint header."""
    etree.SubElement(etree.SubElement(header(tree), tag), ADDRESS).text = address


def relate(tree: Tree) -> None:
    """Add a signed RelatesTo that names its relationship."""
    block = etree.SubElement(header(tree), RELATES_TO, RelationshipType=f"{WSA}/reply")
    block.text = "urn:uuid:question"
    block.set(WSU_ID, "relates")
    reference = copy.deepcopy(reference_to(tree, "body"))
    reference.set("URI", "#relates")
    one(tree, SIGNED_INFO).append(reference)


def sign_token(tree: Tree) -> None:
    """Sign the token as well."""
    reference = copy.deepcopy(reference_to(tree, "body"))
    reference.set("URI", "#x509")
    one(tree, SIGNED_INFO).append(reference)


def reorder(tree: Tree, *tags: str) -> None:
    """Put the children of Security into an order."""
    security(tree)[:] = [one(tree, tag) for tag in tags]


def unsign_reply_to(tree: Tree) -> None:
    """Leave ReplyTo unsigned, without an id."""
    drop_references(tree, "reply-to")
    del one(tree, REPLY_TO).attrib[WSU_ID]


def without_reply_to(tree: Tree) -> None:
    """Leave ReplyTo out."""
    drop_references(tree, "reply-to")
    header(tree).remove(one(tree, REPLY_TO))


def reverse(tree: Tree) -> None:
    """Turn the order of the headers round."""
    header(tree)[:] = list(header(tree))[::-1]


def without_expires(tree: Tree) -> None:
    """Leave Expires out."""
    one(tree, TIMESTAMP).remove(one(tree, EXPIRES))


def times(created: float, expires: float, fraction: str = "") -> Callable[[Tree], object]:
    """Set the Timestamp, in seconds from the moment of the test."""

    def edit(tree: Tree) -> None:
        text(one(tree, CREATED), moment(seconds=created).replace("Z", f"{fraction}Z"))
        text(one(tree, EXPIRES), moment(seconds=expires))

    return edit


def attribute(tag: str, name: str, value: str) -> Callable[[Tree], object]:
    """Set an attribute."""
    return lambda tree: one(tree, tag).set(name, value)


def lines(tag: str) -> Callable[[Tree], object]:
    """Break base64 into lines."""

    def edit(tree: Tree) -> None:
        text(one(tree, tag), "\n" + "\r\n".join(re.findall(".{1,64}", one(tree, tag).text or "")) + "\n\t ")

    return edit


def inside_payload(octets: str) -> Callable[[Tree], object]:
    """Put more into the payload."""
    return lambda tree: body(tree)[0].append(etree.fromstring(octets))


#: Edits before signing.
SHAPES: dict[str, Callable[[Tree], object]] = {
    "as it is": lambda _: None,
    "no ReplyTo": without_reply_to,
    "an unsigned ReplyTo": unsign_reply_to,
    "FaultTo": lambda tree: answer_to(tree, f"{{{WSA}}}FaultTo"),
    "From": lambda tree: answer_to(tree, f"{{{WSA}}}From", "urn:me"),
    "RelatesTo of a named relationship": relate,
    "a foreign header": foreign,
    "a foreign header that need not be understood": lambda tree: foreign(tree, mustUnderstand="0"),
    "the same in words": lambda tree: foreign(tree, mustUnderstand=" false "),
    "a mandatory header for others": lambda tree: foreign(tree, mustUnderstand="1", role="urn:other"),
    "a mandatory header for nobody": lambda tree: foreign(
        tree, mustUnderstand="true", role=f"{SOAP}/role/none"
    ),
    "many headers": lambda tree: header(tree).extend([wrapper() for _ in range(50)]),
    "mustUnderstand in words": attribute(SECURITY, MUST_UNDERSTAND, "true"),
    "no mustUnderstand on Action": lambda tree: one(tree, ACTION).attrib.pop(MUST_UNDERSTAND),
    "the last receiver's role on Security": attribute(SECURITY, ROLE, f"{SOAP}/role/ultimateReceiver"),
    "the next one's role on To": attribute(TO, ROLE, f"{SOAP}/role/next"),
    "headers the other way round": reverse,
    "Security last": lambda tree: header(tree).append(security(tree)),
    "the Timestamp first": lambda tree: reorder(tree, TIMESTAMP, TOKEN, SIGNATURE),
    "the Signature first": lambda tree: reorder(tree, SIGNATURE, TOKEN, TIMESTAMP),
    "the token last": lambda tree: reorder(tree, TIMESTAMP, SIGNATURE, TOKEN),
    "the token signed": sign_token,
    "no Expires": without_expires,
    "whole seconds": times(0, 60),
    "tenths of seconds": times(0, 60, ".1"),
    "a clock that is ahead": times(50, 350),
    "a longer life than ours": times(0, 9 * 3600),
    "expired within the skew": times(-90, -30),
    "an id with a dash": lambda tree: rename(tree, body(tree).tag, "id-1234-abcd"),
    "an id with an underscore": lambda tree: rename(tree, TO, "_5e1c"),
    "an id of Polish letters": lambda tree: rename(tree, ACTION, "część"),
    "a long id": lambda tree: rename(tree, TIMESTAMP, "TS-" + "A" * 300),
    "an id of the payload": lambda tree: body(tree)[0].set("Id", "payload"),
    "an xml:id in the payload": lambda tree: body(tree)[0].set(f"{{{XML}}}id", "payload"),
    "ids of the Signature": lambda tree: [one(tree, tag).set("Id", "i") for tag in (SIGNATURE, SIGNED_INFO)],
    "an id of KeyInfo": attribute(KEY_INFO, "Id", "KI-1"),
    "a wsu:Id of the token reference": attribute(TOKEN_REFERENCE, WSU_ID, "STR-1"),
    "a TokenType": attribute(TOKEN_REFERENCE, f"{{{WSSE11}}}TokenType", X509_TOKEN),
    "no EncodingType": lambda tree: one(tree, TOKEN).attrib.pop("EncodingType"),
    "a token in lines": lines(TOKEN),
    "digests in lines": lines(f"{{{DS}}}DigestValue"),
    "an empty PrefixList": lambda tree: prefixes(tree, ""),
    "a PrefixList": lambda tree: prefixes(tree, "soap", "xds", "wsa"),
    "a PrefixList of the default": lambda tree: prefixes(tree, "#default", "soap"),
    "a PrefixList of unknown prefixes": lambda tree: prefixes(tree, "xs", "xsi", "ns17"),
    "a PrefixList for SignedInfo": lambda tree: prefixes(tree, "soap", "wsse", place=C14N_METHOD),
    "a schemaLocation": attribute(
        f"{{{SOAP}}}Body", f"{{{XSI}}}schemaLocation", "urn:x http://127.0.0.1:9/x.xsd"
    ),
    "a language": lambda tree: body(tree)[0].set(f"{{{XML}}}lang", "pl"),
    "xml:space in the payload": lambda tree: body(tree)[0].set(f"{{{XML}}}space", "preserve"),
    "emoji and decomposed letters": inside_payload("<n>\U0001f600 z\u0307 \u00a0</n>"),
    "escapes and line ends": inside_payload("<n a='&#10;&#9;&lt;'>&#13;&amp;]]&gt;</n>"),
    "a foreign MessageID": lambda tree: text(one(tree, MESSAGE_ID), "http://toolkit.example/4711"),
    "indented": lambda tree: etree.indent(tree, "\t"),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("signer", ["victim", "elder"])
def test_other_shapes_are_accepted(name: str, signer: str, kit: Kit) -> None:
    """What the standards leave open may be written in any way, signed with either kind of key."""
    who: Identity = getattr(kit, signer)
    tree = kit.tree(who)
    SHAPES[name](tree)
    forge.sign(tree, who)
    assert proven(kit, etree.tostring(tree)).payload.tag.endswith("}Request")


def respelled(kit: Kit, *pairs: tuple[str, str]) -> bytes:
    """Return a message whose spelling was changed before it was signed."""
    octets = kit.octets().decode()
    for before, after in pairs:
        assert before in octets
        octets = octets.replace(before, after)
    tree = etree.fromstring(octets)
    forge.sign(tree, kit.victim)
    return etree.tostring(tree)


@pytest.mark.parametrize(
    "pairs",
    [
        [("soap:", "env:"), (":soap=", ":env=")],
        [("soap:", "S:"), (":soap=", ":S="), ("wsa:", "a:"), (":wsa=", ":a=")],
        [("wsse:", "o:"), (":wsse=", ":o="), ("wsu:", "u:"), (":wsu=", ":u=")],
        [("<ds:", "<"), ("</ds:", "</"), ("xmlns:ds=", "xmlns=")],
        [("<xds:", "<"), ("</xds:", "</"), ("xmlns:xds=", "xmlns=")],
        [("<wsa:", "<"), ("</wsa:", "</"), ("xmlns:wsa=", "xmlns=")],
        [("<soap:Envelope ", "<soap:Envelope xmlns:xs='urn:xs' xmlns='urn:default' ")],
        [
            (
                "<soap:Envelope ",
                "<soap:Envelope " + " ".join(f"xmlns:ns{n}='urn:{n}'" for n in range(50)) + " ",
            )
        ],
    ],
)
def test_any_prefixes_are_understood(pairs: list[tuple[str, str]], kit: Kit) -> None:
    """Names count, prefixes do not, and neither does what else is declared."""
    assert proven(kit, respelled(kit, *pairs)).action


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<soap:Envelope", b"\xef\xbb\xbf<soap:Envelope"),
        (b"<soap:Envelope", b"<?xml version='1.0' encoding='UTF-8'?>\n<soap:Envelope"),
        (b"<soap:Envelope", b'\xef\xbb\xbf<?xml version="1.0" standalone="yes" ?>\r\n\r\n<soap:Envelope'),
        (b"<soap:Envelope", b"\r\n\t <soap:Envelope"),
        (b"</soap:Envelope>", b"</soap:Envelope >\r\n\r\n"),
        (b"<soap:Header>", b"\n  <soap:Header\n>\n    "),
        (b"</soap:Header>", b"\n</soap:Header>\n"),
        (b'wsu:Id="body"', b"wsu:Id='&#98;ody'"),
        (b"</ds:Transform>", b"</ds:Transform\n>"),
        (b">Za\xc5\xbc", b"><![CDATA[Za]]>&#x17c;"),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>&#13;\n "),
        (b"></ds:DigestMethod>", b"/>"),
        (b"<wsse:Security ", b"\n<wsse:Security  "),
        (b"</wsse:BinarySecurityToken>", b"\n</wsse:BinarySecurityToken>"),
    ],
)
def test_other_spellings_are_accepted(before: bytes, after: bytes, kit: Kit) -> None:
    """What XML lets one write differently may be changed on the way: the signature covers the meaning."""
    octets = kit.octets()
    assert before in octets
    assert proven(kit, octets.replace(before, after)).action


@pytest.mark.parametrize(
    "content_type",
    [
        "application/soap+xml",
        "Application/SOAP+XML;Charset=UTF-8",
        'application/soap+xml; charset="utf-8"; action="urn:another"',
        'application/soap+xml;action="None";charset=utf8',
        "application/soap+xml ; action=urn:x ;charset=us-ascii;",
    ],
)
def test_content_types_may_be_written_in_any_way(content_type: str, kit: Kit) -> None:
    """Case, quotes, order and an action parameter do not matter; wsa:Action, which is signed, counts."""
    assert proven(kit, kit.octets(), content_type).action == kit.sample.action


def test_every_reference_may_have_its_own_list(kit: Kit) -> None:
    """Sixteen references are read, each with a PrefixList of its own."""
    tree = kit.tree()
    for number, node in enumerate(tree.iter(REFERENCE)):
        etree.SubElement(one(node, TRANSFORM), INCLUSIVE_NAMESPACES, PrefixList=f"soap ns{number}")
    forge.sign(tree, kit.victim)
    assert proven(kit, etree.tostring(tree)).action


def test_signature_values_may_have_lines(kit: Kit) -> None:
    """Base64 in lines, with carriage returns as Java writes them."""
    tree = kit.tree(kit.elder)
    lines(SIGNATURE_VALUE)(tree)
    assert b"&#13;" in etree.tostring(tree)
    assert proven(kit, etree.tostring(tree)).action
