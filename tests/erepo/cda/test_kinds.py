# ruff: noqa: E501 (a table; its lines read better whole)
"""Kinds, and the table of what the module knows of each."""

import pytest

from erepo.cda.header import read_header
from erepo.cda.kinds import KINDS, Kind, recognise
from tests.support.cda_documents import CUSTODIAN, P1, document

#: template number, LOINC, P1 code, title, kind: written down again from polish-domain.md 1.3 and 1.7.
KNOWN = [
    ("3", "57833-6", "04.01", "Recepta", Kind.PRESCRIPTION),
    ("7", "57833-6", "04.01", "Recepta farmaceutyczna", Kind.PRESCRIPTION),
    ("8", "57833-6", "04.01", "Recepta na import docelowy", Kind.PRESCRIPTION),
    ("26", "57833-6", "04.01", "Recepta", Kind.PRESCRIPTION),
    ("4", "57133-1", "02.11", "Skierowanie do szpitala", Kind.REFERRAL_SPECIALIST),
    ("4", "57133-1", "", "Skierowanie do poradni", Kind.REFERRAL_SPECIALIST),
    ("4", "57832-8", "02.10", "SKIEROWANIE DO SZPITALA", Kind.REFERRAL_HOSPITAL),
    ("4", "57832-8", "02.10", "Skierowanie na rehabilitację w szpitalu", Kind.REFERRAL_REHABILITATION),
    ("4", "57832-8", "02.10", "Skierowanie do laboratorium", Kind.REFERRAL_DIAGNOSTIC),
    ("12", "57832-8", "02.10", "Skierowanie do szpitala psychiatrycznego", Kind.REFERRAL_HOSPITAL),
    ("29", "57832-8", "02.10", "Skierowanie", Kind.REFERRAL_REHABILITATION),
    ("14", "51851-4", "08.80", "Dokument anulujący", Kind.CANCELLING_DOCUMENT),
    ("16", "70004-7", "06.00", "USG", Kind.DIAGNOSTIC_RESULT),
    ("17", "11502-2", "06.10", "Morfologia", Kind.LAB_RESULT),
    ("18", "18842-5", "00.20", "Karta informacyjna", Kind.DISCHARGE_SUMMARY),
    ("19", "11488-4", "00.65", "Karta odmowy", Kind.ADMISSION_REFUSAL),
    ("28", "51852-2", "08.90", "Informacja", Kind.REFERRING_DOCTOR_INFORMATION),
    *((number, "11488-4", "05.00", "Inny dokument", Kind.OTHER_PIK) for number in ("5", "9", "10", "15", "20", "27", "48")),
    ("", "18842-5", "00.20", "Karta informacyjna", Kind.DISCHARGE_SUMMARY),
    ("", "57832-8", "02.10", "Skierowanie do szpitala", Kind.REFERRAL_HOSPITAL),
    ("", "34105-7", "06.10", "Nieznany", Kind.OTHER_PIK),
    ("", "57833-6", "", "Recepta", Kind.OTHER_PIK),
]  # fmt: skip


@pytest.mark.parametrize(("number", "loinc", "p1_code", "title", "kind"), KNOWN)
def test_kind_follows_from_template_and_codes(
    number: str, loinc: str, p1_code: str, title: str, kind: Kind
) -> None:
    """Template number first, then codes, and the title only to split template .4."""
    octets = document(
        template=f'<templateId root="{P1}.13.10.1.{number}" extension="1.3.2"/>' if number else "",
        code=f'<code code="{loinc}"><translation code="{p1_code}" codeSystem="{P1}.11.1.32"/></code>',
        title=f"<title>{title}</title>",
    )
    assert recognise(read_header(octets)) is kind


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({}, Kind.REFERRAL_DIAGNOSTIC),
        (
            {"custodian": CUSTODIAN.replace(f'{P1}.2.3.1" extension="000000100300', P1)},
            Kind.REFERRAL_DIAGNOSTIC_P1,
        ),
        ({"identity": f'<id root="{P1}.7.4.1" extension="9"/>'}, Kind.REFERRAL_DIAGNOSTIC_P1),
    ],
)
def test_diagnostic_referral_sent_to_p1_is_known_by_pool_or_custodian(
    part: dict[str, str], kind: Kind
) -> None:
    """A number from P1's pool, or P1 as custodian, makes it the kind that was sent to P1."""
    octets = document(
        template=f'<templateId root="{P1}.13.10.1.4" extension="1.3.1"/>',
        code=f'<code code="57832-8"><translation code="02.10" codeSystem="{P1}.11.1.32"/></code>',
        title="<title>Skierowanie na badanie</title>",
        **part,
    )
    assert recognise(read_header(octets)) is kind


def test_every_kind_is_in_the_table() -> None:
    """No kind lacks its entry, and labels differ in both languages."""
    assert set(KINDS) == set(Kind)
    assert len({info.label.pl for info in KINDS.values()}) == len(Kind)
    assert len({info.label.en for info in KINDS.values()}) == len(Kind)


def test_four_kinds_of_p1_start_off_and_all_others_on() -> None:
    """The manual (1.1.5, since 7.2.0) switches automatic archiving off for exactly these kinds."""
    off = {kind for kind, info in KINDS.items() if not info.auto_archive_default}
    assert off == {
        Kind.PRESCRIPTION,
        Kind.REFERRAL_SPECIALIST,
        Kind.REFERRAL_HOSPITAL,
        Kind.REFERRAL_DIAGNOSTIC_P1,
    }


def test_five_kinds_may_be_deleted_and_two_have_attachments() -> None:
    """The manual allows deleting five kinds (1.5), saving attachments of one (1.2); we wrap patients' files."""
    assert {kind for kind, info in KINDS.items() if info.deletable} == {
        Kind.PRESCRIPTION,
        Kind.REFERRAL_SPECIALIST,
        Kind.REFERRAL_HOSPITAL,
        Kind.REFERRAL_DIAGNOSTIC_P1,
        Kind.REFERRAL_REHABILITATION,
    }
    assert {kind for kind, info in KINDS.items() if info.has_attachments} == {
        Kind.SHARED_DOCUMENTATION,
        Kind.OWN_PATIENT_DOCUMENT,
    }
