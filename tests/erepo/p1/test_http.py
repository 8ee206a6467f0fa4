"""HTTP answers that are no answers: each is bounded and has its name."""

import asyncio
import zlib
from collections.abc import Callable

import pytest

from erepo.errors import ErepoError
from erepo.p1.errors import P1AnswerInvalid, P1Misconfigured, P1OutcomeUnknown, P1Refused, P1Timeout
from erepo.p1.http import P1Http
from tests.support.p1 import quick
from tests.support.tls_server import Pki, Script, answer, answering, make_pki, read_request, running_peer


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Return certificates of both sides."""
    return make_pki()


def trickling(pause: float) -> Script:
    """Return a script whose body comes byte by byte."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(pause)

    return script


def headers_trickling() -> Script:
    """Return a script whose headers come one by one and never end."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(400):
            writer.write(f"X-{number}: y\r\n".encode())
            await writer.drain()
            await asyncio.sleep(0.05)

    return script


def xml(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "text/xml") -> bytes:
    """Return an answer in SOAP 1.1's media type."""
    return answer(status, body, *headers, content_type=content_type)


CASES: dict[str, tuple[Callable[[], Script], type[ErepoError]]] = {
    "redirect": (
        lambda: answering(xml(b"", "Location: https://p2.example/", status="302 Found")),
        P1AnswerInvalid,
    ),
    "compressed": (lambda: answering(xml(zlib.compress(b"<x/>"), "Content-Encoding: gzip")), P1AnswerInvalid),
    "a page": (lambda: answering(xml(b"<html/>", content_type="text/html")), P1AnswerInvalid),
    "too large": (lambda: answering(xml(b" " * 5000)), P1AnswerInvalid),
    "unknown path": (lambda: answering(xml(b"", status="404 Not Found")), P1Refused),
    "gateway": (
        lambda: answering(xml(b"", status="502 Bad Gateway", content_type="text/html")),
        P1OutcomeUnknown,
    ),
    "trickle": (lambda: trickling(0.2), P1Timeout),
    "trickle of headers": (headers_trickling, P1Timeout),
    "no HTTP": (lambda: answering(b"220 smtp.example ready\r\n\r\n"), P1OutcomeUnknown),
}


@pytest.mark.parametrize("case", CASES)
async def test_answers_that_are_none(case: str, pki: Pki) -> None:
    """Redirects are not followed, compressed and oversized bodies not read, trickles cut off."""
    script, error = CASES[case]
    async with running_peer(pki, script()) as peer:
        http = P1Http(pki.client_context(), quick(read=60, total=1 if "trickle" in case else 60), most=1000)
        try:
            with pytest.raises(error):
                await asyncio.to_thread(http.post, peer.url, "urn:x", b"<x/>")
        finally:
            http.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "file:///etc/passwd", "https://user@host/", "https://h/?q=1"]
)
def test_only_plain_https_addresses_are_called(url: str, pki: Pki) -> None:
    """An address with another scheme, a login or a query is refused."""
    http = P1Http(pki.client_context(), quick())
    with pytest.raises(P1Misconfigured):
        http.post(url, "urn:x", b"")
    http.close()
