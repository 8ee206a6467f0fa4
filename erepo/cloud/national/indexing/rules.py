"""P1's own rules and the codes of XDS: what each means and what helps. A table, since its list is not public.

Sources: §4.8 of the project's notes on the Polish domain (public integrations of P1: "P1I", "MED"), IHE ITI
TF-3 table 4.2.4.1-2 ("IHE").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from erepo.texts import Text


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code of P1 means, what helps, and who says so."""

    cause: Text
    cure: Text
    source: str


_CHECK: Final = Text(
    "Compare the document's data with P1's, correct what differs, then index it again.",
    "Porównaj dane dokumentu z danymi w P1, popraw różnice i zaindeksuj dokument ponownie.",
)
_UNKNOWN: Final = Rule(
    Text("a rule whose text P1 does not publish", "reguła, której treści P1 nie publikuje"), _CHECK, "none"
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "REG.WER.6860": Rule(
            Text("the medical event does not exist in P1", "zdarzenie medyczne nie istnieje w P1"),
            Text(
                "Report and sign the medical event first; only signed events are visible to P1's index.",
                "Najpierw zgłoś i podpisz zdarzenie medyczne; indeks P1 widzi tylko zdarzenia podpisane.",
            ),
            "P1I",
        ),
        "REG.WER.4636": Rule(
            Text("the time of submission is not P1's", "czas wysłania różni się od czasu P1"),
            Text("Set the service's clock by NTP.", "Zsynchronizuj zegar usługi (NTP)."),
            "P1I",
        ),
        "REG.WER.4059": Rule(
            Text(
                "the doctor's name is not the one registered for the licence number",
                "imię i nazwisko lekarza nie zgadza się z numerem PWZ w rejestrze",
            ),
            Text(
                "Correct name or NPWZ in the document by a new version of it.",
                "Popraw nazwisko lub numer PWZ w nowej wersji dokumentu.",
            ),
            "P1I",
        ),
        "REG.WER.10857": Rule(
            Text("the medical event has no diagnosis", "zdarzenie medyczne nie ma rozpoznania"),
            Text("Add the diagnosis to the event.", "Uzupełnij rozpoznanie w zdarzeniu."),
            "P1I",
        ),
        "REG.WER.376": Rule(
            Text("an id lies in another provider's node", "identyfikator leży w węźle OID innego podmiotu"),
            Text("Check the provider's resort code I.", "Sprawdź I część kodu resortowego podmiotu."),
            "P1I",
        ),
        "REG.WER.3673": Rule(
            Text("an id lies in another provider's node", "identyfikator leży w węźle OID innego podmiotu"),
            Text("Check the provider's resort code I.", "Sprawdź I część kodu resortowego podmiotu."),
            "P1I",
        ),
        "XDSUnknownRepositoryId": Rule(
            Text("P1 does not know the repository", "P1 nie zna tego repozytorium"),
            Text(
                "Register the P1 certificates again (Register P1 certificates).",
                "Zarejestruj certyfikaty P1 ponownie („Rejestruj certyfikaty P1”).",
            ),
            "IHE",
        ),
        "XDSNonIdenticalHash": Rule(
            Text(
                "P1 knows a document of this id with other content",
                "P1 zna dokument o tym identyfikatorze z inną treścią",
            ),
            Text("Give the new content an id of its own.", "Nadaj nowej treści własny identyfikator."),
            "IHE",
        ),
        "XDSUnknownPatientId": Rule(
            Text("P1 does not know the patient", "P1 nie zna pacjenta"),
            Text("Check the patient's identifier.", "Sprawdź identyfikator pacjenta."),
            "IHE",
        ),
        "XDSPatientIdDoesNotMatch": Rule(
            Text(
                "the replaced document is another patient's", "zastępowany dokument dotyczy innego pacjenta"
            ),
            Text("Check which document is replaced.", "Sprawdź, który dokument jest zastępowany."),
            "IHE",
        ),
        "XDSRegistryDeprecatedDocumentError": Rule(
            Text("the replaced index was withdrawn", "zastępowany indeks został wycofany"),
            Text("Index the document as a new one.", "Zaindeksuj dokument jako nowy."),
            "IHE",
        ),
        "XDSRegistryMetadataError": Rule(
            Text("an attribute is missing or wrong", "brakuje atrybutu lub jest on błędny"), _CHECK, "IHE"
        ),
    }
)


def named(code: str) -> Rule:
    """Return what is known of a code."""
    return RULES.get(code, _UNKNOWN)
