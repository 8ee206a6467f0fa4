"""The XML front door: octets become a tree once, and only if they are what a SOAP message may be.

Order: size, prolog (no DOCTYPE, comment or instruction can start there), counts and lengths in the bytes
(`scanning`), parse, exact shape. There is one parser and one tree; nothing is ever parsed twice (parser
differentials: CVE-2025-25291 and others), and nothing that the document names is ever fetched.
"""

import ctypes
import gc
import threading
from functools import lru_cache

from lxml import etree

from erepo.content import Buffer
from erepo.settings import XmlLimits
from erepo.soap.errors import MalformedXml
from erepo.soap.scanning import check_markup, check_prolog

#: libxml2 refuses texts above 10 MB unless told otherwise; larger inline base64 needs the wide parser.
_TEXT_LIMIT = 9 * 1024**2
#: Bytes that a thread parses before it gets a new dictionary of names.
_RENEWED = 16 * 1024**2
_thread_state = ctypes.pythonapi.PyThreadState_GetDict
_thread_state.restype, _thread_state.argtypes = ctypes.c_void_p, ()
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_based = etree.XPath("boolean(//@xml:base)")

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
    searchable = octets if isinstance(octets, bytes | bytearray) else bytes(octets)
    check_prolog(searchable)
    many_namespaces = check_markup(searchable, limits)
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
        root = etree.fromstring(searchable, parser)
    except (etree.XMLSyntaxError, ValueError):
        # The parser's own text would quote the message.
        raise MalformedXml(rule="not well-formed") from None
    _check_tree(root, limits)
    _check_bases(searchable, root)
    if many_namespaces:
        _check_namespaces(root, limits)
    return root


def _check_tree(root: etree._Element, limits: XmlLimits) -> None:
    if root.getprevious() is not None or root.getnext() is not None:
        raise MalformedXml(rule="comment or instruction beside the root")
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedXml(rule="DOCTYPE")
    if next(root.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        raise MalformedXml(rule="comment, instruction or entity inside")
    if _deeper(limits.depth)(root):
        raise MalformedXml(rule=f"deeper than {limits.depth} elements")


@lru_cache(maxsize=8)
def _deeper(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def _check_bases(octets: bytes | bytearray, root: etree._Element) -> None:
    """Refuse what asks a reader to look elsewhere; nobody here would, and no honest message does."""
    if b"2001/XInclude" in octets and next(root.iter(f"{{{_XINCLUDE}}}*"), None) is not None:
        raise MalformedXml(rule="XInclude")
    if b"xml:base" in octets and _based(root):
        raise MalformedXml(rule="xml:base")


def _check_namespaces(root: etree._Element, limits: XmlLimits) -> None:
    """Bound the declarations in force at one place: canonicalisation walks through them at each element."""
    inside = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        inside += 1 if event == "start-ns" else -1
        if inside > limits.namespaces:
            raise MalformedXml(rule=f"more than {limits.namespaces} namespaces in force")
