# ruff: noqa: E501 (a table; its lines read better whole)
"""The reader on all official PIK 1.3.1 examples."""

import pytest

from erepo.cda.header import II, is_cda, read_header
from erepo.cda.kinds import Kind, recognise
from erepo.cda.media import media_type
from erepo.identifiers import oids
from tests.support.cda_documents import P1, R2, example, needs_examples

pytestmark = needs_examples

#: name, kind, LOINC, P1 code, title, effectiveTime, family name, PESEL, author's function
TABLE = [
    ("3-1", Kind.PRESCRIPTION, "57833-6", "04.01", "Recepta", "20171012", "Kowalski", "62091599999", "FEL"),
    ("4-1", Kind.REFERRAL_HOSPITAL, "57832-8", "02.10", "Skierowanie do szpitala", "20141020", "Kowalski", None, "LEK"),
    ("4-2", Kind.REFERRAL_REHABILITATION, "57832-8", "02.10", "Skierowanie na rehabilitację kardiologiczną", "20130412",
     "Kowalski", None, "LEK"),
    ("4-3", Kind.REFERRAL_DIAGNOSTIC_P1, "57832-8", "02.10", "Skierowanie na badanie endoskopowe", "20141001",
     "Wojewódzki", "72020299999", "LEK"),
    ("14-1", Kind.CANCELLING_DOCUMENT, "51851-4", "08.80", "Dokument anulujący", "20130420", "Kowalski", None, "LEK"),
    ("15-1", Kind.OTHER_PIK, "11488-4", "05.00", "Konsultacja neurologa", "20140906", "Kowalski", None, "LEK"),
    ("15-1B-pdf", Kind.OTHER_PIK, "11488-4", "05.00", "Konsultacja neurologa", "20140906", "Kowalski", None, "LEK"),
    ("16-1", Kind.DIAGNOSTIC_RESULT, "70004-7", "06.00", "RTG klatki piersiowej", "20140906", "Kowalski", None, "LEK"),
    ("17-1", Kind.LAB_RESULT, "11502-2", "06.10", "Sprawozdanie z badania laboratoryjnego", "20141001", None, None,
     "DLAB"),
    ("17-3B-jpeg", Kind.LAB_RESULT, "11502-2", "06.10", "Sprawozdanie z badania laboratoryjnego", "20140906", None, None,
     "DLAB"),
    ("18-1", Kind.DISCHARGE_SUMMARY, "18842-5", "00.20", "Karta informacyjna z leczenia szpitalnego", "20140906",
     "Kowalski", "62091599999", "LEK"),
    ("19-1", Kind.ADMISSION_REFUSAL, "11488-4", "00.65", "Karta odmowy przyjęcia do szpitala", "20140906", "Kowalski",
     None, "LEK"),
    ("20-1", Kind.OTHER_PIK, "11504-8", "00.60", "Protokół operacyjny", "20140906", "Kowalski", None, "LEK"),
    ("26-1", Kind.PRESCRIPTION, "57833-6", "04.01", "Recepta", "20130412", None, None, "LEK"),
    ("27-1", Kind.OTHER_PIK, "60593-1", "04.12", "Realizacja recepty elektronicznej", "20150301122300", None, None,
     "FARM"),
    ("28-1", Kind.REFERRING_DOCTOR_INFORMATION, "51852-2", "08.90", "Informacja dla lekarza POZ", "20160909", None, None,
     "LEK"),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_every_example_is_read_and_its_kind_named(row: tuple[str, ...]) -> None:
    """Kind, codes, title, time, patient and author of each official example are what people see in it."""
    name, kind, loinc, p1_code, title, time, family, pesel, function = row
    octets = example(name)
    header = read_header(octets)
    assert is_cda(octets)
    assert media_type(octets) == "text/xml"
    assert recognise(header) is kind
    assert (header.loinc, header.p1_code, header.title, header.effective_time) == (
        loinc,
        p1_code,
        title,
        time,
    )
    assert header.template_root == f"{P1}.13.10.1.{name.split('-')[0]}"
    assert (header.template_version, header.extension_namespace) == ("1.3.1", R2)
    assert (header.confidentiality, header.language) == ("N", "pl-PL")
    assert header.author.function_code == function
    assert header.patient.family == family or family is None
    assert header.patient.id_of(oids.PESEL) == pesel or pesel is None
    assert header.document_id.root.startswith(P1)
    assert header.set_id is not None
    assert header.version in {1, 2}
    assert header.legal_authenticator is not None
    assert header.legal_authenticator.id == header.author.id


def test_discharge_summary_in_full() -> None:
    """Every field of the discharge summary example comes out as it stands in the document."""
    header = read_header(example("18-1"))
    assert header.document_id == II(f"{P1}.2.7.0.7.1", "2345678")
    assert header.document_id.unique_id == f"{P1}.2.7.0.7.1^2345678"
    assert header.set_id == II(f"{P1}.2.7.0.7.2", "432231")
    patient = header.patient
    assert patient.ids == (II(f"{P1}.2.7.0.17.1", "12345"), II(oids.PESEL, "62091599999"))
    assert (patient.given, patient.family) == ("Jan Franciszek", "Kowalski")
    assert (patient.birth_date, patient.sex) == ("19620915", "M")
    assert (patient.city, patient.postal_code, patient.street) == ("Warszawa", "01-134", "Odkryta")
    assert (patient.house_number, patient.unit, patient.country) == ("41", "12", "")
    author = header.author
    assert author.id == II(oids.NPWZ_DOCTOR, "7724513")
    assert (author.prefix, author.given, author.family, author.time) == (
        "dr n. med.",
        "Piotr",
        "Nowak",
        "20140906",
    )
    assert [level.name for level in author.organisation] == [
        "Oddział neurologii", "Wojewódzki szpital specjalistyczny", "Wojewódzki Szpital Specjalistyczny",
    ]  # fmt: skip
    assert author.organisation[0].specialty_code == "4220"
    assert author.organisation[2].ids == (II(oids.PROVIDER, "2004"), II(oids.REGON9, "121212445"))
    assert header.custodian == (II(oids.PROVIDER, "1099"),)
    assert (header.service_start, header.service_stop) == ("20140901", "20140906")
    assert header.related == ()


def test_cancelling_document_names_what_it_cancels() -> None:
    """The cancelling example replaces version 1 of its set."""
    (related,) = read_header(example("14-1")).related
    assert related.type_code == "RPLC"
    assert related.id == II(f"{P1}.7.2.1", "2345678")
    assert (related.set_id, related.version) == (II(f"{P1}.7.2.2", "432231"), 1)


@pytest.mark.parametrize(
    ("name", "media"), [("15-1B-pdf", "application/pdf"), ("17-3B-jpeg", "image/jpeg"), ("17-1", "")]
)
def test_binary_form_tells_its_media_type(name: str, media: str) -> None:
    """Documents in binary form tell the media type of their scan, structured ones tell none."""
    assert read_header(example(name)).body_media_type == media


def test_wrong_check_digits_of_the_examples_warn() -> None:
    """The invalid PESEL, NPWZ and REGON of the official examples become warnings."""
    codes = {warning.code for warning in read_header(example("18-1")).warnings}
    assert codes == {"pesel.invalid", "npwz.invalid", "regon.invalid"}
