"""Small looks into an XML tree of HL7 version 3: a missing element is None, a missing text is empty."""

from typing import Final, TypeVar

from lxml import etree

from erepo.cda.errors import HeaderIncomplete
from erepo.cda.model import II

V3: Final = "{urn:hl7-org:v3}"
#: Part of the Polish extension's namespaces: `http://www.csioz.gov.pl/xsd/extPL/r1`, `…/r2`, `…/r3` and
#: later.
EXTPL: Final = "/extPL"

_T = TypeVar("_T")
#: Longest run of digits read as a version number.
_DIGITS: Final = 9


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Follow first children by local name; None when one of them, or the element itself, is missing."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(V3 + name), None)
    return element


def attribute(element: etree._Element | None, name: str) -> str:
    """Return an attribute without surrounding white space."""
    return "" if element is None else element.get(name, "").strip()


def value(element: etree._Element | None) -> str:
    """Return the attribute `value`, as times and numbers carry it."""
    return attribute(element, "value")


def text_of(element: etree._Element | None) -> str:
    """Return all text inside, white space folded."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def texts_of(element: etree._Element | None, name: str) -> str:
    """Return the texts of all children of one name, joined by blanks (several given names, prefixes)."""
    if element is None:
        return ""
    return " ".join(filter(None, (text_of(part) for part in element.iterchildren(V3 + name))))


def identifier(element: etree._Element | None) -> II | None:
    """Read an II; None when it has no root (a null flavour)."""
    root = attribute(element, "root")
    return II(root, attribute(element, "extension")) if root else None


def identifiers(element: etree._Element | None) -> tuple[II, ...]:
    """Read all `id` children that have a root."""
    if element is None:
        return ()
    found = (identifier(part) for part in element.iterchildren(f"{V3}id"))
    return tuple(one for one in found if one is not None)


def number(text: str) -> int | None:
    """Read a small whole number; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def required(found: _T | None, field: str) -> _T:
    """Return what was found.

    Raises:
        HeaderIncomplete: nothing, or an empty text, was found.
    """
    if not found:
        raise HeaderIncomplete(field=field)
    return found
