"""Exclusive canonicalisation (https://www.w3.org/TR/xml-exc-c14n/), always without comments."""

from collections.abc import Callable

from lxml import etree

from erepo.errors import ErepoError

#: Prefixes of an InclusiveNamespaces element.
Prefixes = tuple[str, ...]


def canonical_octets(element: etree._Element, prefixes: Prefixes, refused: type[ErepoError]) -> bytes:
    """Return the exclusive canonical form of an element.

    Raises:
        refused: it has none (relative namespace names).
    """
    try:
        return etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except etree.C14NError:
        raise refused(rule="a part cannot be canonicalised") from None


def feed_document(
    root: etree._Element, prefixes: Prefixes, update: Callable[[bytes], object], refused: type[ErepoError]
) -> None:
    """Hand the exclusive canonical form of a whole document to `update`, piece by piece.

    Whole means the document node, as `Reference URI=""` does: processing instructions before and after the
    root belong to it (XML Signature 4.4.3.3). The pieces are never joined, so a large document costs no copy.

    Raises:
        refused: it has none (relative namespace names).
    """
    try:
        root.getroottree().write_c14n(
            _Sink(update), exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes) or None
        )
    except etree.C14NError:
        raise refused(rule="a part cannot be canonicalised") from None


class _Sink:
    """As much of a file as lxml writes to."""

    def __init__(self, update: Callable[[bytes], object]) -> None:
        self._update = update

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self._update(piece)
        return len(piece)
