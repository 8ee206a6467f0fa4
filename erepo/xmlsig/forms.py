"""Strict reading of signature elements: exactly these children, these attributes, no text between them."""

import binascii
import re
from typing import Final

import pybase64
from lxml import etree

from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.xmlsig.canonical import Prefixes
from erepo.xmlsig.names import EXC_C14N, INCLUSIVE_NAMESPACES
from erepo.xmlsig.refusals import Refusals

_MOST_PREFIXES: Final = 32
_PREFIX: Final = re.compile(r"#default|[A-Za-z_][\w.-]{0,63}")
_BLANKS: Final = " \t\r\n"


def has_text(element: etree._Element) -> bool:
    """Return whether anything but white space stands between the children of an element."""
    if element.text and element.text.strip(_BLANKS):
        return True
    for child in element:
        tail = child.tail
        if tail and tail.strip(_BLANKS):
            return True
    return False


def decode_base64(octets: Buffer | str, error: type[ErepoError]) -> bytes:
    """Decode base64 that may be broken into lines; anything else outside the alphabet raises `error`."""
    raw = octets.encode("ascii", "replace") if isinstance(octets, str) else bytes(octets)
    try:
        return pybase64.b64decode(raw.translate(None, _BLANKS.encode()), validate=True)
    except (binascii.Error, ValueError):
        raise error(rule="broken base64") from None


class Forms:
    """Reads elements strictly and refuses with the errors of a room."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def children(self, element: etree._Element, *tags: str) -> list[etree._Element]:
        """Return the children of an element that has exactly these, in this order; else refuse its form."""
        nodes = list(element)
        if [node.tag for node in nodes] != list(tags) or has_text(element):
            raise self._refusals.form(rule=f"{etree.QName(element).localname} has another form")
        return nodes

    def check_attributes(self, element: etree._Element, allowed: set[str]) -> None:
        """Refuse the form of an element that has other attributes than these."""
        if not allowed.issuperset(element.keys()):
            raise self._refusals.form(rule=f"unknown attribute on {etree.QName(element).localname}")

    def only_text(self, element: etree._Element) -> str:
        """Return the text of an element; refuse the form of one with children."""
        if len(element):
            raise self._refusals.form(rule=f"{etree.QName(element).localname} holds elements")
        return element.text or ""

    def octets(self, element: etree._Element) -> bytes:
        """Return the octets of an element that holds base64 and nothing else."""
        return decode_base64(self.only_text(element), self._refusals.form)

    def exclusive(self, node: etree._Element) -> Prefixes:
        """Return the PrefixList of an exclusive canonicalisation without comments; refuse any other."""
        self.check_attributes(node, {"Algorithm"})
        if node.get("Algorithm") != EXC_C14N:
            raise self._refusals.algorithm(rule="canonicalisation or transform")
        if not len(node):
            return ()
        (inclusive,) = self.children(node, INCLUSIVE_NAMESPACES)
        self.check_attributes(inclusive, {"PrefixList"})
        prefixes = tuple(inclusive.get("PrefixList", "").split())
        if len(inclusive) or len(prefixes) > _MOST_PREFIXES or not all(map(_PREFIX.fullmatch, prefixes)):
            raise self._refusals.form(rule="PrefixList")
        return prefixes
