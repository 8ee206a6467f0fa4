"""Attacks on P1's assertion, and on the message that carries it, at the door for other providers.

Two hands: `forge` has P1's token key and signs what must not count; `bend` has the provider's keys and moves,
doubles, drops or edits pieces of a good message after it was signed. M numbers are those of the house's list;
XSW those of the published wrapping families, played on the assertion.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lxml import etree

from erepo.acting import names as saml
from erepo.identifiers import oids
from erepo.soap.signing import ReadyAssertion
from tests.support.foreign_provider import Message
from tests.support.outside import OutsideWorld

Tree = Any
Make = Callable[[OutsideWorld, str], Message]
#: Another patient than the one of the documents.
EVIL: Final = f"{oids.PESEL}#80051212357"
BEARER, SENDER = "outside.assertion-refused", "outside.sender-refused"
SECURITY_FORM, FORM, XML = "soap.security-malformed", "soap.malformed-envelope", "soap.malformed-xml"


@dataclass(frozen=True)
class Vector:
    """One attack: its number, what it does in one line, and the codes that are a proper refusal."""

    code: str
    title: str
    refusals: tuple[str, ...]
    make: Make


VECTORS: Final[list[Vector]] = []


def vector(code: str, title: str, *refusals: str) -> Callable[[Make], Make]:
    """Register the decorated maker."""

    def register(make: Make) -> Make:
        VECTORS.append(Vector(code, title, refusals or (BEARER,), make))
        return make

    return register


def forge(code: str, title: str, edit: Callable[[Tree], object], **more: Any) -> None:
    """Register an assertion that P1's key signs after an edit."""

    @vector(code, title)
    def make(world: OutsideWorld, document: str) -> Message:
        return said(world, document, world.assertion(edit, **more))


def after(code: str, title: str, edit: Callable[[Tree], object], *refusals: str) -> None:
    """Register an assertion that is edited after P1's key has signed it."""

    @vector(code, title, *refusals)
    def make(world: OutsideWorld, document: str) -> Message:
        return said(world, document, world.assertion(after=edit))


def bend(code: str, title: str, edit: Callable[[Tree], object], *refusals: str) -> None:
    """Register a good message of which the tree is edited after everything was signed."""

    @vector(code, title, *refusals)
    def make(world: OutsideWorld, document: str) -> Message:
        message = said(world, document, world.assertion())
        tree = etree.fromstring(message.octets)
        edit(tree)
        return Message(message.address, message.content_type, etree.tostring(tree))


def said(world: OutsideWorld, document: str, assertion: ReadyAssertion, **more: Any) -> Message:
    """Return a message of the reader with an assertion."""
    return world.reader.message(world.address, world.repository, [document], assertion=assertion, **more)


def at(**apart: float) -> str:
    """Return a moment that far from now."""
    moment = datetime.now(UTC) + timedelta(**apart)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def setting(path: str, name: str, value: Callable[[], str]) -> Callable[[Tree], object]:
    """Return an edit that sets an attribute."""
    return lambda root: (root if path == "." else root.find(path)).set(name, value())


def text(path: str, value: str) -> Callable[[Tree], object]:
    """Return an edit that sets a text."""

    def edit(root: Tree) -> None:
        root.find(path).text = value

    return edit


def nothing(_root: Tree) -> None:
    """Edit nothing: what is wrong is among the attributes."""


def without(path: str) -> Callable[[Tree], object]:
    """Return an edit that takes an element away."""

    def edit(root: Tree) -> None:
        found = root.find(path)
        found.getparent().remove(found)

    return edit


def twice(path: str) -> Callable[[Tree], object]:
    """Return an edit that puts an element twice."""

    def edit(root: Tree) -> None:
        found = root.find(path)
        found.addnext(copy.deepcopy(found))

    return edit


def attribute(root: Tree, name: str) -> Tree:
    """Return the attribute of a name."""
    return next(each for each in root.iter(saml.ATTRIBUTE) if each.get("Name") == name)
