# ruff: noqa: E501 (vectors read better side by side)
"""Names of saved files (X7): whatever is asked for, what comes out is one harmless file on every system."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.clinic.reading.names import LONGEST, distinct, key, safe_name

#: Independent of the code: what Windows forbids (Microsoft, "Naming Files, Paths, and Namespaces").
FORBIDDEN = set('<>:"/\\|?*')
DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"),
}

HOSTILE = [
    "../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "C:\\Windows\\x", "\\\\server\\share\\x",
    "//server/share", "CON", "con", "Nul", "COM1", "LPT¹", "aux.tar", "PRN .", "NUL ", "report.", "report ",
    "report. . .", "report.xml:stream:$DATA", "report.xml::$INDEX_ALLOCATION", "x" * 300, "ż" * 300, "👩‍⚕️" * 100,
    "a\0b", "wynik\u202egnp.exe", "a\u200bb\ufeff", "\ud800", "", ".", "..", "...", " ", ".bashrc", "-rf", "--help",
    "~root", "a\nb\rc", "a\x1b[31mb", "a\u2028b", "e\u0301", "\u0301", "desktop.ini", "ﬁle", "K\u212a", "|rm -rf *",
    "$(reboot)", "`reboot`", "%2e%2e%2f", "a/b", "a\u2215b", "con\u200b", "C\u200dON",
]  # fmt: skip


def check(name: str, suffix: str) -> None:
    """A name holds none of the dangers, by rules of its own."""
    assert name.endswith(suffix)
    assert 0 < len(name.encode()) <= LONGEST <= 255
    assert len(unicodedata.normalize("NFD", name).encode("utf-16-le")) // 2 <= 255
    assert not FORBIDDEN & set(name)
    assert all(unicodedata.category(one)[0] != "C" for one in name)
    assert not name.startswith((".", "-", "~", " "))
    stem = name.removesuffix(suffix)
    assert stem
    assert not stem.endswith((".", " "))
    base = unicodedata.normalize("NFKC", name.partition(".")[0]).upper().strip()
    assert base not in {unicodedata.normalize("NFKC", one) for one in DEVICES}
    assert unicodedata.normalize("NFC", name) == name


@pytest.mark.parametrize("wanted", HOSTILE)
def test_hostile_names_become_harmless(wanted: str) -> None:
    """Each of the vectors ends as a name that a person could have chosen."""
    check(safe_name(wanted, ".xml"), ".xml")


@given(st.text(), st.sampled_from([".xml", ".pdf", ".html", ".zip"]))
def test_any_text_becomes_a_harmless_name(wanted: str, suffix: str) -> None:
    """Whatever the text."""
    check(safe_name(wanted, suffix), suffix)


@given(st.text(alphabet="conaux.pr nlt12¹ \u200b\u202e:~-_", max_size=20))
def test_texts_near_the_device_names_become_harmless_names(wanted: str) -> None:
    """Texts of the letters of which device names are made, with all that could hide them."""
    check(safe_name(wanted, ".xml"), ".xml")


@given(st.text())
def test_a_safe_name_stays_as_it_is(wanted: str) -> None:
    """Made safe twice, a name does not change: saving again finds the same file."""
    once = safe_name(wanted, ".xml")
    assert safe_name(once, ".xml") == once


def test_ordinary_names_stay_readable() -> None:
    """Polish letters, blanks and brackets are kept."""
    assert safe_name("Wypis żółty (kopia) 2026-01-02", ".xml") == "Wypis żółty (kopia) 2026-01-02.xml"
    assert safe_name("scan.PDF", ".pdf") == "scan.pdf"
    assert safe_name("report.exe", ".pdf") == "report.exe.pdf"


@given(st.lists(st.text(alphabet="aAbBżŻ.ﬁfi() 2", max_size=4), max_size=12))
def test_names_of_one_folder_are_different_to_every_file_system(wanted: list[str]) -> None:
    """Also where capitals or compatible forms are the same; each keeps its suffix."""
    names = distinct(safe_name(one, ".xml") for one in wanted)
    assert len({key(name) for name in names}) == len(names) == len(wanted)
    assert all(name.endswith(".xml") for name in names)


def test_two_documents_of_the_same_name_are_numbered() -> None:
    """The second gets a number, whatever its capitals."""
    assert distinct(["Wynik.xml", "wynik.xml", "WYNIK.XML"]) == [
        "Wynik.xml",
        "wynik (2).xml",
        "WYNIK (3).XML",
    ]


@pytest.mark.parametrize("suffix", ["xml", ".", ".x/y", ".averylongsuffix", "./x"])
def test_a_suffix_is_ours(suffix: str) -> None:
    """The end of a name never comes from outside."""
    with pytest.raises(ValueError, match="suffix"):
        safe_name("x", suffix)
