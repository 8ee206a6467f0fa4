"""What a failure means for the document, and for the whole run.

Codes are those of the service's answers; rules are P1's. Words come with the answer, in both languages.
Sources of what helps with a rule: "P1I" the public integration (polish-domain §4.8), "IHE" ITI TF-3 4.2.4.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from erepo.clinic.rest.errors import IndexRefusal, IndexTrouble
from erepo.errors import ErepoError


class Verdict(StrEnum):
    """What is done next."""

    #: This document alone, by a later run: what it needs may come by itself.
    LATER = "later"
    #: This document alone, and only after a person has done something.
    FINAL = "final"
    #: P1 or the service cannot: some of these in a row end the run, and P1 is left alone for a while.
    OUTAGE = "outage"
    #: The account as a whole: the run ends, a person has to act.
    HALT = "halt"


#: What the service names as missing and concerns all documents alike.
ACCOUNT_KEYS: Final = frozenset({"registration", "certificates", "structure", "role", "purpose"})
#: The document to be replaced is not in P1: then ours is indexed as a new one.
REPLACES: Final = "replaces"

_CODES: Final[Mapping[str, Verdict]] = MappingProxyType(
    {
        # The repository does not show it now: verifying finds out, and sends it again.
        "index.document-unknown": Verdict.LATER,
        "index.busy": Verdict.LATER,
        "index.later": Verdict.OUTAGE,
        "index.outcome-unknown": Verdict.OUTAGE,
        "index.answer-unusable": Verdict.HALT,
        "index.access-refused": Verdict.HALT,
        "index.not-configured": Verdict.HALT,
        "index.clock": Verdict.HALT,
    }
)
#: Refusals of P1 that are not the document's own fault for good; all others are FINAL.
RULES: Final[Mapping[str, tuple[Verdict, str]]] = MappingProxyType(
    {
        # The event is reported and signed by another program, perhaps an hour later.
        "REG.WER.6860": (Verdict.LATER, "P1I"),
        "REG.WER.10857": (Verdict.LATER, "P1I"),
        # A clock: of the service, not of the document.
        "REG.WER.4636": (Verdict.HALT, "P1I"),
        "XDSUnknownRepositoryId": (Verdict.HALT, "IHE"),
        "XDSRegistryBusy": (Verdict.OUTAGE, "IHE"),
        "XDSRegistryNotAvailable": (Verdict.OUTAGE, "IHE"),
        "XDSRegistryOutOfResources": (Verdict.OUTAGE, "IHE"),
        # The index to be replaced went a moment ago: asked anew, ours goes as a new one.
        "XDSRegistryDeprecatedDocumentError": (Verdict.LATER, "IHE"),
    }
)


def verdict(error: Exception) -> Verdict:
    """Judge a failed request about one document's index."""
    if isinstance(error, IndexRefusal):
        code, rule = str(error.data["code"]), str(error.data["rule"])
        if code == "index.refused":
            return RULES.get(rule, (Verdict.FINAL, ""))[0]
        if code == "index.not-ready":
            return Verdict.HALT if ACCOUNT_KEYS & missing(error) else Verdict.FINAL
        return _CODES.get(code, Verdict.HALT)
    if isinstance(error, IndexTrouble):
        if (error.data["code"], error.data["phase"]) == ("index.outcome-unknown", "ask"):
            # P1 answers; what was sent to it a moment ago may still arrive (a withdrawal waits for that).
            return Verdict.LATER
        return _CODES.get(str(error.data["code"]), Verdict.OUTAGE)
    return Verdict.OUTAGE if isinstance(error, ErepoError) and error.retryable else Verdict.HALT


def certain(error: Exception) -> bool:
    """Tell whether P1 surely has nothing new of the document after this failure."""
    if isinstance(error, IndexRefusal):
        return True
    return isinstance(error, IndexTrouble) and error.data["code"] == "index.later"


def missing(error: IndexRefusal) -> set[str]:
    """Return the keys of what the service names as missing."""
    return {part for part in str(error.data["missing"]).split(", ") if part}
