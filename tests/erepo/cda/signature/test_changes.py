"""Whatever is changed about a signed document, the change is noticed, or it says nothing to any reader."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.cda.signature import verify_document
from erepo.errors import ErepoError
from tests.support.signed_documents import DS, Tree, good

_PARSER = etree.XMLParser(remove_comments=True)


def said(octets: bytes) -> tuple[Any, ...] | None:
    """Return all that a reader could find in a document, but for the signature; None if it is no XML.

    Elements and attributes by their full names, texts, instructions also outside of the root: what the
    parser tells, independent of any canonical form.
    """
    try:
        root = etree.fromstring(octets, _PARSER)
    except etree.XMLSyntaxError:
        return None
    before, after = [*root.itersiblings(preceding=True)][::-1], [*root.itersiblings()]
    return tuple(_told(node) for node in (*before, root, *after))


def _told(node: Tree) -> Any:
    if node.tag == f"{{{DS}}}Signature":
        return "signature", node.tail or ""
    if not isinstance(node.tag, str):
        return str(node.tag), getattr(node, "target", ""), node.text or "", node.tail or ""
    below = tuple(_told(child) for child in node)
    return node.tag, tuple(sorted(node.attrib.items())), node.text or "", below, node.tail or ""


@cache
def what_was_signed() -> tuple[Any, ...] | None:
    """Return what the good document says."""
    return said(good())


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    """A document with one byte changed is refused, or says exactly what was signed."""
    octets = bytearray(good())
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] = data.draw(st.integers(0, 255))
    _prove(bytes(octets))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_piece_is_noticed(data: st.DataObject) -> None:
    """The same for pieces cut out, doubled, moved or put in."""
    octets = bytearray(good())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(octets)))
        stop = data.draw(st.integers(start, min(len(octets), start + 80)))
        words = (b"", bytes(octets[start:stop]) * 2, b"<a/>", b"<!-- a -->", b"<?a b?>", b" ", b"\n", b"EVIL")
        octets[start:stop] = data.draw(st.sampled_from(words))
    _prove(bytes(octets))


def _prove(octets: bytes) -> None:
    try:
        proven = verify_document(octets)
    except ErepoError:
        return
    assert said(octets) == what_was_signed()
    assert proven.root.find(f"{{{DS}}}Signature") is None


def _content_places() -> list[int]:
    """Return the places of all letters and digits of the body: texts, names, values, but no declaration."""
    octets = good()
    start, stop = octets.index(b"<templateId"), octets.index(b"<ds:Signature")
    return [place for place in range(start, stop) if octets[place : place + 1].isalnum()]


@pytest.mark.parametrize("offset", range(3))
def test_every_changed_letter_of_the_content_is_refused(offset: int) -> None:
    """There is no letter or digit of the content that could be another one."""
    octets = good()
    places = _content_places()[offset::3]
    assert len(places) > 200
    for place in places:
        bent = bytearray(octets)
        bent[place] = ord("7") if octets[place] != ord("7") else ord("8")
        with pytest.raises(ErepoError):
            verify_document(bytes(bent))
