"""The XML front door lets in what a SOAP message may be and nothing else; nothing is ever fetched."""

import re
import resource
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.soap.errors import MalformedXml
from erepo.soap.parsing import XmlLimits, parse_xml
from erepo.xmlsig.markup import long_pieces

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
#: Names of one hash under the functions of Bernstein (x33 with + and ^, x31): "Ez" and "FY" weigh the same.
COLLIDING = ["a" + "".join(pair) for pair in product(("Ez", "FY"), repeat=10)]
REFUSED = {
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external subset": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]><a/>',
    "billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
    "empty DOCTYPE": "<!DOCTYPE a><a/>",
    "DOCTYPE after a declaration": '<?xml version="1.0"?>\n<!DOCTYPE a><a/>',
    "DOCTYPE after a comment": "<!-- --><!DOCTYPE a><a/>",
    "DOCTYPE after much space": " " * 5000 + "<!DOCTYPE a><a/>",
    "undeclared entity": "<a>&x;</a>",
    "comment before": "<!-- --><a/>",
    "comment inside": "<a>t<!-- -->t</a>",
    "comment after": "<a/><!-- -->",
    "stylesheet": '<?xml-stylesheet href="x.xsl"?><a/>',
    "instruction inside": "<a><?x?></a>",
    "instruction after": "<a/><?x?>",
    "text before": "x<a/>",
    "text after": "<a/>x",
    "two roots": "<a/><b/>",
    "nothing": "",
    "NUL": "<a>\0</a>",
    "control": "<a>&#1;</a>",
    "no character": "<a>&#xFFFE;</a>",
    "no character, as it is": "<a>\ufffe</a>",
    "XInclude": '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="file:///etc/passwd"/></a>',
    "xml:base": '<a><b xml:base="http://127.0.0.1:9/"/></a>',
    "XML 1.1": "<?xml version='1.1'?><a/>",
    "XML of no version": "<?xml encoding='utf-8'?><a/>",
    "attribute twice": "<a b='1' b='2'/>",
    "namespaced attribute twice": "<a xmlns:p='u:u' xmlns:q='u:u' p:b='1' q:b='2'/>",
    "unbound prefix": "<p:a/>",
    "ISO declared": '<?xml version="1.0" encoding="iso-8859-2"?><a/>',
    "UTF-16 declared": '<?xml version="1.0" encoding="UTF-16"?><a/>',
    "UTF-7 declared": '<?xml version="1.0" encoding="UTF-7"?><a/>',
    "two byte order marks": "\ufeff\ufeff<a/>",
    "nesting": "<a>" * 3000 + "</a>" * 3000,
    "elements": "<a>" + "<b/>" * 400_001 + "</a>",
    "attributes": "<a " + " ".join(f'b{n}=""' for n in range(200_001)) + "/>",
    "spaced attributes": "<a " + " ".join(f"b{n} = ''" for n in range(200_001)) + "/>",
    "a long name": f"<{'a' * 12_500}/>",
    "a long name at an end": f"<a></{'a' * 200_000}>",
    "a long attribute name": f"<a {'b' * 12_500}=''/>",
    "a long attribute name, late": f"<a c='>' {'b' * 12_500} = ''/>",
    "a long prefix": f"<{'p' * 12_500}:a xmlns:{'p' * 12_500}='urn:x'/>",
    "a long value": f"<a b='{'c' * 200_000}'/>",
    "a long value after others": f"<a b='' c=\"'\" d='{'c' * 200_000}'/>",
    "nesting in the width": "<a>" + "<b>" * 101 + "</b>" * 101 + "</a>",
    "attributes of one element": "<a " + " ".join(f'b{n}=""' for n in range(129)) + "/>",
    "attributes with signs in them": "<a " + " ".join(f"b{n}='<>=>'" for n in range(129)) + "/>",
    "attributes behind a sign": "<a x='>' " + " ".join(f"b{n}='>='" for n in range(129)) + "/>",
    "colliding attributes": "<a " + " ".join(f'{name}=""' for name in COLLIDING) + "/>",
    "namespaces in force": "<a>"
    + "".join(f"<b xmlns:p{n}='urn:{n}'>" for n in range(65))
    + "</b>" * 65
    + "</a>",
    "namespace declarations": "<a>" + "<b xmlns:p='urn:x'/>" * 20_001 + "</a>",
    "empty elements": "<a>" + "<b/>" * 12_500 + "</a>",
    "many attributes": "<a>" + '<b c="" d="" e="" f="" g="" h=""/>' * 12_500 + "</a>",
    "comments": "<a>" + "<!---->" * 100_000 + "</a>",
    "CDATA sections": "<a>" + "<![CDATA[]]>" * 200_000 + "</a>",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_refused(text: str) -> None:
    """DOCTYPE, comments, instructions, foreign encodings, floods: one typed refusal."""
    with pytest.raises(MalformedXml):
        parse_xml(text.encode(), 10**8)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037", "utf-7"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """Octets in another encoding than UTF-8 do not get past the first look."""
    with pytest.raises(MalformedXml):
        parse_xml("<?xml version='1.0'?><!DOCTYPE a><a>ż</a>".encode(encoding, "xmlcharrefreplace"), 10**6)


@pytest.mark.parametrize("octets", [b"<a>\xff</a>", b"<a>\xc0\xbc</a>", b"<a>\xed\xa0\x80</a>"])
def test_broken_utf8_is_refused(octets: bytes) -> None:
    """Stray, overlong and surrogate octets are no text."""
    with pytest.raises(MalformedXml):
        parse_xml(octets, 10**6)


@pytest.mark.parametrize(
    "text",
    [
        "<a/>",
        "\ufeff<a/>",
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<a/>\n',
        "<?xml version='1.0' encoding='utf-8'?><a/>",
        "<a><![CDATA[<!DOCTYPE b><!-- -->]]></a>",
        "<a>&lt;!DOCTYPE b&gt;</a>",
        '<a xmlns:x="http://www.w3.org/2001/XInclude">2001/XInclude xml:base</a>',
        '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x file:///x.xsd"/>',
        "<a t='p>q' u=\"'='\" v=''><b w='='/>" + "=" * 2000 + "</a>",
        "<a>😀 zażółć</a>",
    ],
)
def test_good_documents_are_read(text: str) -> None:
    """What SOAP allows is read, and words about markup are just words."""
    assert parse_xml(text.encode(), 10**6).tag == "a"


def test_large_base64_texts_are_read() -> None:
    """Inline base64 above libxml2's text limit is read, still within our own depth."""
    text = "A" * 12_000_000
    assert parse_xml(f"<a>{text}</a>".encode(), 10**8).text == text
    with pytest.raises(MalformedXml, match="deeper"):
        parse_xml(f"<a>{text}{'<b>' * 101}{'</b>' * 101}</a>".encode(), 10**8)


def test_limits_are_settings() -> None:
    """Each bound can be set."""
    octets = b'<a bb="cc" e="f"><d>text</d></a>'
    for limits in (
        "tags=2",
        "attributes=0",
        "name=1",
        "value=1",
        "text=1",
        "depth=1",
        "element_attributes=1",
    ):
        name, value = limits.split("=")
        with pytest.raises(MalformedXml):
            parse_xml(octets, 10**6, XmlLimits(**{name: int(value)}))
    with pytest.raises(MalformedXml, match="namespaces"):
        parse_xml(b"<a xmlns='urn:x'><b xmlns='urn:y'/></a>", 10**6, XmlLimits(namespaces=1))
    parse_xml(b"<a><b xmlns='urn:y'/><c xmlns='urn:z'/></a>", 10**6, XmlLimits(namespaces=1))
    with pytest.raises(MalformedXml):
        parse_xml(octets, 5)
    assert parse_xml(memoryview(octets), 10**6)[0].tag == "d"


@given(octets=st.binary(max_size=200) | st.text("<>a!?-&;[]'\"= \n", max_size=80).map(str.encode))
@settings(deadline=None, max_examples=500)
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Whatever comes, it is a tree or a typed refusal."""
    with suppress(MalformedXml):
        assert parse_xml(octets, 10**6).tag


def test_ever_new_names_do_not_fill_the_memory() -> None:
    """Names that no message used before are forgotten again; the trees that use them stay whole."""
    kept = parse_xml(b"<kept><inner key='value'/></kept>", 1000)
    before = _resident()
    for number in range(120):
        names = (f"a{number}-{each}-{'n' * 280}" for each in range(3300))
        parse_xml(f"<x>{''.join(f'<{name}/>' for name in names)}</x>".encode(), 2 * 1024**2)
    assert _resident() - before < 60 * 1024**2
    fresh = parse_xml(b"<fresh><kept/></fresh>", 1000)
    fresh.append(kept[0])
    assert [(child.tag, dict(child.attrib)) for child in fresh] == [("kept", {}), ("inner", {"key": "value"})]


def _resident() -> int:
    """Return the resident size of this process in bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


@given(st.lists(st.sampled_from([b"<", b"a", b"aaa", b"<<", b" "]), max_size=60), st.integers(1, 8))
def test_long_pieces_are_those_of_a_pattern(words: list[bytes], shortest: int) -> None:
    """The search that skips most bytes finds what the plain pattern for it finds."""
    octets = b"".join(words)
    plain = [found.span() for found in re.finditer(rb"<[^<]{%d,}" % shortest, octets)]
    assert list(long_pieces(octets, shortest)) == plain
    assert list(long_pieces(bytearray(octets), shortest)) == plain
