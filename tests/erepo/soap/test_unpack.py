"""Any conforming package is read; every broken or hostile one ends in a typed refusal."""

import base64
import quopri
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.errors import ErepoError
from erepo.settings import Limits
from erepo.soap.errors import (
    MalformedEnvelope,
    MalformedMultipart,
    MalformedXml,
    MalformedXop,
    MessageRefused,
    SoapVersionRefused,
)
from erepo.soap.mime import parse_media_type
from erepo.soap.mtom import Received, octets_of, unpack
from erepo.soap.names import SOAP, SOAP11, XOP
from tests.support.soap_messages import LIMITS, ROOT_HEADERS, Sample, multipart, wire


def soap(*places: str, namespace: str = SOAP) -> bytes:
    """Write an envelope whose payload holds the given binary places."""
    inner = "".join(f"<d>{place}</d>" for place in places)
    return (
        f'<s:Envelope xmlns:s="{namespace}"><s:Header/><s:Body><r>{inner}</r></s:Body></s:Envelope>'.encode()
    )


def xop(cid: str, more: str = "") -> str:
    """Write an xop:Include."""
    return f'<x:Include xmlns:x="{XOP}" href="cid:{cid}"{more}/>'


def part(cid: str, *more: str) -> str:
    """Write the header lines of an attachment."""
    return "\n".join([f"Content-ID: <{cid}>", *more])


def documents(received: Received) -> list[bytes]:
    """Read the binary places back."""
    return [bytes(octets_of(received, place)) for place in received.envelope[1][0]]


def package(
    *parts: tuple[str, bytes], boundary: str = "b", start: str = "", line: bytes = b"\r\n"
) -> Received:
    """Unpack a package written by hand."""
    return unpack(*multipart(parts, boundary=boundary, start=start, line=line), LIMITS)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"x\n",
        b"--bx",
        b"x--b\r\n",
        b"a\n--b\nc",
        b"\r\n--bx\r\n",
        b"\r\n--bx--\r\n",
        b"\r\n--b \tx",
    ],
)
def test_only_a_whole_boundary_line_separates(octets: bytes) -> None:
    """Line ends at the end of a document and lines that merely begin like the boundary belong to it."""
    received = package((ROOT_HEADERS, soap(xop("a"), xop("c"))), (part("a"), octets), (part("c"), octets))
    assert documents(received) == [octets, octets]


@given(octets=st.binary(max_size=200) | st.text("\r\n-b \t", max_size=60).map(str.encode))
@settings(deadline=None)
def test_parts_keep_their_octets(octets: bytes) -> None:
    """A part is returned as it was sent unless it holds the whole boundary line itself."""
    received = package((ROOT_HEADERS, soap(xop("a"))), (part("a"), octets), boundary="0123456789")
    assert documents(received) == [octets]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_parts_come_in_any_order(order: tuple[int, ...]) -> None:
    """`start=` finds the root wherever it stands."""
    parts = [(ROOT_HEADERS, soap(xop("a"), xop("c"))), (part("a"), b"one"), (part("c"), b"two\n")]
    received = package(*(parts[index] for index in order), start="<root@test>")
    assert documents(received) == [b"one", b"two\n"]


@pytest.mark.parametrize(
    ("content_id", "href"),
    [
        ("a@b", "a@b"),
        ("a@b", "a%40b"),
        ("a b+c/d%e", quote("a b+c/d%e", safe="")),
        ("zażółć@b", quote("zażółć@b")),
        ("a%40b", "a%40b"),
        ("A@b", "%41@b"),
    ],
)
def test_content_ids_may_be_escaped(content_id: str, href: str) -> None:
    """Includes may escape a content id, and senders that escape both sides are understood."""
    received = package((ROOT_HEADERS, soap(xop(href))), (part(content_id), b"octets"))
    assert documents(received) == [b"octets"]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("binary", bytes),
        ("8bit", bytes),
        ("7BIT", bytes),
        ("base64", base64.encodebytes),
        ("Base64", base64.b64encode),
        (
            "quoted-printable",
            lambda octets: quopri.encodestring(octets, quotetabs=True).replace(b"\n", b"\r\n"),
        ),
    ],
)
def test_transfer_encodings_are_undone(encoding: str, encode: object) -> None:
    """Every Content-Transfer-Encoding of MIME gives back the octets."""
    octets = "zażółć=\t gęślą jaźń = x".encode() * 20
    headers = part("a", f"Content-Transfer-Encoding: {encoding}")
    received = package((ROOT_HEADERS, soap(xop("a"))), (headers, encode(octets)))  # type: ignore[operator]
    assert documents(received) == [octets]


def test_inline_and_parts_may_be_mixed() -> None:
    """A sender may optimise none, any or all binary values (IHE V.8.2)."""
    inline = "\n  " + base64.encodebytes(b"inline" * 30).decode()
    received = package((ROOT_HEADERS, soap(inline, xop("a"), "")), (part("a"), b"apart"))
    assert documents(received) == [b"inline" * 30, b"apart", b""]


def test_header_forms_of_mime_are_read() -> None:
    """Folded lines, odd case, preamble, blanks after the boundary and an epilogue are all MIME."""
    root = 'content-type: application/xop+xml;\n\tcharset=utf-8;\n type="application/soap+xml;action=\\"x\\""'
    content_type, body = multipart([(root, soap(xop("a"))), (part("a"), b"octets")], boundary="b c")
    body = b"preamble\r\n" + body.replace(b"--b c\r\n", b"--b c \t\r\n") + b"epilogue"
    content_type = content_type.replace("multipart/related", "Multipart/Related").replace("type=", "TYPE=")
    assert documents(unpack(content_type, bytearray(body), LIMITS)) == [b"octets"]
    assert documents(unpack(content_type, memoryview(body), LIMITS)) == [b"octets"]


Parts = list[tuple[str, bytes]]


def rooted(place: str, *others: tuple[str, bytes]) -> Parts:
    """Return a root with one binary place, and other parts."""
    return [(ROOT_HEADERS, soap(place)), *others]


def attached(place: str, *more: str, octets: bytes = b"") -> Parts:
    """Return a root with one binary place, and the attachment `a` with more header lines."""
    return rooted(place, (part("a", *more), octets))


IN_HEADER = soap().replace(b"<s:Header/>", f"<s:Header>{xop('a')}</s:Header>".encode())
TRANSFER = "Content-Transfer-Encoding: "
UTF16_ROOT = ROOT_HEADERS.replace("xop+xml;", "xop+xml; charset=utf-16;")
BROKEN: dict[str, tuple[type[ErepoError], Parts]] = {
    "include names no part": (MalformedXop, rooted(xop("a"))),
    "part nobody names": (MalformedXop, attached("")),
    "part named twice": (MalformedXop, [(ROOT_HEADERS, soap(xop("a"), xop("a"))), (part("a"), b"")]),
    "id twice": (MalformedMultipart, rooted(xop("a"), (part("a"), b""), (part("a"), b""))),
    "id of the root": (MalformedMultipart, rooted(xop("root@test"), (part("root@test"), b""))),
    "part without id": (MalformedMultipart, rooted(xop("a"), ("X: y", b""))),
    "text beside the include": (MalformedXop, attached("x" + xop("a"))),
    "space beside the include": (MalformedXop, attached(xop("a") + "\u00a0")),
    "attribute of the include": (MalformedXop, attached(xop("a", ' b="c"'))),
    "include in the header": (MalformedXop, [(ROOT_HEADERS, IN_HEADER), (part("a"), b"")]),
    "http reference": (MalformedMultipart, attached(xop("a").replace("cid:", "http://x/"))),
    "file reference": (MalformedMultipart, attached(xop("a").replace("cid:a", "file:///etc/passwd"))),
    "NUL in a reference": (MalformedMultipart, attached(xop("a%00"))),
    "CRLF in a reference": (MalformedMultipart, attached(xop("a%0d%0aX:"))),
    "broken escape": (MalformedMultipart, rooted(xop("a%zz"), (part("a%zz"), b""))),
    "no UTF-8 in a reference": (MalformedMultipart, attached(xop("%ff"))),
    "empty reference": (MalformedMultipart, rooted(xop(""))),
    "unknown transfer encoding": (MalformedMultipart, attached(xop("a"), f"{TRANSFER}x-uu")),
    "broken base64": (MalformedMultipart, attached(xop("a"), f"{TRANSFER}base64", octets=b"*")),
    "broken quoted-printable": (
        MalformedMultipart,
        attached(xop("a"), f"{TRANSFER}quoted-printable", octets=b"=XY"),
    ),
    "header twice": (MalformedMultipart, attached(xop("a"), "Content-ID: <a>")),
    "header without colon": (MalformedMultipart, attached(xop("a"), "X")),
    "long header": (MalformedMultipart, attached(xop("a"), "X: " + "y" * 20000)),
    "many headers": (MalformedMultipart, attached(xop("a"), *(f"X{number}: y" for number in range(40)))),
    "root media type": (MalformedMultipart, [("Content-Type: text/html", soap())]),
    "nested multipart": (MalformedMultipart, [("Content-Type: multipart/related", soap())]),
    "root without media type": (MalformedMultipart, [("X: y", soap())]),
    "root of another SOAP": (SoapVersionRefused, [(ROOT_HEADERS.replace("soap+xml", "x+xml"), soap())]),
    "charset": (MalformedEnvelope, [(UTF16_ROOT, soap())]),
    "SOAP 1.1": (SoapVersionRefused, [(ROOT_HEADERS, soap(namespace=SOAP11))]),
    "no envelope": (MalformedEnvelope, [(ROOT_HEADERS, b"<a/>")]),
    "empty root": (MalformedXml, [(ROOT_HEADERS, b"")]),
}


@pytest.mark.parametrize(("error", "parts"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_packages_are_refused(error: type[ErepoError], parts: Parts) -> None:
    """Each rule of MIME, XOP and MTOM that is broken has its own refusal."""
    with pytest.raises(error):
        package(*parts)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ('multipart/related; boundary="b"', b""),
        ('multipart/related; boundary="b"', b"--b--\r\n"),
        ('multipart/related; boundary="b"', b"--b\r\n"),
        (
            'multipart/related; boundary="b"',
            b"--b\r\n" + ROOT_HEADERS.replace("\n", "\r\n").encode() + b"\r\n\r\n<a/>",
        ),
        ('multipart/related; boundary="b"', multipart([(ROOT_HEADERS, soap())], line=b"\n")[1]),
        ('multipart/related; boundary="b"', b"x" * 9000 + multipart([(ROOT_HEADERS, soap())])[1]),
        ("multipart/related", multipart([(ROOT_HEADERS, soap())])[1]),
        (
            "multipart/related; boundary=" + "b" * 71,
            multipart([(ROOT_HEADERS, soap())], boundary="b" * 71)[1],
        ),
        ('multipart/related; boundary="b "', multipart([(ROOT_HEADERS, soap())], boundary="b ")[1]),
        ('multipart/related; boundary="é"', multipart([(ROOT_HEADERS, soap())], boundary="é")[1]),
        ('multipart/related; boundary="b"; boundary="c"', multipart([(ROOT_HEADERS, soap())])[1]),
        ('multipart/related; boundary="b"; start="<x>"', multipart([(ROOT_HEADERS, soap())])[1]),
        ('multipart/related; boundary="b"; type="text/html"', multipart([(ROOT_HEADERS, soap())])[1]),
        ('multipart/related; boundary="b', multipart([(ROOT_HEADERS, soap())])[1]),
        ("multipart/related; " + "x=y; " * 2000, multipart([(ROOT_HEADERS, soap())])[1]),
        ("", soap()),
        ("multipart", soap()),
    ],
)
def test_broken_outlines_are_refused(content_type: str, body: bytes) -> None:
    """No boundary, no end, bare line feeds, doubled parameters: refused before any part is looked at."""
    with pytest.raises(MalformedMultipart):
        unpack(content_type, body, LIMITS)


@pytest.mark.parametrize(
    ("content_type", "error"),
    [
        ("text/xml", SoapVersionRefused),
        ("text/html", MalformedEnvelope),
        ("application/xop+xml", MalformedEnvelope),
        ("application/soap+xml; charset=iso-8859-2", MalformedEnvelope),
    ],
)
def test_other_media_types_are_refused(content_type: str, error: type[ErepoError]) -> None:
    """Only SOAP 1.2 is read, in UTF-8."""
    with pytest.raises(error):
        unpack(content_type, soap(), LIMITS)


def test_simple_soap_has_no_includes() -> None:
    """An Include without parts cannot stand for anything."""
    with pytest.raises(MalformedXop):
        unpack("application/soap+xml", soap(xop("a")), LIMITS)


@pytest.mark.parametrize("place", ["<e/>", "****", "YQ", "YWJj\u00a0"])
def test_binary_values_are_base64_or_an_include(place: str) -> None:
    """Whatever else stands where octets belong is refused when it is read."""
    received = unpack("application/soap+xml", soap(place), LIMITS)
    with pytest.raises(MalformedXop):
        documents(received)


def test_limits_bound_the_message() -> None:
    """Size of the whole, size of the XML and number of parts are settings."""
    content_type, body = multipart(
        [(ROOT_HEADERS, soap(*map(xop, "acd"))), *((part(c), b"x") for c in "acd")]
    )
    assert len(unpack(content_type, body, Limits(message_documents=3)).attachments) == 3
    with pytest.raises(MalformedMultipart, match="more than 3 parts"):
        unpack(content_type, body, Limits(message_documents=2))
    with pytest.raises(MalformedXml, match="larger than 100"):
        unpack(content_type, body, Limits(soap_part=100))
    with pytest.raises(MalformedEnvelope, match="larger than 100"):
        unpack(content_type, body, Limits(message=100))


def test_a_flood_of_parts_is_refused() -> None:
    """100,000 parts are refused."""
    body = b"--b\r\n\r\n\r\n" * 100_000 + b"--b--\r\n"
    with pytest.raises(MalformedMultipart):
        unpack('multipart/related; boundary="b"', body, LIMITS)


def test_attachments_are_views_of_the_received_octets() -> None:
    """A received document is not copied."""
    content_type, body = multipart([(ROOT_HEADERS, soap(xop("a"))), (part("a"), b"octets")])
    assert unpack(content_type, body, LIMITS).attachments["a"].obj is body


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_damage_ends_in_a_typed_refusal_or_a_message(data: st.DataObject) -> None:
    """Cutting, doubling and changing octets of a good package never raises anything but MessageRefused."""
    packed = Sample([b"one\r\n", b"two"]).pack(None)
    body = bytearray(wire(packed))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        stop = data.draw(st.integers(start, min(len(body), start + 40)))
        body[start:stop] = data.draw(
            st.binary(max_size=20) | st.sampled_from([bytes(body[start:stop]) * 2, b"\r\n", b"<"])
        )
    with suppress(MessageRefused):
        unpack(packed.content_type, body, LIMITS)


@given(text=st.text(st.characters(codec="ascii"), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_content_type_is_parsed_or_refused(text: str) -> None:
    """The Content-Type parser raises its own refusal only."""
    with suppress(MalformedMultipart):
        parse_media_type("multipart/related" + text)
