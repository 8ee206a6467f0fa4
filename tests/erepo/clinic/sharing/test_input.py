"""What people write for a consent: times of Warsaw, recipients, reasons."""

from datetime import UTC, datetime

import pytest

from erepo.clinic.sharing.errors import MatterWrong, RecipientWrong, ValidityWrong
from erepo.clinic.sharing.input import Recipient, read_matter, read_validity
from erepo.identifiers import oids

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        ("2026-05-01", "2026-05-31", "2026-04-30T22:00", "2026-05-31T22:00"),  # a day lasts to its midnight
        ("2026-12-01 08:00", "2026-12-01T16:30:05", "2026-12-01T07:00", "2026-12-01T15:30:05"),
        ("", "2026-03-02", "2026-03-01T00:00", "2026-03-02T23:00"),
        ("2026-05-01T08:00Z", "2026-05-02T08:00+02:00", "2026-05-01T08:00", "2026-05-02T06:00"),
        # The night in which 02:30 comes twice: the later beginning, the earlier end.
        ("2026-10-25 02:30", "2026-10-26", "2026-10-25T01:30", "2026-10-26T23:00"),
        ("2026-10-24", "2026-10-25 02:30", "2026-10-23T22:00", "2026-10-25T00:30"),
        ("2026-03-29", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # a day of 23 hours
    ],
)
def test_times_of_warsaw(since: str, until: str, begin: str, end: str) -> None:
    """As people write them, kept in UTC, summer and winter."""
    wanted = tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (begin, end))
    assert read_validity(since, until, NOW) == wanted


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-05-02", "2026-05-01"),
        ("2026-05-01 08:00", "2026-05-01 08:00"),
        ("2025-05-01", "2025-05-02"),
        ("", "2026-02-30"),
        ("", ""),
        ("jutro", "2026-05-01"),
        ("", "2026-03-29 02:30"),  # the clocks go from 02:00 to 03:00
        ("", "9999-12-31"),
        ("0001-01-01", "2026-05-01"),
    ],
)
def test_times_that_are_none(since: str, until: str) -> None:
    """Backwards, over, not in the calendar, skipped by the clock: refused in words that repeat nothing."""
    with pytest.raises(ValidityWrong) as refused:
        read_validity(since, until, NOW)
    assert "jutro" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "root", "extension"),
    [
        ("44051401359", oids.PESEL, "44051401359"),
        (" 5425740 ", oids.NPWZ_DOCTOR, "5425740"),
        ("1234567P", oids.NPWZ_NURSE, "1234567P"),
        ("AB-1^^^&1.2.616&ISO", "1.2.616", "AB-1"),
    ],
)
def test_a_person_by_any_number(typed: str, root: str, extension: str) -> None:
    """PESEL, NPWZ and CX name a person; the number never shows in `repr`."""
    found = Recipient.person(typed, "Anna Nowak")
    assert (found.kind, found.root, found.extension) == ("person", root, extension)
    assert extension not in repr(found)
    assert "Nowak" not in repr(found)


@pytest.mark.parametrize("typed", ["44051401358", "5425741", "", "nobody", "A B^^^&1.2&ISO", "x" * 300])
def test_a_person_by_no_number(typed: str) -> None:
    """Wrong check digits and forms are refused without being repeated."""
    with pytest.raises(RecipientWrong) as refused:
        Recipient.person(typed)
    assert not typed or typed not in str(refused.value)


def test_names_accounts_and_reasons() -> None:
    """Empty, too long, or with characters nobody can read: refused."""
    for name in ("x" * 501, "a\nb"):
        with pytest.raises(RecipientWrong):
            Recipient.person("44051401359", name)
    for account in ("123", "a" * 16):
        with pytest.raises(RecipientWrong):
            Recipient.of_account(account)
    for matter in ("", "  ", "x" * 501, "a\tb", "a\u2028b"):
        with pytest.raises(MatterWrong):
            read_matter(matter)
    assert read_matter(" Zażółć ") == "Zażółć"
