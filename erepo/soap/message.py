"""Writing a message: canonical octets from the start, hashed and sent without a second canonicalisation.

Every signed element declares its own namespaces in the order exclusive canonicalisation demands, so the
octets on the wire are the octets that were hashed. The Body is canonicalised once; where an `xop:Include`
stands, the hash sees the base64 of the document (the signature covers the expanded infoset, as CXF does),
the wire the Include.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pybase64
from lxml import etree

from erepo.content import Buffer, Content
from erepo.soap.headers import Addressing, quoted, write_addressing
from erepo.soap.mtom import Attachment
from erepo.soap.names import ANONYMOUS, SOAP, SOAP_TYPE, WSU, XOP, XOP_TYPE
from erepo.soap.signing import ReadyAssertion, Signer, carry, sha256

_INCLUDE = re.compile(
    rb'<xop:Include xmlns:xop="%b" href="cid:([^"]*)"></xop:Include>' % re.escape(XOP.encode())
)
_BODY_NSMAP = {"soap": SOAP, "wsu": WSU}
#: Prefixes that the Envelope declares anyway.
_DECLARED = frozenset({"soap", "xml"})


class AttachmentsMismatchError(ValueError):
    """Includes of the payload and attachments do not fit one to one: a mistake of the caller."""


def new_message_id() -> str:
    """Return a fresh `urn:uuid:`."""
    return f"urn:uuid:{uuid.uuid4()}"


@dataclass(frozen=True)
class ReadyBody:
    """A Body without documents that many messages carry, canonicalised and hashed once; see `ready_body`."""

    skeleton: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    envelope_start: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A message to be sent.

    Attributes:
        action: wsa:Action.
        to: wsa:To; the service's address, or anonymous in an answer.
        payload: the one element of the Body, given away: packing moves it into the Body. Binary values are
            `mtom.include(content_id)`. Only prefixes declared on its root may be used inside values (QNames).
            Or a Body made before.
        attachments: each named by exactly one include of the payload.
        message_id: wsa:MessageID.
        relates_to: MessageID of the request, in answers.
        reply_to: wsa:ReplyTo; by default anonymous in requests (IHE-WSA102) and none in answers.
    """

    action: str
    to: str
    payload: etree._Element | ReadyBody
    attachments: Sequence[Attachment] = ()
    message_id: str = field(default_factory=new_message_id)
    relates_to: str | None = None
    reply_to: str | None = None

    @property
    def addressing(self) -> Addressing:
        """The WS-Addressing headers."""
        reply_to = self.reply_to or (None if self.relates_to else ANONYMOUS)
        return Addressing(self.action, self.to, self.message_id, self.relates_to, reply_to)


@dataclass(frozen=True)
class _Raw:
    """Octets of a document, sent as they are."""

    content: Content


@dataclass(frozen=True)
class _Base64:
    """Octets of a document, sent as base64 text."""

    content: Content


_Piece = bytes | _Raw | _Base64


@dataclass(frozen=True)
class Packed:
    """A message ready for the wire.

    Attributes:
        content_type: HTTP Content-Type.
        length: number of octets, HTTP Content-Length.
    """

    content_type: str
    length: int
    _pieces: tuple[_Piece, ...] = field(repr=False)

    def chunks(self) -> Iterator[Buffer]:
        """Yield the octets; may be called again for a second transmission."""
        for piece in self._pieces:
            yield from _wire(piece)


def _wire(piece: _Piece) -> Iterator[Buffer]:
    match piece:
        case bytes():
            yield piece
        case _Raw(content):
            yield from content.chunks()
        case _Base64(content):
            yield from base64_chunks(content)


def base64_chunks(content: Content) -> Iterator[bytes]:
    """Yield the base64 text of a content; its chunks are multiples of 3 octets (`erepo.content`)."""
    return map(pybase64.b64encode, content.chunks())


def pack(
    outgoing: Outgoing,
    signer: Signer | None,
    *,
    mtom: bool = True,
    now: datetime | None = None,
    life: float = 300,
    assertion: ReadyAssertion | None = None,
) -> Packed:
    """Make the octets of a message.

    A document is read twice, once to be hashed and once to be sent, and never held as a whole.

    Args:
        outgoing: what to send.
        signer: signs it; None sends it without WS-Security.
        mtom: multipart/related, also without attachments (IHE wants it in answers); else base64 in place.
        now: Created of the Timestamp; the present by default.
        life: seconds from Created to Expires.
        assertion: who acts.

    Raises:
        AttachmentsMismatchError: includes and attachments do not fit one to one.
    """
    payload, body = outgoing.payload, list[_Piece]()
    if isinstance(payload, ReadyBody):
        if outgoing.attachments:
            raise AttachmentsMismatchError("a Body made before holds no includes")
        skeleton, start = payload.skeleton, payload.envelope_start
        body.append(skeleton)
    else:
        skeleton, start = _canonical_body(payload), _envelope_start(payload)
        body += _splice(skeleton, {each.content_id: each.content for each in outgoing.attachments})
    headers = write_addressing(outgoing.addressing)
    security = carry(assertion) if assertion else b""
    if signer:
        digest = payload.digest if isinstance(payload, ReadyBody) else _digest(body)
        digests = {"body": digest} | {name: sha256(octets) for name, octets in headers.items()}
        security = signer.secure(digests, now or datetime.now(UTC), life, assertion)
    head = b"".join((start, security, *headers.values(), b"</soap:Header>"))
    if mtom:
        return _multipart(head + skeleton + b"</soap:Envelope>", outgoing.attachments)
    pieces = (head, *body, b"</soap:Envelope>")
    # Line ends inside an action cannot occur: it is one of our constants.
    return _packed(f'{SOAP_TYPE}; charset=utf-8; action="{outgoing.action}"', pieces)


def ready_body(payload: etree._Element) -> ReadyBody:
    """Make a Body without documents once, for many messages; the element is given away.

    Raises:
        AttachmentsMismatchError: it holds an include.
    """
    skeleton = _canonical_body(payload)
    return ReadyBody(skeleton, _digest(_splice(skeleton, {})), _envelope_start(payload))


def _canonical_body(payload: etree._Element) -> bytes:
    body = etree.Element(f"{{{SOAP}}}Body", nsmap=_BODY_NSMAP)
    body.set(f"{{{WSU}}}Id", "body")
    body.append(payload)
    return etree.tostring(body, method="c14n", exclusive=True, with_comments=False)


def _splice(skeleton: bytes, contents: dict[str, Content]) -> list[_Piece]:
    """Put the documents in the place of their includes."""
    pieces = _INCLUDE.split(skeleton)
    named = [name.decode() for name in pieces[1::2]]
    if len(named) != len(contents) or set(named) != contents.keys():
        raise AttachmentsMismatchError(f"{len(named)} includes, {len(contents)} attachments")
    spliced: list[_Piece] = [pieces[0]]
    for name, after in zip(named, pieces[2::2], strict=True):
        spliced += [_Base64(contents[name]), after]
    return spliced


def _digest(pieces: list[_Piece]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        for chunk in _wire(piece):
            digest.update(chunk)
    return digest.digest()


def _envelope_start(payload: etree._Element) -> bytes:
    """Open Envelope and Header; prefixes of the payload stay declared for the QNames in its values.

    Exclusive canonicalisation drops a declaration that no element or attribute name uses; here, outside the
    signed parts, it harms nobody's digest.
    """
    kept = "".join(
        f' xmlns:{prefix}="{quoted(uri)}"'
        for prefix, uri in payload.nsmap.items()
        if prefix and prefix not in _DECLARED
    )
    return f'<soap:Envelope xmlns:soap="{SOAP}"{kept}><soap:Header>'.encode()


def _multipart(root: bytes, attachments: Sequence[Attachment]) -> Packed:
    # 128 random bits: no document holds this line, so none is searched for it.
    boundary = f"erepo-{secrets.token_hex(16)}"
    start = f"root.{boundary}"
    pieces: list[_Piece] = [
        f'--{boundary}\r\nContent-Type: {XOP_TYPE}; charset=UTF-8; type="{SOAP_TYPE}"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{start}>\r\n\r\n".encode()
        + root
    ]
    for attachment in attachments:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: {attachment.media_type}\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{attachment.content_id}>\r\n\r\n"
        )
        pieces += [head.encode(), _Raw(attachment.content)]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    content_type = (
        f'multipart/related; boundary="{boundary}"; type="{XOP_TYPE}"; '
        f'start="<{start}>"; start-info="{SOAP_TYPE}"'
    )
    return _packed(content_type, tuple(pieces))


def packed_whole(content_type: str, octets: bytes) -> Packed:
    """Return a message that was written elsewhere, ready for the wire."""
    return _packed(content_type, (octets,))


def packed_multipart(octets: bytes) -> Packed:
    """Return an envelope that was written elsewhere as MTOM without documents (IHE wants it of ITI-43)."""
    return _multipart(octets, ())


def _packed(content_type: str, pieces: tuple[_Piece, ...]) -> Packed:
    return Packed(content_type, sum(_size(piece) for piece in pieces), pieces)


def _size(piece: _Piece) -> int:
    match piece:
        case bytes():
            return len(piece)
        case _Raw(content):
            return content.size
        case _Base64(content):
            return (content.size + 2) // 3 * 4
