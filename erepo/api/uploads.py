"""A document's body as it arrives: the octets alone, or beside a description (multipart/form-data).

Small documents are held in memory, larger ones go to a draft of the content store while they arrive. A body
that is too large, too slow or cut off leaves nothing behind.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from erepo.api.errors import UploadEnded, UploadInvalid, UploadTimeout
from erepo.cda.errors import DocumentTooLarge
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.errors import SidecarInvalid
from erepo.clinic.intake import Beside, Receiver, read_description
from erepo.clinic.intake.sidecar import LIMIT as DESCRIPTION_LIMIT
from erepo.content import Content, Digests
from erepo.settings import HttpTimeouts

MULTIPART: Final = "multipart/form-data"
#: What the envelope of a multipart body may add to document and description.
_ENVELOPE: Final = 64 * 1024
_LONGEST_HEADER: Final = 8 * 1024


@dataclass(slots=True)
class Upload:
    """What came.

    Attributes:
        content: the document, in memory or in a durable draft.
        digests: of the document.
        metadata: the description as it was sent; empty if there was none.
        known: the same, understood.
        name: name of the file, if told.
    """

    content: Content | Draft
    digests: Digests
    metadata: bytes = field(default=b"", repr=False)
    known: Beside = field(default_factory=Beside, repr=False)
    name: str = field(default="", repr=False)

    def discard(self, store: ContentStore) -> None:
        """Leave no draft behind."""
        if isinstance(self.content, Draft):
            store.discard(self.content)


async def read_upload(request: Request, store: ContentStore, limit: int, times: HttpTimeouts) -> Upload:
    """Read the body of a request.

    Args:
        request: its body has not been touched.
        store: keeps the draft of a large document.
        limit: most octets of the document.
        times: longest silence, and the longest time for all.

    Raises:
        DocumentTooLarge, FileEmpty, UploadInvalid, UploadTimeout, UploadEnded, SidecarInvalid: no document;
            nothing is left behind.
        OSError: our own disk refused.
    """
    _check_headers(request, limit)
    receiver = Receiver(store, limit)
    body = _chunks(request, times)
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    try:
        if kind.decode("latin-1").lower() == MULTIPART:
            return await _read_form(request, body, receiver)
        async for chunk in body:
            await _write(receiver.write, chunk, receiver)
        return Upload(*await asyncio.to_thread(receiver.finish))
    finally:
        receiver.abandon()


def _check_headers(request: Request, limit: int) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UploadInvalid(problem="Content-Encoding")
    length = request.headers.get("content-length", "")
    most = limit + DESCRIPTION_LIMIT + _ENVELOPE
    if length.isdigit() and int(length) > most:
        raise DocumentTooLarge(size=int(length), limit=limit, unit="bytes")


async def _chunks(request: Request, times: HttpTimeouts) -> AsyncIterator[bytes]:
    stream, end = request.stream(), time.monotonic() + times.total
    while True:
        try:
            async with asyncio.timeout(min(times.read, end - time.monotonic())):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise UploadEnded from None
        except TimeoutError:
            raise UploadTimeout(seconds=round(times.read)) from None
        yield chunk


async def _write(write: Callable[[bytes], None], chunk: bytes, receiver: Receiver) -> None:
    if receiver.spilled:
        await asyncio.to_thread(write, chunk)
    else:
        write(chunk)


async def _read_form(request: Request, body: AsyncIterator[bytes], receiver: Receiver) -> Upload:
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise UploadInvalid(problem="boundary")
    form = _Form(receiver)
    parser = form.parser(boundary)
    try:
        async for chunk in body:
            await _write(lambda octets: _feed(parser, octets), chunk, receiver)
        parser.finalize()
    except FormParserError:
        raise UploadInvalid(problem="multipart/form-data") from None
    if not form.ended:
        raise UploadInvalid(problem="multipart/form-data")
    if "document" not in form.seen:
        raise UploadInvalid(problem="document?")
    known = read_description(bytes(form.metadata)) if "metadata" in form.seen else Beside()
    content, digests = await asyncio.to_thread(receiver.finish)
    return Upload(content, digests, bytes(form.metadata), known, form.name)


def _feed(parser: MultipartParser, octets: bytes) -> None:
    parser.write(octets)


class _Form:
    """The parts `document` and `metadata`, taken apart while they arrive."""

    def __init__(self, receiver: Receiver) -> None:
        self.seen: list[str] = []
        self.metadata = bytearray()
        self.name = ""
        self.ended = False
        self._receiver = receiver
        self._field, self._value, self._disposition = bytearray(), bytearray(), b""

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return the parser that tells us of the parts."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._add(self._field, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._add(self._value, data[start:end])

    def _add(self, held: bytearray, octets: bytes) -> None:
        held += octets
        if len(held) > _LONGEST_HEADER:
            raise UploadInvalid(problem="part header")

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()

    def _headers_finished(self) -> None:
        # The standard library knows names of files in every way they are written (RFC 2231, RFC 6266).
        header = Message()
        header["content-disposition"] = (
            self._disposition.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
        )
        part = header.get_param("name", "", "content-disposition")
        if part not in ("document", "metadata") or part in self.seen:
            raise UploadInvalid(problem="parts")
        self.seen.append(str(part))
        if part == "document":
            self.name = (header.get_filename("") or "")[:255]

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.seen[-1] == "document":
            self._receiver.write(memoryview(data)[start:end])
            return
        self.metadata += data[start:end]
        if len(self.metadata) > DESCRIPTION_LIMIT:
            raise SidecarInvalid(field="(file)")

    def _end(self) -> None:
        self.ended = True
