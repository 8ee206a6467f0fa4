"""X5 and M39: MIME packages that two readers would read differently, or that cost more than they are worth.

Each starts from a good signed MTOM message of two documents.
"""

from collections.abc import Callable

from erepo.soap.errors import (
    MalformedEnvelope,
    MalformedMultipart,
    MalformedXml,
    MalformedXop,
    MessageRefused,
    SignatureInvalid,
    SoapVersionRefused,
)
from erepo.soap.names import SOAP, SOAP11
from tests.support.attack_kit import Kit, Message, vector

ONE, TWO = b"first document", b"second document\r\n"
Edit = Callable[[bytes, bytes], bytes]


def _boundary(content_type: str) -> str:
    return content_type.split('boundary="')[1].split('"', maxsplit=1)[0]


def package(code: str, title: str, *refusals: type[MessageRefused]) -> Callable[[Edit], Edit]:
    """Register an edit of a package's octets; the boundary is given as well."""

    def register(edit: Edit) -> Edit:
        @vector(f"X5-{code}", title, *refusals)
        def make(kit: Kit) -> Message:
            content_type, octets = kit.mtom(ONE, TWO)
            bent = edit(octets, _boundary(content_type).encode())
            assert bent != octets, code
            return content_type, bent

        return edit

    return register


def swap(code: str, title: str, before: bytes, after: bytes, *refusals: type[MessageRefused]) -> None:
    """Register a replacement of octets."""

    @package(code, title, *refusals)
    def _(octets: bytes, boundary: bytes) -> bytes:
        return octets.replace(before, after)


FIRST = b"Content-ID: <document-0@test>"
PLAIN = b"Content-Transfer-Encoding: binary"
HREF = b'href="cid:document-0@test"'

swap("unknown", "an include names no part", HREF, b'href="cid:nobody"', MalformedXop)
swap("twice", "two includes name one part", HREF, b'href="cid:document-1@test"', MalformedXop)
swap("same", "two parts of one Content-ID", FIRST, b"Content-ID: <document-1@test>", MalformedMultipart)
swap(
    "bare",
    "two parts of one Content-ID, one without brackets",
    FIRST,
    b"Content-ID: document-1@test",
    MalformedMultipart,
)
swap(
    "root",
    "a part with the Content-ID of the root",
    FIRST,
    b"Content-ID: <root.",
    MalformedMultipart,
    MalformedXop,
)
swap("no id", "a part without Content-ID", FIRST, b"X: y", MalformedMultipart)
swap("http", "an include to http", HREF, b'href="http://127.0.0.1:9/x"', MalformedMultipart)
swap("file", "an include to a file", HREF, b'href="file:///etc/passwd"', MalformedMultipart)
swap("relative", "an include to a path", HREF, b'href="document-0@test"', MalformedMultipart)
swap("upper", "an include whose scheme is CID:", HREF, b'href="CID:document-0@test"', MalformedMultipart)
swap("nul", "a NUL in an include", HREF, b'href="cid:document-0@test%00"', MalformedMultipart)
swap("newline", "a line end in an include", HREF, b'href="cid:document-0@test%0d%0aX:"', MalformedMultipart)
swap("percent", "a broken escape in an include", HREF, b'href="cid:document-0@test%4"', MalformedMultipart)
swap("latin", "an escape that is no UTF-8", HREF, b'href="cid:%fe%ff"', MalformedMultipart)
swap("empty", "an include to nothing", HREF, b'href="cid:"', MalformedMultipart)
swap("attribute", "an include with another attribute", HREF, HREF + b' x="y"', MalformedXop)
swap(
    "transfer", "an unknown transfer encoding", PLAIN, b"Content-Transfer-Encoding: gzip", MalformedMultipart
)
swap("lf", "line feeds alone", b"\r\n", b"\n", MalformedMultipart)
swap("cr", "carriage returns alone", b"\r\n", b"\r", MalformedMultipart)
swap(
    "nested",
    "a multipart inside",
    b"Content-Type: application/xop+xml",
    b"Content-Type: multipart/mixed",
    MalformedMultipart,
)
swap(
    "html",
    "a root of HTML",
    b"Content-Type: application/xop+xml",
    b"Content-Type: text/html",
    MalformedMultipart,
)
swap("utf16", "a root that calls itself UTF-16", b"charset=UTF-8", b"charset=UTF-16", MalformedEnvelope)
swap("soap11", "an envelope of SOAP 1.1", SOAP.encode(), SOAP11.encode(), SoapVersionRefused)
swap("doubled", "a part header twice", FIRST, FIRST + b"\r\n" + FIRST, MalformedMultipart)
swap("colon", "a part header without a colon", FIRST, FIRST + b"\r\nX", MalformedMultipart)
swap("control", "a NUL in a part header", FIRST, FIRST + b"\r\nX: \0", MalformedMultipart)
swap("octets", "a part header that is no text", FIRST, FIRST + b"\r\nX: \xff", MalformedMultipart)
swap("long", "a part header of a megabyte", FIRST, FIRST + b"\r\nX: " + b"y" * 2**20, MalformedMultipart)
swap(
    "folds",
    "a part header folded 5,000 times",
    FIRST,
    FIRST + b"\r\nX: y" + b"\r\n y" * 5000,
    MalformedMultipart,
)
swap(
    "many",
    "a thousand part headers",
    FIRST,
    FIRST + b"".join(b"\r\nX%d: y" % n for n in range(1000)),
    MalformedMultipart,
)
swap("edited", "an octet of a document turned", ONE, ONE.upper(), SignatureInvalid)
swap("grown", "a line end appended to a document", ONE, ONE + b"\r\n", SignatureInvalid)
swap("shrunk", "the line end of a document cut", TWO, TWO.rstrip(), SignatureInvalid)
swap("emptied", "a document emptied", ONE, b"", SignatureInvalid)

for _name, _octets in [("base64", b"*** no base64 ***"), ("quoted-printable", b"=XY")]:
    swap(
        f"broken {_name}",
        f"{_name} announced, and broken",
        FIRST + b"\r\n\r\n" + ONE,
        FIRST + b"\r\n\r\n" + _octets,
        SignatureInvalid,
    )

    @package(
        f"wrong {_name}",
        f"{_name} announced where the octets are plain",
        MalformedMultipart,
        SignatureInvalid,
    )
    def _(octets: bytes, boundary: bytes, name: str = _name) -> bytes:
        head, _, tail = octets.rpartition(PLAIN)
        return head + b"Content-Transfer-Encoding: " + name.encode() + tail.replace(TWO, b"=zz second")


@package("swapped", "two documents exchanged under their ids", SignatureInvalid)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.replace(ONE, b"\0").replace(TWO, ONE).replace(b"\0", TWO)


@package("aliased", "a part whose id is another one's escaped form", MalformedMultipart, MalformedXop)
def _(octets: bytes, boundary: bytes) -> bytes:
    extra = b"\r\n--" + boundary + b"\r\nContent-ID: <document-0%40test>\r\n\r\nEVIL"
    return octets.replace(b"\r\n--" + boundary + b"--", extra + b"\r\n--" + boundary + b"--")


@package("unnamed", "a part that no include names", MalformedXop)
def _(octets: bytes, boundary: bytes) -> bytes:
    extra = b"\r\n--" + boundary + b"\r\nContent-ID: <extra>\r\n\r\nEVIL"
    return octets.replace(b"\r\n--" + boundary + b"--", extra + b"\r\n--" + boundary + b"--")


@package("second root", "a second root with the same id, before the first", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    end = octets.index(b"\r\n--" + boundary, 5)
    return octets[:end].replace(ONE, b"EVIL") + b"\r\n" + octets


@package("no end", "no final boundary", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.removesuffix(b"--\r\n")


@package("cut", "the last document cut off in the middle", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets[: octets.index(TWO) + 5]


@package("inside", "the boundary line inside a document", MalformedMultipart, MalformedXop)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.replace(ONE, b"first\r\n--" + boundary + b"\r\nContent-ID: <x>\r\n\r\ndocument")


@package("early end", "the final boundary inside a document", MalformedXop)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.replace(ONE, b"first\r\n--" + boundary + b"--\r\ndocument")


@package("near", "ten thousand lines that begin like the boundary", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.replace(ONE, (b"\r\n--" + boundary + b"x") * 10_000)


@package("flood", "100,000 parts", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets.replace(b"\r\n--" + boundary + b"--", b"\r\n--" + boundary + b"\r\n\r\n" * 100_000)


@package("many parts", "10,000 parts that are well-formed", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    parts = b"".join(b"\r\n--%b\r\nContent-ID: <p%d>\r\n\r\n" % (boundary, n) for n in range(10_000))
    return octets.replace(b"\r\n--" + boundary + b"--", parts + b"\r\n--" + boundary + b"--")


@package("preamble", "a preamble of a megabyte", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return b"x" * 2**20 + b"\r\n" + octets


@package("no root", "the root's part left out", MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    return octets[octets.index(b"\r\n--" + boundary, 5) + 2 :]


@package("empty root", "an empty root", MalformedXml, MalformedMultipart)
def _(octets: bytes, boundary: bytes) -> bytes:
    start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + 16
    return octets[:start] + octets[end:]


for _code, _parameters in {
    "no boundary": 'multipart/related; type="application/xop+xml"',
    "a long boundary": f'multipart/related; boundary="{"b" * 71}"',
    "an empty boundary": 'multipart/related; boundary=""',
    "two boundaries": 'multipart/related; boundary="a"; boundary="b"',
    "a boundary of control characters": 'multipart/related; boundary="a\tb"',
    "a start that is nobody": '{}; start="<nobody>"',
    "a type of HTML": 'multipart/related; type="text/html"; boundary="{boundary}"',
    "mixed": 'multipart/mixed; boundary="{boundary}"',
    "form data": 'multipart/form-data; boundary="{boundary}"',
    "no media type": "",
    "rubbish": "\0",
    "thousands of parameters": "multipart/related" + "; x=y" * 5000,
    "an open quote": 'multipart/related; boundary="{boundary}',
}.items():

    @vector(f"X5-type: {_code}", f"a Content-Type with {_code}", MalformedMultipart, MalformedEnvelope)
    def _(kit: Kit, parameters: str = _parameters) -> Message:
        content_type, octets = kit.mtom(ONE)
        plain = content_type.partition("; start=")[0]
        return parameters.replace("{}", plain).replace("{boundary}", _boundary(content_type)), octets
