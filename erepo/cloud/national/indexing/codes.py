"""Codes as P1's index wants them: tables with their sources.

Sources: "EX12" the example of the public integration (polish-domain §4.6), "P1I" its code (§4.4), "D132" PIK
HL7 CDA 1.3.2. Where one names schemes by display names and another by OIDs, P1 is given the display name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from erepo.identifiers import oids
from erepo.xds.model import Code


@dataclass(frozen=True, slots=True)
class Scheme:
    """A coding scheme: as P1 writes it, by which other names it is understood, the form of its codes."""

    name: str
    known_as: frozenset[str]
    form: re.Pattern[str]
    source: str

    def told(self, code: Code | None) -> Code | None:
        """Return a code as P1 wants it; None where it is none of this scheme."""
        if code is None or code.scheme not in self.known_as | {self.name}:
            return None
        return replace(code, scheme=self.name) if self.form.fullmatch(code.code) else None


def _scheme(name: str, *known_as: str, form: str, source: str) -> Scheme:
    return Scheme(name, frozenset(known_as), re.compile(form, re.ASCII), source)


#: By attribute of the document entry in our model.
SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        "class_code": _scheme(
            "Klasyfikacja dokumentów P1",
            "KLAS_DOK_P1",
            oids.DOCUMENT_CLASS_P1,
            form=r"\d\d\.\d\d",
            source="EX12",
        ),
        "type_code": _scheme("LOINC", oids.LOINC, form=r"\d{1,7}-\d", source="EX12"),
        "format_code": _scheme("Kody formatów P1", form=r"urn:extPL:pl-cda", source="EX12"),
        "facility_type": _scheme(
            "Specjalność komórki organizacyjnej", oids.CELL_SPECIALTY, form=r"\d{4}", source="EX12"
        ),
        "practice_setting": _scheme("Dziedzina medyczna", form=r"\d\d", source="EX12"),
    }
)
#: Of confidentialityCode; an attribute that may repeat.
CONFIDENTIALITY: Final = _scheme(oids.CONFIDENTIALITY, form="[NRV]", source="EX12, D132")
SUBMISSION_CONTENT: Final = Code("REGISTER", "Typ wysyłki", "Rejestracja indeksu EDM")  # EX12

#: Professions (`~.11.3.18`, D132) as the functional role of a token (P1I).
ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "LEK": "medical doctor",
        "LEKD": "medical doctor",
        "FEL": "medical doctor",
        "PIEL": "nurse",
        "POL": "nurse",
        "FARM": "pharmacist",
        "TFARM": "pharmacist",
        "DLAB": "laboratory diagnostician",
        "FIZJO": "physiotherapist",
        "RAT": "medical professional",
        "ADM": "administrative employee",
    }
)
#: Purposes of a token (P1I).
PURPOSES: Final = frozenset({"TREAT", "BTG", "CONTT"})
