"""MTOM and XOP (W3C; IHE ITI TF-2 V.8.2): documents travel as MIME parts beside the XML, octet for octet.

A receiver accepts both forms of a document, base64 text in place and an `xop:Include` that names a part.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from erepo.content import Buffer, Content
from erepo.settings import Limits
from erepo.soap.errors import MalformedEnvelope, MalformedMultipart, MalformedXop, SoapVersionRefused
from erepo.soap.mime import Part, content_id_of, parse_media_type, split_parts
from erepo.soap.names import (
    BODY,
    ENVELOPE,
    HEADER,
    MULTIPART_TYPE,
    SECURITY,
    SOAP11,
    SOAP_TYPE,
    TOKEN,
    XOP,
    XOP_INCLUDE,
    XOP_TYPE,
)
from erepo.soap.parsing import parse_xml
from erepo.xmlsig.forms import decode_base64, has_text

_OLD_SOAP_TYPE = "text/xml"
_ROOT_TYPES = frozenset({XOP_TYPE, SOAP_TYPE, _OLD_SOAP_TYPE})
#: Where a token stands, from the inside out.
_TOKEN_PATH = [TOKEN, SECURITY, HEADER, ENVELOPE]
_CONTENT_ID = re.compile(r"[A-Za-z0-9._@+-]{1,200}")
_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}(; ?[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*"
)


@dataclass(frozen=True)
class Attachment:
    """One document to be sent beside the XML; `include(content_id)` says where it belongs.

    Attributes:
        content_id: unique in the message; letters, digits and `._@+-`.
        content: its octets.
        media_type: of the MIME part; one that is no plain media type is sent as application/octet-stream.

    Raises:
        ValueError: a content id that would need escaping.
    """

    content_id: str
    content: Content
    media_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        """Keep whatever a document's metadata says out of the MIME headers."""
        if not _CONTENT_ID.fullmatch(self.content_id):
            raise ValueError("content id")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            object.__setattr__(self, "media_type", "application/octet-stream")


@dataclass(frozen=True)
class Received:
    """A message cut into its pieces; nothing in it is trusted yet.

    Attributes:
        envelope: root of the only tree.
        attachments: octets by content id, views into the received body.
        multipart: whether it came as MTOM; the answer goes the same way.
        includes: content id of each xop:Include, by its element.
    """

    envelope: etree._Element
    attachments: Mapping[str, memoryview] = field(repr=False)
    multipart: bool
    includes: Mapping[etree._Element, str] = field(default_factory=dict, repr=False)


def include(content_id: str) -> etree._Element:
    """Return the xop:Include that stands where the base64 text of an attachment would."""
    element = etree.Element(XOP_INCLUDE, nsmap={"xop": XOP})
    element.set("href", f"cid:{content_id}")
    return element


def unpack(content_type: str, body: Buffer, limits: Limits) -> Received:
    """Cut a received HTTP body into the SOAP tree and its attachments.

    Simple SOAP 1.2 (`application/soap+xml`) and MTOM (`multipart/related` with a root of
    `application/xop+xml`), parts in any order, `start=` honoured, any Content-Transfer-Encoding of RFC 2045.

    Args:
        content_type: the HTTP header.
        body: the octets; a `bytes` or `bytearray` is not copied and must not change while the result is used.
        limits: bounds; see `erepo.settings.Limits`.

    Raises:
        MalformedXml, MalformedMultipart, MalformedXop, MalformedEnvelope, SoapVersionRefused: with the rule.
    """
    if len(body) > limits.message:
        raise MalformedEnvelope(rule=f"larger than {limits.message} bytes")
    media = parse_media_type(content_type)
    if media.value == MULTIPART_TYPE:
        return _unpack_multipart(media.parameters, body, limits)
    if media.value == _OLD_SOAP_TYPE:
        raise SoapVersionRefused(rule="SOAP 1.1 media type")
    if media.value != SOAP_TYPE:
        raise MalformedEnvelope(rule="not a SOAP media type")
    _check_charset(media.parameters)
    envelope = _read_envelope(body, limits.message, limits)
    if _includes(envelope):
        raise MalformedXop(rule="xop:Include in a message without parts")
    return Received(envelope, MappingProxyType({}), multipart=False)


def octets_of(received: Received, element: etree._Element) -> Buffer:
    """Return the binary value of an element: the part its xop:Include names, or its base64 text decoded.

    Raises:
        MalformedXop: neither of the two.
    """
    if len(element):
        found = received.includes.get(element[0])
        if found is None:
            raise MalformedXop(rule="element inside a binary value")
        return received.attachments[found]
    return decode_base64(element.text or "", MalformedXop)


def _unpack_multipart(parameters: Mapping[str, str], body: Buffer, limits: Limits) -> Received:
    whole = body if isinstance(body, bytes | bytearray) else bytes(body)
    parts = split_parts(whole, parameters.get("boundary", ""), limits)
    root, attachments = _pick_root(parts, parameters.get("start", ""))
    _check_root(root, parameters)
    envelope = _read_envelope(bytes(root.octets), limits.soap_part, limits)
    includes = _includes(envelope)
    bound = {node: _resolve(node, attachments) for node in includes}
    names = set(bound.values())
    if len(names) != len(bound):
        raise MalformedXop(rule="two xop:Include name one part")
    if len(names) != len(attachments):
        raise MalformedXop(rule="a part that no xop:Include names")
    return Received(envelope, MappingProxyType(attachments), multipart=True, includes=MappingProxyType(bound))


def _pick_root(parts: list[Part], start: str) -> tuple[Part, dict[str, memoryview]]:
    if not parts:
        raise MalformedMultipart(rule="no parts")
    wanted = start.strip("<> ")
    root = next((part for part in parts if part.content_id == wanted), None) if wanted else parts[0]
    if root is None:
        raise MalformedMultipart(rule="start= names no part")
    attachments: dict[str, memoryview] = {}
    for part in parts:
        if part is root:
            continue
        name = part.content_id
        if not name or name in attachments or name == root.content_id:
            raise MalformedMultipart(rule="a Content-ID is missing or there twice")
        attachments[name] = part.octets
    return root, attachments


def _check_root(root: Part, parameters: Mapping[str, str]) -> None:
    """Check what the root part says of itself; which SOAP it is, its envelope says.

    Some senders name the root text/xml or application/soap+xml, also where it holds xop:Include.
    """
    if parameters.get("type", XOP_TYPE).lower() not in _ROOT_TYPES:
        raise MalformedMultipart(rule="type= is neither application/xop+xml nor a SOAP media type")
    media = parse_media_type(root.fields.get("content-type", ""))
    if media.value not in _ROOT_TYPES:
        raise MalformedMultipart(rule="the root part is neither application/xop+xml nor SOAP")
    inner = media.parameters.get("type", SOAP_TYPE)
    if media.value == XOP_TYPE and parse_media_type(inner).value not in (SOAP_TYPE, _OLD_SOAP_TYPE):
        raise SoapVersionRefused(rule="another media type inside XOP than SOAP's")
    _check_charset(media.parameters)


def _check_charset(parameters: Mapping[str, str]) -> None:
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise MalformedEnvelope(rule="charset other than UTF-8")


def _read_envelope(octets: Buffer, size: int, limits: Limits) -> etree._Element:
    envelope = parse_xml(octets, size, limits.xml)
    if envelope.tag == f"{{{SOAP11}}}Envelope":
        raise SoapVersionRefused(rule="SOAP 1.1 envelope")
    if envelope.tag != ENVELOPE:
        raise MalformedEnvelope(rule="the root is no SOAP 1.2 envelope")
    return envelope


def _includes(envelope: etree._Element) -> list[etree._Element]:
    """Return all xop:Include, each the only thing in an element of the Body or in the security token."""
    found = list(envelope.iter(XOP_INCLUDE))
    for node in found:
        parent = node.getparent()
        # White space is base64's own, so it may stand around the Include of an indented message.
        if parent is None or len(parent) != 1 or len(node) or node.text or has_text(parent):
            raise MalformedXop(rule="xop:Include is not alone in its element")
        if node.attrib.keys() != ["href"]:
            raise MalformedXop(rule="xop:Include with other attributes than href")
        path = [each.tag for each in node.iterancestors()]
        if path[-2:-1] != [BODY] and path != _TOKEN_PATH:
            raise MalformedXop(rule="xop:Include outside the Body")
    return found


def _resolve(node: etree._Element, attachments: Mapping[str, memoryview]) -> str:
    href = node.get("href", "")
    name = content_id_of(href)
    if name in attachments:
        return name
    # Some senders write the escaped form into Content-ID as well.
    if href[4:] in attachments:
        return href[4:]
    raise MalformedXop(rule="xop:Include names no part")
