"""Each symptom of the manual's chapter 2 has classes, texts in both languages, a check and help."""

import re
from pathlib import Path

import pytest

import erepo
from erepo.clinic.diagnosis import CHECKS, SYMPTOMS, Symptom, help_on, symptom_of
from erepo.clinic.diagnosis.symptoms import PAGES
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.errors import ErepoError, RemoteTimeout
from erepo.soap.errors import SecureChannelFailed

ROOT = Path(erepo.__file__).parents[1]
EACH = pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda one: one.chapter)

#: The manual's own words, each in the Polish text of a class of its chapter.
WORDING = {
    "2.1": "Nie udało się pobrać id repozytorium z domeny krajowej",
    "2.2": "Limit czasu operacji został przekroczony",
    "2.3": "Bad Request",
    "2.4": "Forbidden",
    "2.5": "Wystąpił błąd w obsłudze bezpiecznego kanału",
    "2.6": "Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki e-mail",
    "2.7": "rzerwa serwisowa/techniczna",
}


def test_the_chapters_are_those_of_the_manual() -> None:
    """2.1 to 2.7, each once, in order; the checks in this order too."""
    assert [one.chapter for one in SYMPTOMS] == [f"2.{number}" for number in range(1, 8)]
    ordered = [check for one in SYMPTOMS for check in one.checks]
    assert [check for check in CHECKS if check in ordered] == ordered


@EACH
def test_classes_and_words(symptom: Symptom) -> None:
    """Every class has cause and cure in both languages; at least one speaks as the manual does."""
    for kind in symptom.errors:
        for text in (kind.cause, kind.cure):
            assert text.en
            assert text.pl
            assert text.en != text.pl
        assert kind.cause is not ErepoError.cause
    spoken = [kind.cause.pl for kind in symptom.errors] + [symptom.title.pl]
    assert any(WORDING[symptom.chapter] in text for text in spoken[:-1])


@EACH
def test_each_class_shows_one_symptom(symptom: Symptom) -> None:
    """The registry finds the row of each class, and of each code of a refusal."""
    texts = {f"{part}_{tongue}": "x" for part in ("cause", "cure") for tongue in ("pl", "en")}
    for kind in symptom.errors:
        assert symptom_of(kind(rule="x", code="x")) is symptom
    for code in symptom.codes:
        assert symptom_of(ServiceRefusal(code=code, status=400, **texts)) is symptom


@EACH
@pytest.mark.parametrize("language", ["en", "pl"])
def test_both_pages_of_help_have_its_chapter(symptom: Symptom, language: str) -> None:
    """In the order of the manual, with its checks as commands, and its codes."""
    page = (ROOT / getattr(PAGES, language)).read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert headings[: len(SYMPTOMS)] == [getattr(one.heading, language) for one in SYMPTOMS]
    chapter = page.partition(f"## {getattr(symptom.heading, language)}\n")[2].partition("\n## ")[0]
    for check in symptom.checks:
        assert f"erepo diagnose --only {check}" in chapter or f"--only {check}" in chapter
    assert any(f"`{kind.code}`" in chapter for kind in symptom.errors)


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_other_check_is_on_both_pages(language: str) -> None:
    """What the manual does not know stands below it."""
    page = (ROOT / getattr(PAGES, language)).read_text(encoding="utf-8")
    others = [name for name in CHECKS if not any(name in one.checks for one in SYMPTOMS)]
    assert {name for name in others if f"| `{name}` |" not in page} == set()


def test_every_check_is_in_the_reference() -> None:
    """One row each, with the chapter of the manual."""
    text = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name in CHECKS:
        chapter = next((one.chapter for one in SYMPTOMS if name in one.checks), "")
        assert re.search(rf"^\| `{name}` \| {chapter} ?\|", text, flags=re.MULTILINE), name


def test_help_names_check_page_and_chapter() -> None:
    """A subclass shows the symptom of its family; what belongs to none has no help."""
    late = RemoteTimeout(address="x", phase="read", seconds=1, setting="READ")
    assert "erepo diagnose --only time-limit" in help_on(late, "en")
    assert "rozwiazywanie-problemow.md" in help_on(SecureChannelFailed(address="x", reason="y"), "pl")
    assert help_on(ErepoError(), "en") == ""
