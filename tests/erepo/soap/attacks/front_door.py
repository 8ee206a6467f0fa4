"""X1 to X3: XML that must not be read at all, inside messages that are good otherwise.

Where a flood needs a place it gets an unsigned header, so that nothing but the front door stands in its way.
"""

from itertools import product

from erepo.soap.errors import (
    HeaderNotUnderstood,
    MalformedXml,
    MessageRefused,
    SecurityMalformed,
    SignatureInvalid,
)
from erepo.soap.names import SOAP
from tests.support.attack_kit import Kit, Message, raw_edit, simple, vector

HEADER_END = b"</soap:Header>"
#: Pairs of letters that weigh the same under the hashes of Bernstein: x33 with + (DJBX33A), x31 (DJBX31A), ^.
COLLISIONS = {"DJBX33A": ("Ez", "FY"), "DJBX31A": ("Aa", "BB"), "DJBX33X": ("Ez", "GZ")}
FAR = 'SYSTEM "{beacon}"'
LAUGHS = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))

for _code, _title, _doctype in [
    ("file", "an external entity: a file", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    ("http", "an external entity: http", '<!DOCTYPE x [<!ENTITY e SYSTEM "{beacon}/e">]>'),
    ("ftp", "an external entity: ftp", '<!DOCTYPE x [<!ENTITY e SYSTEM "ftp://{host}/e">]>'),
    ("urandom", "an entity that never ends", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///dev/urandom">]>'),
    ("parameter", "a parameter entity", '<!DOCTYPE x [<!ENTITY % p SYSTEM "{beacon}/p">%p;]>'),
    ("external", "an external DTD", '<!DOCTYPE x SYSTEM "{beacon}/x.dtd">'),
    ("public", "a public DTD", '<!DOCTYPE x PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{beacon}/x.dtd">'),
    ("notation", "an unparsed entity", f"<!DOCTYPE x [<!NOTATION n {FAR}><!ENTITY e {FAR} NDATA n>]>"),
    ("empty", "a DOCTYPE of nothing", "<!DOCTYPE x>"),
    ("default", "an attribute by default", '<!DOCTYPE x [<!ATTLIST soap:Body wsu:Id CDATA "body">]>'),
    ("recursive", "entities of each other", '<!DOCTYPE x [<!ENTITY e "&f;"><!ENTITY f "&e;">]>'),
    ("laughs", "a billion laughs", f"<!DOCTYPE x [<!ENTITY a0 'ha'>{LAUGHS}<!ENTITY e '&a9;'>]>"),
    ("quadratic", "one large entity", f"<!DOCTYPE x [<!ENTITY e '{'a' * 60_000}'>]>"),
    ("space", "a DOCTYPE behind much space", " " * 3000 + "<!DOCTYPE x>"),
    ("declared", "a DOCTYPE behind a declaration", '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE x>'),
    ("comment", "a DOCTYPE behind a comment", "<!-- --><!DOCTYPE x>"),
    ("stylesheet", "a stylesheet instruction", '<?xml-stylesheet type="text/xsl" href="{beacon}/x.xsl"?>'),
    ("version", "XML 1.1", '<?xml version="1.1"?>'),
    ("lower", "a doctype in lower case", "<!doctype x>"),
]:  # fmt: skip

    @vector(f"X1-{_code}", _title, MalformedXml)
    def _(kit: Kit, doctype: str = _doctype) -> Message:
        before = doctype.replace("{beacon}", kit.beacon).replace("{host}", kit.beacon.partition("//")[2])
        inside = "&e;" * (500 if "a0" not in doctype else 1) if "ENTITY e" in doctype else ""
        use = f'<x:x xmlns:x="urn:x">{inside}</x:x>'.encode()
        return simple(before.encode() + kit.octets().replace(HEADER_END, use + HEADER_END))


def header(code: str, title: str, inside: str, *refusals: type[MessageRefused]) -> None:
    """Register a good message with something in an unsigned header."""

    @vector(code, title, *(refusals or (MalformedXml,)))
    def _(kit: Kit) -> Message:
        block = f'<x:x xmlns:x="urn:x">{inside.replace("{beacon}", kit.beacon)}</x:x>'.encode()
        return raw_edit(kit, HEADER_END, block + HEADER_END)


XINCLUDE = 'xmlns:i="http://www.w3.org/2001/XInclude"'
header("X1-xinclude", "XInclude of a file", f'<i:include {XINCLUDE} href="file:///etc/passwd" parse="text"/>')
header("X1-xinclude-http", "XInclude of an address", f'<i:include {XINCLUDE} href="{{beacon}}/i"/>')
header("X1-base", "xml:base elsewhere", '<y xml:base="{beacon}/"/>')
header("X1-entity", "an entity that nobody declared", "&e;")
header("X1-instruction", "an instruction inside", "<?php echo 1 ?>")

for _count in (1_500, 2_500, 15_000):
    header(f"X2-nested-{_count}", f"{_count} nested elements", "<a>" * _count + "</a>" * _count)
for _count in (12_500, 25_000, 50_000, 100_000):
    header(f"X2-elements-{_count}", f"{_count} elements", "<a/>" * _count)
    header(f"X2-pairs-{_count}", f"{_count} elements with end tags", "<a></a>" * _count)
for _count in (129, 1_250, 25_000, 40_000, 80_000, 160_000):
    header(
        f"X2-attributes-{_count}",
        f"{_count} attributes",
        "<a " + " ".join(f'a{n}=""' for n in range(_count)) + "/>",
    )
for _count in (12_500, 50_000, 200_000):
    header(f"X2-name-{_count}", f"an element name of {_count} characters", f"<{'a' * _count}/>")
    header(
        f"X2-attribute-name-{_count}", f"an attribute name of {_count} characters", f"<a {'b' * _count}=''/>"
    )
    header(f"X2-value-{_count}", f"an attribute value of {_count} characters", f"<a b='{'c' * _count}'/>")
    header(
        f"X2-prefix-{_count}",
        f"a prefix of {_count} characters",
        f"<{'p' * _count}:a xmlns:{'p' * _count}='urn:p'/>",
    )
for _count in (1_250, 5_000, 33_750):
    for _name, _pairs in COLLISIONS.items():
        _names = list(map("".join, product(_pairs, repeat=16)))[:_count]
        _text = "<a " + " ".join(f'x{name}=""' for name in _names) + "/>"
        header(f"X2-{_name}-{_count}", f"{_count} attributes that collide under {_name}", _text)
_many = ["".join(f" xmlns:p{level}-{number}='urn:p'" for number in range(100)) for level in range(50)]
header("X2-namespaces", "5,000 namespaces in force", "".join(f"<a{each}>" for each in _many) + "</a>" * 50)
header("X2-declared", "20,000 elements that each declare a namespace", '<a xmlns:p="urn:p"/>' * 20_000)
header("X2-comments", "50,000 comments", "<!---->" * 50_000)
header("X2-sections", "50,000 CDATA sections", "<![CDATA[]]>" * 50_000)
_ARRAY = "s:mustUnderstand='1' xmlns:e='urn:e' e:arrayType='x[1000000000]'"
header(
    "X2-array",
    "an array of a thousand million items in a header that must be understood",
    f"</x:x><x:x xmlns:x='urn:x' xmlns:s='{SOAP}' {_ARRAY}>",
    HeaderNotUnderstood,
)


def encoded(code: str, title: str, encoding: str, before: bytes = b"") -> None:
    """Register a good message in another encoding."""

    # What is still ASCII, and so a tree, has at least no signature any more.
    @vector(f"X3-{code}", title, MalformedXml, *([SecurityMalformed] if code == "utf-7" else []))
    def _(kit: Kit) -> Message:
        return simple(before + kit.octets().decode().encode(encoding, "xmlcharrefreplace"))


encoded("utf-16", "UTF-16 with its mark", "utf-16")
encoded("utf-16-le", "UTF-16 without a mark", "utf-16-le")
encoded("utf-16-be", "UTF-16, big end first", "utf-16-be")
encoded("utf-32", "UTF-32", "utf-32")
encoded("ebcdic", "EBCDIC", "cp037")
encoded("utf-7", "UTF-7", "utf-7")
encoded("utf-7-declared", "UTF-7, declared", "ascii", before=b"<?xml version='1.0' encoding='UTF-7'?>")
encoded(
    "latin-2", "ISO 8859-2, declared", "iso-8859-2", before=b"<?xml version='1.0' encoding='iso-8859-2'?>"
)
encoded("two marks", "two byte order marks", "utf-8", before=b"\xef\xbb\xbf" * 2)
encoded(
    "utf-16 declared",
    "UTF-8 that calls itself UTF-16",
    "utf-8",
    before=b"<?xml version='1.0' encoding='UTF-16'?>",
)
encoded("blank", "a blank before the declaration", "utf-8", before=b" <?xml version='1.0'?>")

for _code, _octets in {
    "NUL": b"\0",
    "control": b"\x01",
    "overlong": b"\xc0\xbc",
    "overlong of three": b"\xe0\x80\xbc",
    "surrogate": b"\xed\xa0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "U+FFFE": b"\xef\xbf\xbe",
    "reference to U+FFFE": b"&#xFFFE;",
    "reference to NUL": b"&#0;",
    "reference to a surrogate": b"&#xD800;",
    "stray": b"\xff",
}.items():

    @vector(f"X3-{_code}", f"in a text: {_code}", MalformedXml)
    def _(kit: Kit, octets: bytes = _octets) -> Message:
        return raw_edit(kit, b"<wsu:Created>", b"<wsu:Created>" + octets)


def brim(code: str, title: str, inside: str) -> None:
    """Register a message whose Body holds as much as the limits allow, under a signature of less."""

    @vector(f"X2-brim-{code}", title, SignatureInvalid)
    def _(kit: Kit) -> Message:
        return raw_edit(kit, b"</xds:Request>", inside.encode() + b"</xds:Request>")


_LEAVES = "<z/>" * 12_000 + " " * 200_000
_FORCE = "".join(f"<a xmlns:p{n}='urn:{n}' p{n}:b=''>" for n in range(55))
_ATTRIBUTES = "<a " + " ".join(f"p{n}:b='{'c' * 12}'" for n in range(50)) + "/>"
brim("tags", "a megabyte of as many elements as may be", "<a>1234567890123456789012345</a>" * 30_000)
brim("empty", "as many empty elements as a megabyte may have", "<a/>" * 60_000 + " " * 800_000)
brim(
    "attributes",
    "as many attributes as a megabyte may have",
    "<a b='1234567890123456789' c='12345678901234567890'/>" * 16_000 + " " * 150_000,
)
brim("force", "55 namespaces in force around 12,000 elements", _FORCE + _LEAVES + "</a>" * 55)
brim(
    "wide",
    "elements of 50 attributes of 50 namespaces",
    _FORCE + _ATTRIBUTES * 600 + " " * 300_000 + "</a>" * 55,
)
brim("deep", "300 towers of 90 elements", ("<a>" * 90 + "x" * 2_000 + "</a>" * 90) * 300)
brim(
    "names",
    "30,000 names that were never heard before",
    "".join(f"<name-{n:06d}>12345</name-{n:06d}>" for n in range(28_000)),
)
brim("ids", "10,000 ids", "<a Id='body' ID='body'/>" * 10_000 + " " * 500_000)
brim("escapes", "a megabyte of escapes", "&amp;" * 200_000)
brim("returns", "a megabyte of carriage returns to be escaped", "&#13;" * 200_000)
brim("text", "a megabyte of plain text", "x" * 1_000_000)
