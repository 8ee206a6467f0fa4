"""Tools of somebody who bends signed documents, for the vectors in `tests/erepo/cda/signature/attacks`.

Two kinds of hand, as for messages: `bend` has no key and moves, doubles, drops or edits pieces of a document
that a doctor signed; `forge` signs *validly*, with a key of its own, over something that must not count.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from erepo.cda.errors import NotXml
from erepo.cda.signature.errors import SignatureForged
from tests.support.cda_documents import document
from tests.support.signed_documents import DS, XADES, Edit, Signing, Tree, good, octets_of

V3 = "urn:hl7-org:v3"
Refusal = type[SignatureForged] | type[NotXml]


@dataclass(frozen=True)
class Vector:
    """One attack.

    Attributes:
        code: family of the house's list, and a word of its own.
        title: what it does, in one line.
        refusals: errors that count as a proper refusal.
        make: makes the document.
    """

    code: str
    title: str
    refusals: tuple[Refusal, ...]
    make: Callable[[], bytes]


VECTORS: list[Vector] = []


def vector(code: str, title: str, *refusals: Refusal) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register the decorated maker as a vector."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        VECTORS.append(Vector(code, title, refusals, make))
        return make

    return register


def bend(code: str, title: str, *refusals: Refusal) -> Callable[[Callable[[Tree], Tree | None]], object]:
    """Register an edit of a good document as a vector; the edit may return another root."""

    def register(edit: Callable[[Tree], Tree | None]) -> object:
        @vector(code, title, *refusals)
        def make() -> bytes:
            root = etree.fromstring(good())
            changed = edit(root)
            return octets_of(root if changed is None else changed)

        return make

    return register


def forge(
    code: str, title: str, *refusals: Refusal, signing: Signing | None = None
) -> Callable[[Edit], object]:
    """Register an edit of the signature before it is made as a vector."""

    def register(edit: Edit) -> object:
        @vector(code, title, *refusals)
        def make() -> bytes:
            signer = signing or Signing()
            fields = {name: getattr(signer, name) for name in ("who", "digest", "method", "v2", "chain")}
            return Signing(**fields, edit=edit).sign(document())

        return make

    return register


def ds(name: str) -> str:
    """Return a name of XML-DSig."""
    return f"{{{DS}}}{name}"


def xades(name: str) -> str:
    """Return a name of XAdES."""
    return f"{{{XADES}}}{name}"


def one(tree: Tree, tag: str) -> Tree:
    """Return the first element of a name."""
    return next(tree.iter(tag))


def signature_of(root: Tree) -> Tree:
    """Return the signature."""
    return one(root, ds("Signature"))


def references(tree: Tree) -> list[Tree]:
    """Return the references: to the document, to the properties."""
    return list(tree.iter(ds("Reference")))


def evil(root: Tree) -> Tree:
    """Return a copy of a document that says something else, without its signature."""
    twin = copy.deepcopy(root)
    twin.remove(signature_of(twin))
    one(twin, f"{{{V3}}}title").text = "EVIL"
    return twin


def place_in(root: Tree, *inside: Tree) -> None:
    """Put elements into a section of a document's body."""
    section = etree.SubElement(etree.SubElement(root, f"{{{V3}}}component"), f"{{{V3}}}section")
    section.extend(inside)
