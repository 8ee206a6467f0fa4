"""What can go wrong with a document's index in P1. Nothing repeats a text of P1: it may name a patient.

InvalidInput
├── DocumentUnknown        the account has no such document
└── IndexNotReady          pre-flight: every missing thing is named; nothing was sent
RemoteRefused
├── IndexRefused           P1 understood and said no; `rules` has cause and cure
└── IndexAnswerUnusable    P1's answer cannot be read or trusted; nothing was changed
AccessRefused
└── IndexAccessRefused     P1 does not know the certificates or the acting person
ConfigurationError
├── IndexNotConfigured     the service is not connected to P1
└── IndexClockApart        our clock and P1's differ too much
RetryableError
├── IndexBusy              another request is at work on the same document
├── IndexLater             P1 cannot now; nothing was done
└── IndexOutcomeUnknown    sent, and it is not known whether it was done: the same request asks P1 first
"""

from typing import Any

from erepo.cloud.national.indexing.rules import named
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    RemoteRefused,
    RetryableError,
)
from erepo.texts import Language, Text


class IndexProblem(ErepoError):
    """Root of them; data: `phase` (preflight, token, ask, register) and `rule` (P1's own code, or None)."""

    code = "index.problem"

    @property
    def details(self) -> dict[str, Any]:
        """What an answer says beside code, cause and cure."""
        told = {"phase": self.data.get("phase", "preflight"), "rule": self.data.get("rule")}
        return {**told, "retryable": self.retryable}


class DocumentUnknown(IndexProblem, InvalidInput):
    """No document of this id belongs to the account."""

    code = "index.document-unknown"
    cause = Text("The account has no such document.", "Konto nie ma takiego dokumentu.")
    cure = Text("Archive the document first.", "Najpierw zarchiwizuj dokument.")


class IndexNotReady(IndexProblem, InvalidInput):
    """Something is missing without which P1 would refuse; `missing` are keys of `preflight.MISSING`."""

    code = "index.not-ready"
    cause = Text(
        "The document cannot be indexed in P1 yet:", "Dokumentu nie można jeszcze zaindeksować w P1:"
    )
    cure = Text(
        "Supply what is missing, then ask again; nothing was sent to P1.",
        "Uzupełnij braki i ponów żądanie; do P1 niczego nie wysłano.",
    )

    @property
    def missing(self) -> dict[str, Text]:
        """What is missing, by its key."""
        found: dict[str, Text] = self.data["missing"]  # type: ignore[assignment]
        return found

    @property
    def details(self) -> dict[str, Any]:
        """Also each missing thing."""
        listed = [{"key": key, "pl": text.pl, "en": text.en} for key, text in self.missing.items()]
        return {**super().details, "missing": listed}

    def explain(self, language: Language) -> tuple[str, str]:
        """Name each missing thing."""
        cause, cure = super().explain(language)
        return f"{cause} {'; '.join(text.fill(language) for text in self.missing.values())}.", cure


class IndexRefused(IndexProblem, RemoteRefused):
    """P1 understood and refused for good; `rule` is its own code."""

    code = "index.refused"

    def explain(self, language: Language) -> tuple[str, str]:
        """What the table says of the rule."""
        rule = named(str(self.data.get("rule") or ""))
        told = Text("P1 refused the index ({rule}): ", "P1 odrzuciło indeks ({rule}): ")
        start = told.fill(language, rule=self.data.get("rule") or "?")
        return start + rule.cause.fill(language), rule.cure.fill(language)


class IndexAnswerUnusable(IndexProblem, RemoteRefused):
    """The answer of P1 proves nothing, or has another form."""

    code = "index.answer-unusable"
    cause = Text(
        "The answer of P1 could not be read or trusted.",
        "Odpowiedzi P1 nie można odczytać lub jej zaufać.",
    )
    cure = Text(
        "The operator of the service compares EREPO_P1__URL and EREPO_P1__CA with P1's; nothing was changed.",
        "Operator usługi porównuje EREPO_P1__URL i EREPO_P1__CA z danymi P1; niczego nie zmieniono.",
    )


class IndexAccessRefused(IndexProblem, AccessRefused):
    """P1 does not know the provider's certificates, or not the acting person."""

    code = "index.access-refused"
    cause = Text("P1 denies access.", "P1 odmawia dostępu.")
    cure = Text(
        "Check that the registered P1 certificates are valid in P1, and that the acting person has an NPWZ or"
        " PESEL and works for this provider.",
        "Sprawdź, czy zarejestrowane certyfikaty P1 są w P1 ważne oraz czy osoba działająca ma numer PWZ lub"
        " PESEL i pracuje w tym podmiocie.",
    )


class IndexNotConfigured(IndexProblem, ConfigurationError):
    """The operator has not connected the service to P1, or wrongly."""

    code = "index.not-configured"
    cause = Text("The service is not connected to P1.", "Usługa nie jest połączona z systemem P1.")
    cure = Text(
        "The operator of the service completes its settings EREPO_P1__….",
        "Operator usługi uzupełnia ustawienia EREPO_P1__….",
    )


class IndexClockApart(IndexProblem, ConfigurationError):
    """P1 takes no submission whose time differs from its own by a quarter of an hour (REG.WER.4636)."""

    code = "index.clock"
    cause = Text(
        "The clock of the service and that of P1 are too far apart.",
        "Zegar usługi i zegar P1 zbyt się różnią.",
    )
    cure = Text(
        "The operator of the service sets its clock by NTP, then ask again; nothing was sent.",
        "Operator usługi synchronizuje zegar (NTP), potem ponów żądanie; niczego nie wysłano.",
    )


class IndexBusy(IndexProblem, RetryableError):
    """Another request is at work on the same document, or ended without a word a moment ago."""

    code = "index.busy"
    cause = Text(
        "Another request is at work on the index of this document.",
        "Inne żądanie pracuje nad indeksem tego dokumentu.",
    )
    cure = Text("Ask again in a few minutes.", "Ponów żądanie za kilka minut.")


class IndexLater(IndexProblem, RetryableError):
    """P1 does not answer, or says: later."""

    code = "index.later"
    cause = Text("P1 cannot take the request now.", "P1 nie może teraz obsłużyć żądania.")
    cure = Text(
        "Ask again later: P1 is asked what it has before anything is sent.",
        "Ponów żądanie później: przed wysłaniem P1 zostanie zapytane, co już ma.",
    )


class IndexOutcomeUnknown(IndexProblem, RetryableError):
    """It was sent, and nobody knows whether it was done."""

    code = "index.outcome-unknown"
    cause = Text(
        "It was sent to P1, and whether P1 has done it is not known yet.",
        "Żądanie wysłano do P1 i nie wiadomo jeszcze, czy zostało wykonane.",
    )
    cure = Text(
        "Ask again: P1 is asked first, and nothing is registered twice.",
        "Ponów żądanie: P1 zostanie najpierw zapytane i nic nie zostanie zarejestrowane dwa razy.",
    )
