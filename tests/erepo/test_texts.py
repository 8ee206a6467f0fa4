"""Words for people: languages, sizes and durations."""

from datetime import UTC, datetime

import pytest

from erepo.texts import Language, Text, end_words, language, size_words, time_words


def test_a_text_speaks_both_languages_and_fills_its_places() -> None:
    """The same data fill either language."""
    text = Text("{count} left", "zostało {count}")
    assert text.fill("en", count=3) == "3 left"
    assert text.fill("pl", count=3) == "zostało 3"


@pytest.mark.parametrize(
    ("octets", "speak", "words"),
    [
        (0, "en", "0 B"),
        (999, "en", "999 B"),
        (1000, "pl", "1,0 kB"),
        (7_916_567, "en", "7.9 MB"),
        (3 * 10**15, "en", "3000.0 TB"),
    ],
)
def test_a_size_is_told_in_units_people_read(octets: int, speak: Language, words: str) -> None:
    """Units of 1,000 and the decimal sign of the language."""
    assert size_words(octets, speak) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.54, "0.5 s"), (59.9, "59.9 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_a_duration_is_told_in_units_people_read(seconds: float, words: str) -> None:
    """Seconds, then minutes and seconds, then hours and minutes."""
    assert time_words(seconds, "en") == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"), [(23, 0, "2026-12-31 24:00"), (22, 59, "2026-12-31 23:59")]
)
def test_an_end_at_midnight_belongs_to_the_day_before(hour: int, minute: int, words: str) -> None:
    """The last day that somebody named is the day that is read."""
    assert end_words(datetime(2026, 12, 31, hour, minute, tzinfo=UTC)) == words


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"EREPO_LANGUAGE": "pl", "LANG": "en_US.UTF-8"}, "pl"),
        ({"EREPO_LANGUAGE": "en", "LANG": "pl_PL.UTF-8"}, "en"),
        ({"LANG": "pl_PL.UTF-8"}, "pl"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "pl_PL.UTF-8", "LANG": "C"}, "pl"),
    ],
)
def test_the_language_is_the_setting_or_the_systems(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    """EREPO_LANGUAGE decides, else the locale of the system."""
    for name in ("EREPO_LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected
