"""The shape of a received envelope: everything by position, every header at most once.

Business code never searches a tree for "the Body": it gets the element that stood where the Body stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from erepo.soap.errors import HeaderNotUnderstood, MalformedEnvelope
from erepo.soap.names import (
    ACTION,
    ADDRESS,
    ANONYMOUS,
    FAULT_TO,
    FROM,
    MESSAGE_ID,
    RELATES_TO,
    REPLY_TO,
    SECURITY,
    TO,
    WSA,
)
from erepo.soap.versions import SOAP_12, SoapVersion
from erepo.xmlsig.forms import has_text

_KNOWN = frozenset({ACTION, MESSAGE_ID, TO, FROM, REPLY_TO, FAULT_TO, RELATES_TO, SECURITY})
_BLANKS = " \t\r\n"
_MOST_HEADERS = 64
_LONGEST_VALUE = 2048


@dataclass(frozen=True)
class Shape:
    """The pieces of an envelope.

    Attributes:
        body: second child of the Envelope.
        payload: the only child of the Body.
        headers: known header blocks by element name, children of the only Header.
    """

    body: etree._Element
    payload: etree._Element
    headers: Mapping[str, etree._Element]

    def value(self, name: str) -> str:
        """Return the text of an addressing header, "" where it is absent.

        Raises:
            MalformedEnvelope: it is empty, too long or holds elements.
        """
        element = self.headers.get(name)
        return "" if element is None else _text(element)


def read_shape(envelope: etree._Element, version: SoapVersion = SOAP_12) -> Shape:
    """Check an envelope's outline.

    Raises:
        MalformedEnvelope: not exactly Header and Body, or not exactly one payload, or a header twice.
        HeaderNotUnderstood: a mandatory header that nobody here knows.
    """
    if [child.tag for child in envelope] != [version.name("Header"), version.name("Body")]:
        raise MalformedEnvelope(rule="the envelope is not exactly one Header and one Body")
    header, body = envelope[0], envelope[1]
    if len(body) != 1 or has_text(body) or has_text(envelope) or has_text(header):
        raise MalformedEnvelope(rule="the Body is not exactly one element")
    if len(header) > _MOST_HEADERS:
        raise MalformedEnvelope(rule=f"more than {_MOST_HEADERS} headers")
    shape = Shape(body, body[0], _known_headers(header, version))
    _check_endpoint(shape.headers.get(REPLY_TO))
    _check_endpoint(shape.headers.get(FAULT_TO))
    relates = shape.headers.get(RELATES_TO)
    if relates is not None and relates.get("RelationshipType", f"{WSA}/reply") != f"{WSA}/reply":
        raise MalformedEnvelope(rule="RelatesTo with another relationship than reply")
    return shape


def is_ours(block: etree._Element, version: SoapVersion = SOAP_12) -> bool:
    """Return whether a header block is meant for whoever receives the message last, which we are."""
    return block.get(version.name(version.role), "").strip(_BLANKS) in version.ours


def _known_headers(header: etree._Element, version: SoapVersion) -> dict[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for block in header:
        ours = is_ours(block, version)
        if block.tag not in _KNOWN:
            if ours and block.get(version.name("mustUnderstand"), "0").strip() not in ("0", "false"):
                raise HeaderNotUnderstood(rule="a mandatory header is unknown")
        elif not ours and block.tag != SECURITY:  # its own reader refuses it
            raise MalformedEnvelope(rule="an addressing header for another role")
        elif block.tag in found:
            raise MalformedEnvelope(rule="a header block twice")
        else:
            found[block.tag] = block
    return found


def _check_endpoint(endpoint: etree._Element | None) -> None:
    """Answers go back on the same connection only: no other host is ever called on a message's word."""
    if endpoint is None:
        return
    if len(endpoint) != 1 or endpoint[0].tag != ADDRESS or has_text(endpoint):
        raise MalformedEnvelope(rule="ReplyTo or FaultTo is not one plain Address")
    if _text(endpoint[0]) != ANONYMOUS:
        raise MalformedEnvelope(rule="ReplyTo or FaultTo is not the anonymous address")


def _text(element: etree._Element) -> str:
    value = (element.text or "").strip()
    if len(element) or not value or len(value) > _LONGEST_VALUE:
        raise MalformedEnvelope(rule="an addressing header is empty, too long or holds elements")
    return value
