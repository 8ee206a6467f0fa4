"""The acting person, and the many ways in which systems write a PESEL or NPWZ."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from erepo.identifiers import oids
from erepo.identifiers.hl7 import CE
from erepo.identifiers.npwz import Npwz, NurseNpwz
from erepo.identifiers.pesel import Pesel

#: Code systems of our own assertions: the P1 list of professions; HL7's ActReason with the purposes of use.
ROLE_SCHEME: Final = oids.PROFESSION
PURPOSE_SCHEME: Final = "2.16.840.1.113883.5.8"
TREATMENT: Final = CE("TREAT", PURPOSE_SCHEME, "treatment")
#: A life is in danger: the assertion states a reason as well (`names.REASON`).
BREAK_GLASS: Final = CE("BTG", PURPOSE_SCHEME, "break the glass")

_FORM = re.compile(r"[0-9]{4,8}[A-Z]?")
#: Roots that name a person, the one to be kept first: the professional number before the national one.
ROOTS: Final[Mapping[str, Callable[[str], object]]] = {
    oids.NPWZ_DOCTOR: Npwz.is_valid,
    oids.NPWZ_NURSE: NurseNpwz.is_valid,
    oids.NPWZ_PHARMACIST: _FORM.fullmatch,
    oids.NPWZ_LABORATORY: _FORM.fullmatch,
    oids.NPWZ_PHYSIOTHERAPIST: _FORM.fullmatch,
    oids.PESEL: Pesel.is_valid,
}
_LONGEST = 256
_WORDS: Final = {"pesel": oids.PESEL, "npwz": oids.NPWZ_DOCTOR}
#: `root#id` (P1), `root:id`, `root^id`; `id@root`; `id^^^&root&ISO` (CX, XCN); `PESEL:id`.
_ROOT_FIRST = re.compile(r"(?:urn:oid:)?([0-2](?:\.[0-9]+)+)[#:^|/]([0-9]{4,11}[A-Z]?)", re.ASCII)
_ROOT_LAST = re.compile(r"([0-9]{4,11}[A-Z]?)@(?:urn:oid:)?([0-2](?:\.[0-9]+)+)", re.ASCII)
_HL7 = re.compile(r"([0-9]{4,11}[A-Z]?)\^[^&]*&([0-2](?:\.[0-9]+)+)&ISO.*", re.ASCII)
_WORD = re.compile(r"(?:.*[:/])?(pesel|npwz)[:#=/| ]{1,3}([0-9]{4,11}[A-Z]?)", re.ASCII | re.IGNORECASE)
_BARE = re.compile(r"[0-9]{4,11}[A-Z]?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff who acts for an account, and why.

    Attributes:
        id_root: OID of the register: PESEL, or NPWZ of one of the professions.
        id: number in it. `repr` hides it.
        role: in which role the person acts.
        purpose: of use.
        organisation: the account.
        name: as the clinic writes it; often empty. `repr` hides it.
        reason: why an emergency asks (purpose BTG); else empty. `repr` hides it: it may tell of a patient.
    """

    id_root: str
    id: str = field(repr=False)
    role: CE
    purpose: CE
    organisation: str
    name: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)


def known_person(candidates: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Return (root, id) of the person that texts name; None if they name nobody.

    Args:
        candidates: pairs (root that the text is known to belong to, or "", the text).

    Raises:
        ValueError: they name two people.
    """
    found: dict[str, str] = {}
    for root, text in candidates:
        person = _person(root, text.strip())
        if person and found.setdefault(*person) != person[1]:
            raise ValueError("two people")
    return next(((root, found[root]) for root in ROOTS if root in found), None)


def _person(root: str, text: str) -> tuple[str, str] | None:
    for one, number in _readings(root, text[:_LONGEST]):
        valid = ROOTS.get(one)
        if valid and valid(number):
            return one, number
    return None


def _readings(root: str, text: str) -> Iterable[tuple[str, str]]:
    """Yield what a text may mean, as (root, id)."""
    if found := _ROOT_FIRST.fullmatch(text):
        yield found[1], found[2]
    elif found := _ROOT_LAST.fullmatch(text) or _HL7.fullmatch(text):
        yield found[2], found[1]
    elif found := _WORD.fullmatch(text):
        yield _profession(_WORDS[found[1].lower()], found[2]), found[2]
    elif _BARE.fullmatch(text):
        yield from _bare(root, text)
    else:
        first, _, last = text.removeprefix("urn:oid:").rpartition(".")
        yield first, last


def _bare(root: str, text: str) -> Iterable[tuple[str, str]]:
    if root:
        yield _profession(root, text), text
    elif len(text) == 11:
        yield oids.PESEL, text
    else:
        yield _profession(oids.NPWZ_DOCTOR, text), text


def _profession(root: str, text: str) -> str:
    """Nurses and midwives are known by the letter after their number."""
    return oids.NPWZ_NURSE if root == oids.NPWZ_DOCTOR and text[-1] in "PA" else root
