"""Exclusive canonicalisation of received parts, and the Body as its signer saw it."""

import hashlib
import secrets

from lxml import etree

from erepo.content import MemoryContent
from erepo.soap.errors import MessageRefused
from erepo.soap.message import base64_chunks
from erepo.soap.mtom import Received
from erepo.xmlsig import canonical
from erepo.xmlsig.canonical import Prefixes


def canonical_octets(element: etree._Element, prefixes: Prefixes) -> bytes:
    """Return the exclusive canonical form of an element, without comments.

    Raises:
        MessageRefused: it has none (relative namespace names).
    """
    return canonical.canonical_octets(element, prefixes, MessageRefused)


def body_digest(body: etree._Element, prefixes: Prefixes, received: Received) -> bytes:
    """Hash the Body with the base64 of each document in the place of its xop:Include, as it was signed.

    A signature over the bare Include would leave the document's octets unprotected, so it is not accepted.
    """
    inside = [(node, cid) for node, cid in received.includes.items() if body in node.iterancestors()]
    if not inside:
        return hashlib.sha256(canonical_octets(body, prefixes)).digest()
    # Nobody can have written this marker into the message: it is made here and now.
    marker = f"include-{secrets.token_hex(16)}-"
    octets = _with_markers(body, prefixes, inside, marker)
    # Split by hand: a pattern compiled for each message would cost a quarter of the whole verification.
    before, *rest = octets.split(marker.encode())
    digest = hashlib.sha256(before)
    for piece in rest:
        number, _, after = piece.partition(b";")
        for chunk in base64_chunks(MemoryContent(received.attachments[inside[int(number)][1]])):
            digest.update(chunk)
        digest.update(after)
    return digest.digest()


def _with_markers(
    body: etree._Element, prefixes: Prefixes, inside: list[tuple[etree._Element, str]], marker: str
) -> bytes:
    """Canonicalise the Body with a text in the place of each Include; the tree is left as it was."""
    taken: list[tuple[etree._Element, etree._Element, str | None, str | None]] = []
    try:
        for number, (node, _) in enumerate(inside):
            parent = node.getparent()
            assert parent is not None
            before, after = parent.text, node.tail
            node.tail = None  # or lxml would keep the text where the element was
            parent.remove(node)
            parent.text = f"{before or ''}{marker}{number};{after or ''}"
            taken.append((parent, node, before, after))
        return canonical_octets(body, prefixes)
    finally:
        for parent, node, before, after in taken:
            parent.text = before
            parent.append(node)
            node.tail = after
