"""What a person gives for a consent, read and checked: recipient, validity, reason (manual 1.4, a to d)."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from erepo.clinic.intake import parse_patient
from erepo.clinic.sharing.errors import MatterWrong, RecipientWrong, ValidityWrong
from erepo.clinic.times import WARSAW, sensible
from erepo.identifiers import oids
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.npwz import Npwz, NurseNpwz
from erepo.texts import Text

#: Longest reason and name, in characters; the service takes no more.
LONGEST: Final = 500
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_EXTENSION = re.compile(r"[A-Za-z0-9./_-]{1,64}")
_ACCOUNT = re.compile(r"[0-9]{16}")
_DAY = len("2026-12-31")
_NPWZ = 7

_NO_TIME = Text("{name} is no day and no time", "{name} nie jest dniem ani chwilą")
_SKIPPED = Text(
    "{name} does not exist: that night the clocks are put forward",
    "{name} nie istnieje: tej nocy zegary są przestawiane do przodu",
)
_ENDLESS = Text("the end is missing", "brak końca")
_BACKWARDS = Text("it ends before it begins", "koniec jest przed początkiem")
_PAST = Text("it is over already", "już minął")
_FROM, _UNTIL = Text("from", "początek"), Text("until", "koniec")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a consent is for; made by the three makers alone.

    Attributes:
        kind: `patient`, `person` or `account`.
        root, extension: of a person: the register's OID, and the number in it. `repr` hides the number.
        account: 16 digits.
        name: what a person or account is called; may be empty. `repr` hides it.
    """

    kind: str
    root: str | None = None
    extension: str | None = field(default=None, repr=False)
    account: str | None = None
    name: str | None = field(default=None, repr=False)

    @classmethod
    def patient(cls) -> "Recipient":
        """The patient whose documents they are."""
        return cls("patient")

    @classmethod
    def person(cls, number: str, name: str = "") -> "Recipient":
        """Somebody named by PESEL, NPWZ (7 digits; of a nurse with P or A), or HL7 CX.

        Raises:
            RecipientWrong: the number or the name cannot be used.
        """
        root, extension = _person(number.strip())
        if len(root) > 64 or not _EXTENSION.fullmatch(extension):
            raise RecipientWrong(field="number")
        return cls("person", root, extension, name=_named(name))

    @classmethod
    def of_account(cls, account: str, name: str = "") -> "Recipient":
        """Another account of the service.

        Raises:
            RecipientWrong: not 16 digits, or the name cannot be used.
        """
        if not _ACCOUNT.fullmatch(account.strip()):
            raise RecipientWrong(field="account")
        return cls("account", account=account.strip(), name=_named(name))


def read_matter(text: str) -> str:
    """Return the reason ("Sprawa") as it is sent.

    Raises:
        MatterWrong: empty, too long, or not legible.
    """
    found = text.strip()
    if not 0 < len(found) <= LONGEST or _UNREADABLE.search(found):
        raise MatterWrong
    return found


def read_validity(since: str, until: str, at: datetime) -> tuple[datetime, datetime]:
    """Return from when until when a consent holds, in UTC; the end is the first moment in which it does not.

    Args:
        since: a day or a time as people write it, Polish time; empty is now. In the hour that the clocks put
            back come twice, the beginning is the later one and the end the earlier: rather less is shown.
        until: likewise; a day counts until its midnight.
        at: now (aware).

    Raises:
        ValidityWrong: no times, a time that does not exist, an end that is over or not after the beginning.
    """
    begin = _moment(since, _FROM, fold=1) if since.strip() else at.replace(microsecond=0)
    if not until.strip():
        raise _wrong(_ENDLESS)
    end = _moment(until, _UNTIL, fold=0, days=1)
    if end <= begin:
        raise _wrong(_BACKWARDS)
    if end <= at:
        raise _wrong(_PAST)
    return begin, end


def _moment(text: str, name: Text, *, fold: int, days: int = 0) -> datetime:
    """Read a day or a time; a day is its beginning, moved by `days`."""
    written = text.strip()
    try:
        found = datetime.fromisoformat(written)
        if len(written) == _DAY:
            found += timedelta(days=days)
    except (ValueError, OverflowError):
        raise _wrong(_NO_TIME, name) from None
    if sensible(found) is None:
        raise _wrong(_NO_TIME, name)
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    moment = found.replace(tzinfo=WARSAW, fold=fold).astimezone(UTC)
    if moment.astimezone(WARSAW).replace(tzinfo=None) != found:
        raise _wrong(_SKIPPED, name)
    return moment


def _wrong(problem: Text, name: Text | None = None) -> ValidityWrong:
    return ValidityWrong(
        problem_en=problem.fill("en", name=name.en if name else ""),
        problem_pl=problem.fill("pl", name=name.pl if name else ""),
    )


def _person(number: str) -> tuple[str, str]:
    if Npwz.is_valid(number):
        return oids.NPWZ_DOCTOR, number
    if len(number) == _NPWZ + 1 and NurseNpwz.is_valid(number):
        return oids.NPWZ_NURSE, number
    if number.isdigit() and len(number) == _NPWZ:
        raise RecipientWrong(field="NPWZ")
    try:
        found = parse_patient(number)
    except IdentifierInvalid:
        raise RecipientWrong(field="number") from None
    return found.authority_oid, found.id


def _named(name: str) -> str | None:
    found = name.strip()
    if len(found) > LONGEST or _UNREADABLE.search(found):
        raise RecipientWrong(field="name")
    return found or None
