"""From headers to XDS metadata: the Polish attributes, for every official example and for plain files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from erepo.cda.header import read_header
from erepo.cda.kinds import KINDS, Kind
from erepo.cda.model import Patient
from erepo.clinic.bare import describe
from erepo.clinic.dtm import to_dtm
from erepo.clinic.metadata import (
    CLASS_SCHEME,
    OWN_SCHEME,
    PIK_FORMAT,
    PLAIN_FORMAT,
    STORAGE_CATEGORY,
    Deposit,
    Depositor,
    document_entry,
    entry_uuid,
    submission_of,
)
from erepo.clinic.structure import Cell, Place, Provider, Ready, Unit, User
from erepo.content import MemoryContent
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX, XCN, XON
from erepo.identifiers.resort import ResortCodes
from erepo.xds.code_sets import check_codes
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti41 import write_request
from erepo.xds.model import MetadataSet

EXAMPLES = sorted((Path(__file__).parents[4] / "shared" / "pik" / "examples").glob("*.xml"))
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


def depositor(**user: str) -> Depositor:
    """Return a provider with two cells."""
    facts = {"login": "a", "prefix": "", "given": "Anna", "family": "Nowak", "profession": "LEK", "pesel": ""}
    cells = tuple(Cell(f"Poradnia {n}", f"00{n}", f"001{n}", f"0{n}") for n in (1, 2))
    unit = Unit("Zakład", "", "01", cells)
    provider = Provider("Przychodnia & Spółka", "", "000000927722", (unit,))
    codes = [
        ResortCodes(provider.resort_i, "01", one.resort_vii, one.resort_viii, one.resort_x) for one in cells
    ]
    places = {code.cell: Place(unit, cell, code) for code, cell in zip(codes, cells, strict=True)}
    return Depositor("1.2.3", Ready(provider, User(**{**facts, "npwz": "5425740", **user}), places))  # type: ignore[arg-type]


def attachment(**values: object) -> Deposit:
    """Return a scan of a patient's."""
    facts: dict[str, object] = {
        "unique_id": "2.25.1",
        "sha1": "a" * 40,
        "sha256": "b" * 64,
        "size": 3,
        "mime_type": "application/pdf",
        "kind": Kind.ATTACHMENT,
        "patient": CX("44051401359", oids.PESEL),
        "person": Patient((), "Jan", "Kowalski", "19440514", "M", city="Radom"),
        "header": None,
        "title": "",
        "created": NOW,
        "destroy_after_year": 2046,
    }
    return Deposit(**{**facts, **values})  # type: ignore[arg-type]


@pytest.mark.skipif(not EXAMPLES, reason="official examples are not here")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem.rpartition(".")[2])
def test_every_official_example_gives_metadata_that_passes_all_rules(path: Path) -> None:
    """Codes, hash, size, times and ids follow from the document; the profile's own checks find nothing."""
    content = MemoryContent(path.read_bytes())
    header, deposit = read_header(content.octets), describe(content, now=NOW)
    submission = submission_of("2.25.7", [(deposit, content)], depositor(), now=NOW)
    [(entry, _)] = submission.entries
    assert (entry.hash, entry.size) == (deposit.sha1, content.size)
    assert entry.class_code is not None
    assert (entry.class_code.code, entry.class_code.scheme) == (header.p1_code, CLASS_SCHEME)
    assert entry.type_code is not None
    assert entry.type_code.code == header.loinc
    assert entry.format_code == PIK_FORMAT
    assert entry.patient_id == submission.submission_set.patient_id
    assert entry.authors
    [objects] = write_request(submission)[0].iter(OBJECT_LIST)
    assert read_objects(objects, Rules.PROVIDE).documents == (entry,)
    assert check_codes(submission.metadata()) == []


def test_a_plain_file_has_our_own_class_and_the_default_user_as_author() -> None:
    """A scan carries what is known of its patient, the archiving user, and the first cell's codes."""
    entry = document_entry(attachment(), depositor())
    assert entry.class_code is not None
    assert (entry.class_code.scheme, entry.format_code) == (OWN_SCHEME, PLAIN_FORMAT)
    assert entry.title == KINDS[Kind.ATTACHMENT].label.pl
    assert entry.source_patient_info == (
        "PID-5|Kowalski^Jan^^^^^^",
        "PID-7|19440514",
        "PID-8|M",
        "PID-11|Radom",
    )
    assert entry.authors[0].person == XCN("5425740", "Nowak", "Anna", authority_oid=oids.NPWZ_DOCTOR)
    assert entry.authors[0].institutions == (XON("Przychodnia & Spółka", oids.PROVIDER, "000000927722"),)
    assert entry.facility_type is not None
    assert (entry.facility_type.code, entry.creation_time) == ("0011", "20260329120000")
    assert entry.extra_slots == {STORAGE_CATEGORY: ("2046",)}
    assert check_codes(MetadataSet(documents=(entry,))) == []


def test_a_user_without_a_licence_number_signs_by_pesel() -> None:
    """The archiving user may be known by PESEL alone; nurses belong to another pool than doctors."""
    by_pesel = depositor(npwz="", pesel="44051401359").user
    assert (by_pesel.id, by_pesel.authority_oid) == ("44051401359", oids.PESEL)
    assert depositor(profession="PIEL").user.authority_oid == oids.NPWZ_NURSE


def test_delimiters_in_names_are_escaped() -> None:
    """A name with HL7 delimiters cannot break out of its field."""
    deposit = attachment(person=Patient((), "J^an", "K|ow&al~ski", "", ""))
    [name] = document_entry(deposit, depositor()).source_patient_info
    assert name == "PID-5|K\\F\\ow\\T\\al\\R\\ski^J\\S\\an^^^^^^"


def test_the_entry_id_depends_on_document_and_content_alone() -> None:
    """The same document always gets the same entry id, another content another one."""
    assert entry_uuid("1.2^3", "aa") == entry_uuid("1.2^3", "aa")
    assert len({entry_uuid("1.2^3", "aa"), entry_uuid("1.2^3", "ab"), entry_uuid("1.2^4", "aa")}) == 3


@pytest.mark.parametrize(
    ("polish", "utc"),
    [
        ("20260115", "20260115"),
        ("202601", "202601"),
        ("202601151030", "202601150930"),
        ("20260715103000", "20260715083000"),
        ("20260715103000+0500", "20260715053000"),
        ("20260715103000.123", "20260715083000"),
        ("20260329023000", "20260329013000"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_polish_time_becomes_utc_in_its_own_precision(polish: str, utc: str) -> None:
    """Times of day are moved to UTC, summer time and zones included; dates stay; nonsense is left out."""
    assert to_dtm(polish) == utc
