"""A look at the bytes of an XML document before a tree is made of them: what is hostile is refused cheaply.

The parser's and the canonicalisation's costs grow faster than the size of what they are given: 120,000
attributes of one element are parsed in 34 ms and canonicalised in 42 s. So the counts are bounded first, by
searches that run through the bytes about once (0.5 ms a megabyte). Between one `<` and the next there is at
most one tag, for a `<` stands in no attribute value; that makes tags easy to find without a parser.
"""

import re
from collections.abc import Iterator

from erepo.settings import XmlLimits
from erepo.soap.errors import MalformedXml

#: Tags and attributes that a document may have whatever its size.
_FREE = 5_000
#: Namespace declarations in one document; each is visited once where there are more than may be in force.
_MOST_DECLARATIONS = 20_000
# Encoding is forced to UTF-8, so the bytes searched here are the characters the parser will see.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(<\?xml[ \t\r\n][^<>?]{1,200}\?>)?[ \t\r\n]{0,1000}<[^!?/]")
_VERSION = re.compile(rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*([\"'])1\.0\1")
_ENCODING = re.compile(rb"encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)[\"']")
_NAME = re.compile(rb"</?([^\s/>]*)")
# Possessive, so that no text makes it try twice.
_ATTRIBUTE = re.compile(rb"\s*+([^\s=\"'/>]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")


def check_prolog(octets: bytes | bytearray) -> None:
    """Refuse whatever stands before the root but an XML declaration of version 1.0 and UTF-8.

    Raises:
        MalformedXml: a DOCTYPE, comment or instruction, text, another encoding or version.
    """
    found = _PROLOG.match(octets)
    if not found:
        head = bytes(octets[:2000])
        raise MalformedXml(
            rule="DOCTYPE" if b"<!DOCTYPE" in head else "does not start with an element in UTF-8"
        )
    declaration = found[1]
    if declaration is None:
        return
    if not _VERSION.match(declaration):
        raise MalformedXml(rule="XML version other than 1.0")
    encoding = _ENCODING.search(declaration)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise MalformedXml(rule="encoding other than UTF-8")


def check_markup(octets: bytes | bytearray, limits: XmlLimits) -> bool:
    """Count and measure tags and attributes.

    Returns:
        Whether there are enough namespace declarations for too many to be in force at one place.

    Raises:
        MalformedXml: with the bound that is exceeded.
    """
    most = min(limits.tags, _FREE + len(octets) // limits.bytes_per_tag)
    if octets.count(b"<") > most:
        raise MalformedXml(rule=f"more than {most} tags")
    # Each attribute has a "=", whatever the white space around it. Metadata has one for two tags or more.
    most = min(limits.attributes, _FREE + len(octets) // (2 * limits.bytes_per_tag))
    if octets.count(b"=") > most:
        raise MalformedXml(rule=f"more than {most} attributes")
    declarations = octets.count(b"xmlns")
    if declarations > _MOST_DECLARATIONS:
        raise MalformedXml(rule=f"more than {_MOST_DECLARATIONS} namespace declarations")
    _check_long(octets, limits)
    return declarations > limits.namespaces


def _check_long(octets: bytes | bytearray, limits: XmlLimits) -> None:
    """Measure the pieces, from `<` to `<`, in which a tag or a text could be longer than is allowed."""
    # The shortest attribute is ` a=""`.
    shortest = min(limits.name, limits.element_attributes * 5, limits.value, limits.text)
    for start, end in long_pieces(octets, shortest):
        after = _check_tag(octets, start, end, limits)
        if end - after > limits.text:
            raise MalformedXml(rule=f"a text longer than {limits.text} bytes")


def long_pieces(octets: bytes | bytearray, shortest: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each piece, from `<` to before the next, with so many bytes after its `<`.

    Looks for the last `<` within that distance, so most bytes are never touched: four times as fast as a
    pattern.
    """
    start = octets.find(b"<")
    while 0 <= start < len(octets) - shortest:
        after = octets.rfind(b"<", start + 1, start + 1 + shortest)
        if after < 0:
            after = octets.find(b"<", start + 1 + shortest)
            yield start, after if after >= 0 else len(octets)
        start = after


def _check_tag(octets: bytes | bytearray, start: int, end: int, limits: XmlLimits) -> int:
    """Measure one tag and return where its attributes end."""
    name = _NAME.match(octets, start, end)
    if name is None or name.end(1) - name.start(1) > limits.name:
        raise MalformedXml(rule=f"a name longer than {limits.name} bytes")
    position = name.end()
    for _ in range(limits.element_attributes):
        found = _ATTRIBUTE.match(octets, position, end)
        if found is None:
            return position
        position = found.end()
        if found.end(1) - found.start(1) > limits.name:
            raise MalformedXml(rule=f"a name longer than {limits.name} bytes")
        value = found.span(2) if found[2] is not None else found.span(3)
        if value[1] - value[0] > limits.value:
            raise MalformedXml(rule=f"an attribute value longer than {limits.value} bytes")
    if _ATTRIBUTE.match(octets, position, end):
        raise MalformedXml(rule=f"more than {limits.element_attributes} attributes of one element")
    return position
