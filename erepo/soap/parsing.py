"""The XML front door: octets become a tree once, and only if they are what a SOAP message may be.

Order: size, prolog (`scanning`: no DOCTYPE, comment or instruction can start there), counts and lengths in
the bytes (`erepo.xmlsig.markup`), parse, exact shape. There is one parser and one tree; nothing is ever
parsed twice (parser differentials: CVE-2025-25291 and others), and nothing that the document names is ever
fetched.
"""

from functools import lru_cache

from lxml import etree

from erepo.content import Buffer
from erepo.settings import XmlLimits
from erepo.soap.errors import MalformedXml
from erepo.soap.scanning import check_prolog
from erepo.xmlsig.markup import check_markup
from erepo.xmlsig.trees import check_namespaces, dictionary

#: libxml2 refuses texts above 10 MB unless told otherwise; larger inline base64 needs the wide parser.
_TEXT_LIMIT = 9 * 1024**2
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_based = etree.XPath("boolean(//@xml:base)")

DEFAULT_XML_LIMITS = XmlLimits()


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
    many_namespaces = check_markup(searchable, limits, MalformedXml)
    dictionary.count(len(octets))
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
        check_namespaces(root, limits, MalformedXml)
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
