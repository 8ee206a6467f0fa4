"""The structure as a table: what a spreadsheet writes is read, what is wrong is told with its line."""

import contextlib
import csv
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.clinic.errors import StructureInvalid
from erepo.clinic.structure_csv import COLUMNS, parse_table, write_table
from erepo.clinic.structure_file import CellRecord, ProviderRecord, UnitRecord

HEAD = ";".join(COLUMNS)
#: As Polish spreadsheets write it: semicolons, repeated fields left empty.
GOOD = f"""{HEAD}
Przychodnia „Żuraw”;;000000927722;Zakład leczniczy;;01;Poradnia POZ;001;0010;01
;;;;;;Gabinet zabiegowy;002;0010;01
;;;Pracownia;;02;Laboratorium;003;7100;38
;;;;;01;Poradnia kardiologiczna;004;1100;53
"""

_names = st.text(st.sampled_from(string.ascii_letters + " ąęłśż,;\"'\t=+-@„"), min_size=1, max_size=12).map(
    lambda text: " ".join(text.split()) or "x"
)


def _code(digits: int) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.integers(1, 10**digits - 1).map(lambda number: f"{number:0{digits}}"))


_cells = st.builds(CellRecord, name=_names, resort_vii=_code(3), resort_viii=_code(4), resort_x=_code(2))


@st.composite
def _providers(draw: st.DrawFn) -> ProviderRecord:
    codes = draw(st.lists(st.integers(1, 99), unique=True, max_size=4))
    units = [
        UnitRecord(name=draw(_names), resort_v=f"{code:02}", cells=draw(st.lists(_cells, max_size=4)))
        for code in codes
    ]
    return ProviderRecord(name=draw(_names), resort_i=draw(_code(12)), units=units)


@settings(max_examples=60)
@given(_providers())
def test_what_is_exported_can_be_loaded(provider: ProviderRecord) -> None:
    """Any structure survives the way through the table, whatever marks its names hold."""
    assert parse_table(write_table(provider).encode()) == provider


def test_a_spreadsheet_runs_no_name() -> None:
    """A name that looks like a formula is exported as text, and comes back as it is."""
    names = ['=HYPERLINK("http://evil")', "+48 22", "-1", "@SUM(A1)", "'=1", "''x"]
    provider = ProviderRecord(name="x", units=[UnitRecord(name=name, resort_v="01") for name in names[:1]])
    provider.units[0].cells.extend(CellRecord(name=name) for name in names)
    table = write_table(provider)
    fields = [field for row in csv.reader(table.splitlines()) for field in row]
    assert not [field for field in fields if field.startswith(("=", "+", "-", "@"))]
    assert parse_table(table.encode()) == provider


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_what_spreadsheets_write_is_read(encoding: str, delimiter: str) -> None:
    """Encodings and delimiters of Polish spreadsheets; empty fields say the same as above."""
    provider = parse_table(GOOD.replace(";", delimiter).replace("\n", "\r\n").encode(encoding))
    assert provider.name == "Przychodnia „Żuraw”"
    assert [unit.resort_v for unit in provider.units] == ["01", "02"]
    assert [cell.resort_vii for cell in provider.units[0].cells] == ["001", "002", "004"]
    assert [cell.resort_vii for cell in provider.units[1].cells] == ["003"]


def refused(text: str) -> str:
    """Return what is told of a wrong table, in English."""
    with pytest.raises(StructureInvalid) as caught:
        parse_table(text.encode())
    assert caught.value.explain("pl")[0]
    return caught.value.explain("en")[0]


def test_everything_wrong_is_told_with_its_line() -> None:
    """Each bad field with line and column, all at once, and the usual cause of lost zeros."""
    told = refused(GOOD.replace(";002;", ";2;").replace("7100", "710x").replace(";004;", ";;"))
    assert "line 3, resort_vii" in told
    assert "leading zeros" in told
    assert "line 4, resort_viii" in told
    assert "line 5" not in told


def test_lines_are_counted_in_polish_as_well() -> None:
    """The place of each is told in the language of its reason."""
    with pytest.raises(StructureInvalid) as caught:
        parse_table(GOOD.replace(";002;", ";2;").replace("7100", "710x").encode())
    told = " ".join(caught.value.explain("pl"))
    assert "wiersz 3, resort_vii" in told
    assert "wiersz 4, resort_viii" in told
    assert "line" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing: provider_name"),
        ("a;b\n", "line 1, a: there is no such column"),
        (HEAD + ";unit_name\n", "line 1, unit_name: the column stands there twice"),
        (HEAD + "\n;;;;;\n", "line 2: there is no row"),
        (GOOD + ';;;;;;"open;1;2;3\n', "broken here"),
        (GOOD + "x;;;;;;;;;;;more\n", "line 6: more fields than columns"),
        (GOOD + "Inna nazwa;;;;;;X;005;0010;01\n", "line 6, provider_name: says something else than line 2"),
        (GOOD + ";;;Inny;;02;X;005;0010;01\n", "line 6, unit_name: says something else than line 4"),
        (f"{HEAD}\nP;;;;;;Poradnia;001;0010;01\n", "line 2, unit_name: this field is missing"),
        (f"{HEAD}\n;;000000927722;U;;01;C;001;0010;01\n", "line 2, provider_name: this is empty"),
        (f"{HEAD}\nP;123456789;;U;;01;C;001;0010;01\n", "line 2, provider_regon"),
    ],
)
def test_wrong_tables_are_refused_with_their_place(text: str, words: str) -> None:
    """Every way to be wrong names its line."""
    assert words in refused(text)


@given(st.binary(max_size=300))
def test_no_octets_make_it_fail_otherwise(octets: bytes) -> None:
    """Whatever the file holds, it is either read or refused with its place."""
    for head in (b"", HEAD.encode() + b"\n"):
        with contextlib.suppress(StructureInvalid):
            parse_table(head + octets)
