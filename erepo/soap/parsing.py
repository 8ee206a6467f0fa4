"""The XML front door: octets become a tree once, and only if they are what a SOAP message may be.

Order: size, prolog (no DOCTYPE, comment or instruction can start there), rough counts, parse, exact shape.
There is one parser and one tree; nothing is ever parsed twice (parser differentials: CVE-2025-25291 and
others).
"""

import ctypes
import gc
import re
import threading
from dataclasses import dataclass

from lxml import etree

from erepo.content import Buffer
from erepo.soap.errors import MalformedXml

#: libxml2 refuses texts above 10 MB unless told otherwise; larger inline base64 needs the wide parser.
_TEXT_LIMIT = 9 * 1024**2
#: Bytes that a thread parses before it gets a new dictionary of names.
_RENEWED = 16 * 1024**2
_thread_state = ctypes.pythonapi.PyThreadState_GetDict
_thread_state.restype, _thread_state.argtypes = ctypes.c_void_p, ()
# Encoding is forced to UTF-8, so the bytes searched here are the characters the parser will see.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:<\?xml[ \t\r\n][^<>?]{1,200}\?>)?[ \t\r\n]{0,1000}<[^!?/]")
_ENCODING = re.compile(rb"encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)[\"']")


@dataclass(frozen=True)
class XmlLimits:
    """Bounds of one XML document; a refusal costs far less than a parse of the worst allowed document."""

    tags: int = 400_000
    """Start and end tags together."""
    attributes: int = 200_000
    """Attributes and namespace declarations together."""
    depth: int = 200
    """Nested elements."""


DEFAULT_XML_LIMITS = XmlLimits()


class _Dictionary(threading.local):
    """libxml2's dictionary of names, one for each thread that parses: with the word `#default`, and bounded.

    lxml hands a PrefixList entry to the canonicalisation only if the document's dictionary knows the word.
    Real prefixes are in there since they were parsed; `#default`, which WSS4J sends, is not. A pull parser's
    tag filter is the public way to put a word in.

    Every name that was ever parsed stays in the dictionary, so a sender of ever new names would fill the
    memory. After `_RENEWED` bytes the thread gets a new one; trees that use the old one keep it alive until
    they go. lxml has no public way to do it: it keeps the dictionary under a key of the thread's state.
    """

    def __init__(self) -> None:
        self._new()

    def _new(self) -> None:
        self._parsed = 0
        parser = etree.XMLPullParser(tag="#default")
        parser.feed(b"<x/>")
        parser.close()
        del parser
        gc.collect(0)  # a pull parser is a cycle of references, and would keep the dictionary after its time

    def count(self, size: int) -> None:
        """Note that so many bytes are about to be parsed."""
        self._parsed += size
        if self._parsed > _RENEWED:
            state = ctypes.cast(_thread_state(), ctypes.py_object).value
            state.pop("_ParserDictionaryContext", None)
            self._new()


_dictionary = _Dictionary()


def parse_xml(octets: Buffer, size_limit: int, limits: XmlLimits = DEFAULT_XML_LIMITS) -> etree._Element:
    """Parse one document strictly.

    Args:
        octets: UTF-8 XML, with or without a declaration.
        size_limit: most bytes accepted.
        limits: bounds of the tree.

    Returns:
        The root of a tree without DOCTYPE, comments, processing instructions and entity references.

    Raises:
        MalformedXml: with the rule that was broken.
    """
    if len(octets) > size_limit:
        raise MalformedXml(rule=f"larger than {size_limit} bytes")
    _check_prolog(octets)
    _check_counts(octets, limits)
    _dictionary.count(len(octets))
    wide = len(octets) > _TEXT_LIMIT
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        collect_ids=False,
        huge_tree=wide,
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError):
        # The parser's own text would quote the message.
        raise MalformedXml(rule="not well-formed") from None
    _check_tree(root, limits, wide=wide)
    return root


def _check_prolog(octets: Buffer) -> None:
    found = _PROLOG.match(octets)
    if not found:
        head = bytes(octets[:2000])
        raise MalformedXml(
            rule="DOCTYPE" if b"<!DOCTYPE" in head else "does not start with an element in UTF-8"
        )
    encoding = _ENCODING.search(found[0])
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise MalformedXml(rule="encoding other than UTF-8")


def _check_counts(octets: Buffer, limits: XmlLimits) -> None:
    searchable = octets if isinstance(octets, bytes | bytearray) else bytes(octets)
    if searchable.count(b"<") > limits.tags:
        raise MalformedXml(rule=f"more than {limits.tags} tags")
    # Each attribute has a "=", whatever the white space around it.
    if searchable.count(b"=") > limits.attributes:
        raise MalformedXml(rule=f"more than {limits.attributes} attributes")


def _check_tree(root: etree._Element, limits: XmlLimits, *, wide: bool) -> None:
    if root.getprevious() is not None or root.getnext() is not None:
        raise MalformedXml(rule="comment or instruction beside the root")
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedXml(rule="DOCTYPE")
    if next(root.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        raise MalformedXml(rule="comment, instruction or entity inside")
    # The normal parser stops at 256 by itself.
    if wide and root.xpath(f"boolean({'/*' * (limits.depth + 1)})"):
        raise MalformedXml(rule=f"deeper than {limits.depth} elements")
