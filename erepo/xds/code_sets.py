"""Codes that an affinity domain agreed upon, and metadata held against them (IHE ITI TF-2 3.42.4.1.3).

The Polish domain is that of P1's profile of ITI-42 (polish-domain §4.6). Coding schemes are known there by
their names and by their OIDs; either is taken. How closely codes are looked at follows from what of their
scheme is public:

* confidentialityCode, languageCode and mimeType: whole lists (PIK 1.3.2 header; the media that we take in);
* classCode (`~.11.1.32`), typeCode (LOINC), healthcareFacilityTypeCode (`~.11.2.4`, resort code VIII) and
  practiceSettingCode (resort code X): the scheme and the form of its codes, for the dictionaries are not
  public, or change more often than programs;
* formatCode, contentTypeCode, eventCodeList: the scheme alone;
* codeList of folders: nothing, the domain says nothing of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final

from erepo.cda.media import SUFFIXES
from erepo.identifiers import oids
from erepo.xds.errors import RegistryError
from erepo.xds.model import Code, DocumentEntry, MetadataSet, SubmissionSet
from erepo.xds.vocabulary import Xds

_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Scheme:
    """A coding scheme by its names, and the form that its codes have."""

    names: frozenset[str]
    form: re.Pattern[str] | None = None

    def holds(self, code: Code) -> bool:
        """Tell whether a code belongs here."""
        return code.scheme in self.names and (self.form is None or self.form.fullmatch(code.code) is not None)


@dataclass(frozen=True, slots=True)
class CodeSet:
    """What a domain allows.

    Attributes:
        schemes: by attribute of a document or submission set, as the profile names it; others are free.
        languages: languageCode in lower case.
        mime_types: mimeType without parameters.
    """

    schemes: Mapping[str, tuple[Scheme, ...]]
    languages: frozenset[str]
    mime_types: frozenset[str]


def _scheme(*names: str, form: str = "") -> Scheme:
    return Scheme(frozenset(names), re.compile(form) if form else None)


POLISH: Final = CodeSet(
    MappingProxyType(
        {
            "classCode": (
                _scheme(
                    "Klasyfikacja dokumentów P1", "KLAS_DOK_P1", oids.DOCUMENT_CLASS_P1, form=r"\d\d\.\d\d"
                ),
                # Kinds of ours that P1 has no document type for.
                _scheme("erepo: rodzaj dokumentu", form="[a-z_]+"),
            ),
            "typeCode": (_scheme("LOINC", oids.LOINC, form=r"\d{1,7}-\d"),),
            "formatCode": (
                _scheme("Kody formatów P1"),
                _scheme("1.3.6.1.4.1.19376.1.2.3", form="urn:ihe:.+"),
            ),
            "healthcareFacilityTypeCode": (
                _scheme("Specjalność komórki organizacyjnej", oids.CELL_SPECIALTY, form=r"\d{4}"),
            ),
            "practiceSettingCode": (_scheme("Dziedzina medyczna", form=r"\d\d"),),
            "confidentialityCode": (_scheme(oids.CONFIDENTIALITY, form="[NRV]"),),
            "eventCodeList": (_scheme("ICD-9-PL", "ICD-9 PL", "ICD9-PL", oids.ICD9_PL),),
            "contentTypeCode": (_scheme("Typ wysyłki"),),
        }
    ),
    frozenset({"pl-pl", "en-us", "en-gb"}),
    frozenset(SUFFIXES),
)

#: By the name that an account's option carries; accounts with `codes=open` take every code.
CODE_SETS: Final[Mapping[str, CodeSet]] = MappingProxyType({"polish": POLISH})


def check_codes(metadata: MetadataSet, code_set: CodeSet = POLISH) -> list[RegistryError]:
    """Hold the codes of documents and submission sets against a domain's.

    Returns:
        One XDSRegistryMetadataError for each attribute outside its set, at most a hundred: the context names
        the attribute, the location the object.
    """
    found = [problem for one in metadata.submission_sets for problem in _check_set(one, code_set)]
    documents = (problem for one in metadata.documents for problem in _check_document(one, code_set))
    return [*found, *islice(documents, _MOST_ERRORS)][:_MOST_ERRORS]


def _check_set(one: SubmissionSet, code_set: CodeSet) -> Iterator[RegistryError]:
    if _outside(code_set, "contentTypeCode", (one.content_type,)):
        yield _error(one, "XDSSubmissionSet", "contentTypeCode")


def _check_document(one: DocumentEntry, code_set: CodeSet) -> Iterator[RegistryError]:
    given: tuple[tuple[str, Iterable[Code | None]], ...] = (
        ("classCode", (one.class_code,)),
        ("typeCode", (one.type_code,)),
        ("formatCode", (one.format_code,)),
        ("healthcareFacilityTypeCode", (one.facility_type,)),
        ("practiceSettingCode", (one.practice_setting,)),
        ("confidentialityCode", one.confidentiality),
        ("eventCodeList", one.event_codes),
    )
    for attribute, codes in given:
        if _outside(code_set, attribute, codes):
            yield _error(one, "XDSDocumentEntry", attribute)
    if one.language.lower() not in code_set.languages:
        yield _error(one, "XDSDocumentEntry", "languageCode")
    if one.mime_type.partition(";")[0].strip().lower() not in code_set.mime_types:
        yield _error(one, "XDSDocumentEntry", "mimeType")


def _outside(code_set: CodeSet, attribute: str, codes: Iterable[Code | None]) -> bool:
    schemes = code_set.schemes.get(attribute)
    if schemes is None:
        return False
    return any(not any(scheme.holds(code) for scheme in schemes) for code in codes if code is not None)


def _error(one: DocumentEntry | SubmissionSet, kind: str, attribute: str) -> RegistryError:
    context = f"{kind}.{attribute} is outside the code set of the affinity domain"
    return RegistryError(Xds.REGISTRY_METADATA, context, location=one.entry_uuid)
