"""Why a document was refused, in words: the error codes of XDS with cause and next step.

Codes of ITI TF-3 Table 4.2.4.1-2. The service's own words (`codeContext`) may name a patient; they are kept
in the clinic's database only, never in a result or a log.
"""

from typing import NamedTuple

from erepo.clinic.archiving.verdicts import Judgement
from erepo.errors import ErepoError
from erepo.texts import Text, language
from erepo.xds.responses import XdsFailure


class Reason(NamedTuple):
    """Cause and cure of a refusal."""

    cause: Text
    cure: Text


_DIFFERENT = Reason(
    Text(
        "The repository already holds other bytes under the id of this document.",
        "Repozytorium przechowuje już inną treść pod identyfikatorem tego dokumentu.",
    ),
    Text(
        "Compare both documents; if both are right, import this one again under its own id.",
        "Porównaj oba dokumenty; jeśli oba są poprawne, zaimportuj ten pod własnym identyfikatorem.",
    ),
)
_DAMAGED = Reason(
    Text(
        "The repository found that the bytes or the description of the document do not agree.",
        "Repozytorium stwierdziło niezgodność treści lub opisu dokumentu.",
    ),
    Text(
        "Check the local copy (`erepo verify`) and the structure's codes, then queue the document again.",
        "Sprawdź kopię lokalną (`erepo verify`) i kody struktury, po czym ponownie dodaj go do kolejki.",
    ),
)
_PATIENT = Reason(
    Text(
        "The repository does not accept the patient identifier of this document.",
        "Repozytorium nie akceptuje identyfikatora pacjenta tego dokumentu.",
    ),
    Text(
        "Correct the patient of the document, then queue it again.",
        "Popraw dane pacjenta w dokumencie, po czym ponownie dodaj go do kolejki.",
    ),
)
_QUOTA = Reason(
    Text(
        "The repository has no room for this document (the account's limit).",
        "W repozytorium brak miejsca na ten dokument (limit konta).",
    ),
    Text(
        "Raise the account's limit in the cloud shop, then queue the document again.",
        "Zwiększ limit konta w sklepie chmury, po czym ponownie dodaj dokument do kolejki.",
    ),
)
_OTHER = Reason(
    Text("The repository refused the document.", "Repozytorium odrzuciło dokument."),
    Text(
        "Read the service's words in the document's history, correct the document, queue it again.",
        "Przeczytaj komunikat usługi w historii dokumentu, popraw dokument i ponownie dodaj go do kolejki.",
    ),
)

REASONS = {
    "XDSNonIdenticalHash": _DIFFERENT,
    "XDSNonIdenticalSize": _DIFFERENT,
    "XDSRegistryMetadataError": _DAMAGED,
    "XDSRepositoryMetadataError": _DAMAGED,
    "InvalidDocumentContent": _DAMAGED,
    "XDSMissingDocument": _DAMAGED,
    "XDSUnknownPatientId": _PATIENT,
    "XDSPatientIdDoesNotMatch": _PATIENT,
    "XDSRepositoryOutOfResources": _QUOTA,
    "XDSRegistryOutOfResources": _QUOTA,
}


def reason_of(judgement: Judgement) -> Reason:
    """Explain a refusal in both languages, without a word that came from outside."""
    error = judgement.error
    if isinstance(error, ErepoError) and not isinstance(error, XdsFailure):
        return Reason(
            Text(error.explain("en")[0], error.explain("pl")[0]),
            Text(error.explain("en")[1], error.explain("pl")[1]),
        )
    return REASONS.get(judgement.code, _OTHER)


def stored_words(judgement: Judgement) -> tuple[str, str]:
    """Return (reason, next step) as the clinic's database keeps them, in the installation's language."""
    reason, spoken = reason_of(judgement), language()
    cause = reason.cause.pl if spoken == "pl" else reason.cause.en
    cure = reason.cure.pl if spoken == "pl" else reason.cure.en
    return (f"{cause} [{judgement.context}]" if judgement.context else cause), cure
