"""What is odd about a header: warned, never refused (official examples carry wrong check digits too).

Sources: PIK 1.3.1 base template (cardinalities, author and signer at the same time, function and licence of
one profession, no UUID as document id) and the check digit rules of `erepo.identifiers`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from erepo.cda.model import II, Author, CdaHeader, HeaderWarning
from erepo.identifiers import npwz, oids, regon
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.pesel import Pesel

_TIME: Final = re.compile(r"\d{4}(?:\d{2}){0,5}(?:\.\d{1,4})?(?:[+-]\d{4})?", re.ASCII)
#: Where the licence of each profession is registered.
_LICENCES: Final = {
    "LEK": oids.NPWZ_DOCTOR,
    "LEKD": oids.NPWZ_DOCTOR,
    "FEL": oids.NPWZ_DOCTOR,
    "PIEL": oids.NPWZ_NURSE,
    "POL": oids.NPWZ_NURSE,
    "FARM": oids.NPWZ_PHARMACIST,
    "DLAB": oids.NPWZ_LABORATORY,
    "FIZJO": oids.NPWZ_PHYSIOTHERAPIST,
}
_EVERY_LICENCE: Final = frozenset(_LICENCES.values())
#: Check of an identifier's extension, by its root.
_CHECKS: Final = {
    oids.NPWZ_DOCTOR: ("npwz.invalid", npwz.is_valid),
    oids.NPWZ_NURSE: ("npwz.invalid", npwz.NurseNpwz.is_valid),
    oids.REGON9: ("regon.invalid", regon.is_valid),
    oids.REGON14: ("regon.invalid", regon.is_valid),
}


def warnings_of(header: CdaHeader, *, templates: int, authors: int) -> CdaHeader:
    """Return the header with its warnings filled in, each at most once.

    Args:
        header: as read.
        templates: how many versioned PIK document templates the document names; one is right.
        authors: how many authors it has; none is odd.
    """
    found = [
        *_shape(header, templates, authors),
        *_patient(header),
        *_people(header),
        *_organisations(header),
    ]
    return replace(header, warnings=tuple(dict.fromkeys(found))) if found else header


def _shape(header: CdaHeader, templates: int, authors: int) -> Iterator[HeaderWarning]:
    if templates != 1:
        yield HeaderWarning("template.missing" if templates == 0 else "template.several", "templateId")
    if not oids.is_oid(header.document_id.root):
        yield HeaderWarning("id.not-oid", "id")
    if not _TIME.fullmatch(header.effective_time):
        yield HeaderWarning("time.form", "effectiveTime")
    present = {
        "title": header.title,
        "confidentialityCode": header.confidentiality,
        "languageCode": header.language,
        "setId": header.set_id,
        "versionNumber": header.version is not None,
        "author": authors,
        "custodian": header.custodian,
        "legalAuthenticator": header.legal_authenticator,
    }
    yield from (HeaderWarning("missing", field) for field, value in present.items() if not value)


def _patient(header: CdaHeader) -> Iterator[HeaderWarning]:
    patient = header.patient
    number = patient.id_of(oids.PESEL)
    if not number:
        return
    try:
        pesel = Pesel.parse(number)
    except IdentifierInvalid:
        yield HeaderWarning("pesel.invalid", "recordTarget/patientRole/id")
        return
    if patient.birth_date and not pesel.birth_date.strftime("%Y%m%d").startswith(patient.birth_date[:8]):
        yield HeaderWarning("pesel.birth-date", "recordTarget/patientRole/patient/birthTime")
    if patient.sex in {"F", "M"} and patient.sex != pesel.sex:
        yield HeaderWarning("pesel.sex", "recordTarget/patientRole/patient/administrativeGenderCode")


def _people(header: CdaHeader) -> Iterator[HeaderWarning]:
    author, signer = header.author, header.legal_authenticator
    yield from _licence(author.id, "author/assignedAuthor/id")
    yield from _profession(author)
    if signer is not None:
        yield from _licence(signer.id, "legalAuthenticator/assignedEntity/id")
        if author.time and signer.time and author.time != signer.time:
            yield HeaderWarning("time.differs", "author/time")


def _licence(identifier: II | None, field: str) -> Iterator[HeaderWarning]:
    if identifier is None or identifier.root not in _CHECKS:
        return
    code, is_valid = _CHECKS[identifier.root]
    if not is_valid(identifier.extension):
        yield HeaderWarning(code, field)


def _profession(author: Author) -> Iterator[HeaderWarning]:
    expected = _LICENCES.get(author.function_code)
    if expected and author.id and author.id.root in _EVERY_LICENCE and author.id.root != expected:
        yield HeaderWarning("npwz.other-profession", "author/functionCode")


def _organisations(header: CdaHeader) -> Iterator[HeaderWarning]:
    for organisation in header.author.organisation:
        for identifier in organisation.ids:
            yield from _licence(identifier, "author/assignedAuthor/representedOrganization/id")
