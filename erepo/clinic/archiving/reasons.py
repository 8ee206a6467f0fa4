"""Why a document was refused, in words: the error codes of XDS with cause and next step.

Codes of ITI TF-3 Table 4.2.4.1-2. The service's own words (`codeContext`) may name a patient; they are kept
in the clinic's database only, never in a result or a log.
"""

from dataclasses import replace
from typing import NamedTuple

from erepo.clinic.archiving.results import Problem
from erepo.clinic.archiving.verdicts import Judgement, judge
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
        "Import the original again (it replaces a rotten copy) and check the structure's codes; then"
        " `erepo rejected again`.",
        "Ponownie zaimportuj oryginał (zastąpi uszkodzoną kopię) i sprawdź kody struktury; potem"
        " `erepo rejected again`.",
    ),
)
_PATIENT = Reason(
    Text(
        "The repository does not accept the patient identifier of this document.",
        "Repozytorium nie akceptuje identyfikatora pacjenta tego dokumentu.",
    ),
    Text(
        "Correct the patient of the document at its source and import it anew, or have the service accept"
        " the identifier; then `erepo rejected again`.",
        "Popraw dane pacjenta w systemie źródłowym i zaimportuj dokument na nowo albo uzgodnij identyfikator"
        " z operatorem usługi; potem `erepo rejected again`.",
    ),
)
_QUOTA = Reason(
    Text(
        "The repository takes no more documents: the account's limit is reached, or its time is over.",
        "Repozytorium nie przyjmuje dokumentów: osiągnięto limit konta albo jego ważność wygasła.",
    ),
    Text(
        "Raise the limit or prolong the account in the cloud shop; the documents stay queued, the next run"
        " delivers.",
        "Zwiększ limit lub przedłuż konto w sklepie chmury; dokumenty czekają, dostarczy je następne"
        " uruchomienie.",
    ),
)
_HIDDEN = Reason(
    Text(
        "The repository knows the id of the document or of its submission, but does not show it.",
        "Repozytorium zna identyfikator dokumentu lub jego wysyłki, ale go nie udostępnia.",
    ),
    Text(
        "Ask the service's operator what became of it; then `erepo rejected again` sends it anew.",
        "Zapytaj operatora usługi, co się z nim stało; potem `erepo rejected again` wyśle go na nowo.",
    ),
)
_OTHER = Reason(
    Text("The repository refused the document.", "Repozytorium odrzuciło dokument."),
    Text(
        "Read the service's words in `erepo rejected list` and ask its operator; then"
        " `erepo rejected again`.",
        "Przeczytaj komunikat usługi w `erepo rejected list` i zapytaj jej operatora; potem"
        " `erepo rejected again`.",
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
    "XDSDuplicateUniqueIdInRegistry": _HIDDEN,
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


def problem_of(error: Exception) -> Problem:
    """Describe what stopped the work; an answer of the registry in the words for its code."""
    problem, judgement = Problem.of(error), judge(error)
    if not isinstance(error, XdsFailure) or judgement.code not in REASONS:
        return problem
    cause, cure = REASONS[judgement.code]
    return replace(problem, cause_en=cause.en, cause_pl=cause.pl, cure_en=cure.en, cure_pl=cure.pl)


def stored_words(judgement: Judgement) -> tuple[str, str]:
    """Return (reason, next step) as the clinic's database keeps them, in the installation's language."""
    reason, spoken = reason_of(judgement), language()
    cause = reason.cause.pl if spoken == "pl" else reason.cause.en
    cure = reason.cure.pl if spoken == "pl" else reason.cure.en
    return (f"{cause} [{judgement.context}]" if judgement.context else cause), cure
