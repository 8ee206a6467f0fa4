"""PESEL, NPWZ and REGON against the vectors of the registers, and what their arithmetic promises."""

import datetime as dt
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.identifiers import (
    CheckDigitWrong,
    DateImpossible,
    FormWrong,
    IdentifierInvalid,
    Npwz,
    NurseNpwz,
    Pesel,
    Regon,
    npwz,
    pesel,
    regon,
)

BIRTHS = st.dates(dt.date(1800, 1, 1), dt.date(2299, 12, 31))


@pytest.mark.parametrize(
    ("text", "born", "sex"),
    [
        ("40010151673", dt.date(1940, 1, 1), "M"),
        ("80051212340", dt.date(1980, 5, 12), "F"),
        ("80051212357", dt.date(1980, 5, 12), "M"),
        ("15313000124", dt.date(2015, 11, 30), "F"),
        ("22222807773", dt.date(2022, 2, 28), "M"),
        ("02070803628", dt.date(1902, 7, 8), "F"),
        ("44051401359", dt.date(1944, 5, 14), "M"),
        ("70032816894", dt.date(1970, 3, 28), "M"),
    ],
)
def test_a_valid_pesel_tells_birth_date_and_sex(text: str, born: dt.date, sex: str) -> None:
    """Known numbers parse and give the date of birth and the sex they encode."""
    parsed = Pesel.parse(text)
    assert (parsed.birth_date, parsed.sex, str(parsed)) == (born, sex, text)
    assert pesel.is_valid(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("62091599999", CheckDigitWrong),
        ("", FormWrong),
        ("4001015167", FormWrong),
        ("400101516731", FormWrong),
        ("4001015167a", FormWrong),
        ("٤٠٠١٠١٥١٦٧٣", FormWrong),
        (" 40010151673", FormWrong),
        ("40023051673", DateImpossible),
        ("40001251673", DateImpossible),
        ("40010051673", DateImpossible),
    ],
)
def test_a_wrong_pesel_is_refused_by_its_defect(text: str, error: type[IdentifierInvalid]) -> None:
    """Form, date and check digit each have their own error."""
    with pytest.raises(error):
        Pesel.parse(text)
    assert not pesel.is_valid(text)


@given(BIRTHS, st.integers(0, 4999), st.sampled_from(["F", "M"]))
def test_a_made_pesel_is_valid_and_tells_what_it_was_made_of(
    born: dt.date, serial: int, sex: pesel.Sex
) -> None:
    """Composing and parsing are inverse over all five centuries."""
    made = pesel.make(born, serial, sex)
    assert Pesel.parse(str(made)) == made
    assert (made.birth_date, made.sex) == (born, sex)


@given(BIRTHS, st.integers(0, 4999), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_never_passes(born: dt.date, serial: int, place: int, change: int) -> None:
    """The weights are coprime to 10, so any single mistyped digit is found."""
    text = str(pesel.make(born, serial, "F"))
    wrong = text[:place] + str((int(text[place]) + change) % 10) + text[place + 1 :]
    assert not Pesel.is_valid(wrong)


def test_a_pesel_outside_the_centuries_cannot_be_made() -> None:
    """A year before 1800 has no PESEL."""
    with pytest.raises(DateImpossible):
        pesel.make(dt.date(1799, 12, 31), 1, "F")


def test_a_pesel_hides_in_repr_and_errors() -> None:
    """Neither `repr` nor an error, pickled or printed in either language, shows the number."""
    assert "40010151673" not in repr(Pesel.parse("40010151673"))
    with pytest.raises(CheckDigitWrong) as caught:
        Pesel.parse("62091599999")
    shown = [str(caught.value), *caught.value.explain("pl"), repr(caught.value.data)]
    assert not any("62091599999" in text for text in shown)
    assert b"62091599999" not in pickle.dumps(caught.value)


@pytest.mark.parametrize("text", ["5425740", "8310830", "4727124", "3548362", "3123456"])
def test_a_valid_npwz_of_a_doctor_parses(text: str) -> None:
    """Known numbers pass."""
    assert str(Npwz.parse(text)) == text
    assert npwz.is_valid(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [("7724513", CheckDigitWrong), ("0123456", FormWrong), ("312345", FormWrong), ("31234567", FormWrong)],
)
def test_a_wrong_npwz_is_refused(text: str, error: type[IdentifierInvalid]) -> None:
    """A leading zero was never issued, and the first digit checks the others."""
    with pytest.raises(error):
        Npwz.parse(text)
    assert not npwz.is_valid(text)


@given(st.integers(0, 999_999))
def test_a_made_npwz_is_valid(serial: int) -> None:
    """Remainders 0 and 10 are skipped, as the chamber skips them."""
    assert Npwz.is_valid(str(Npwz.make(serial)))


@pytest.mark.parametrize("text", ["1234567", "1234567P", "1234567A"])
def test_a_nurse_npwz_needs_only_the_form(text: str) -> None:
    """Seven digits and an optional letter are accepted."""
    assert str(NurseNpwz.parse(text)) == text
    assert NurseNpwz.is_valid(text)


@pytest.mark.parametrize("text", ["123456P", "1234567B", "1234567p", ""])
def test_a_nurse_npwz_of_other_form_is_refused(text: str) -> None:
    """Any other letter or length is a wrong form."""
    with pytest.raises(FormWrong):
        NurseNpwz.parse(text)


@pytest.mark.parametrize("text", ["730295378", "123456785", "271539128", "12345678512347", "27153912800016"])
def test_a_valid_regon_parses(text: str) -> None:
    """Known numbers of both lengths pass and tell their entity."""
    parsed = Regon.parse(text)
    assert (str(parsed), parsed.entity, parsed.is_unit) == (text, text[:9], len(text) == 14)
    assert regon.is_valid(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("123456789", CheckDigitWrong),
        ("121212445", CheckDigitWrong),
        ("12345678901234", CheckDigitWrong),
        ("12345678512348", CheckDigitWrong),
        ("1234567851", FormWrong),
        ("", FormWrong),
    ],
)
def test_a_wrong_regon_is_refused(text: str, error: type[IdentifierInvalid]) -> None:
    """Both check digits of a 14-digit number count."""
    with pytest.raises(error):
        Regon.parse(text)
    assert not regon.is_valid(text)


@given(st.text(max_size=16))
def test_no_text_breaks_the_checks(text: str) -> None:
    """Anything at all gets a yes or a no, never another exception."""
    for check in (Pesel.is_valid, Npwz.is_valid, NurseNpwz.is_valid, Regon.is_valid):
        assert check(text) in {True, False}
