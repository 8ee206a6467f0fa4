"""What can go wrong with an account's P1 certificates and their registration (manual 1.3, 2.1).

InvalidInput
├── P1CertificateRefused        one of the files cannot be used
├── P1CertificatesSwapped       TLS and WSS in each other's place
└── P1CertificateTwice          the same certificate in both places
PermanentError
├── P1CertificatesPresent       others are there and were not revoked (manual 1.3)
├── P1RepositoryExists          P1 knows a repository of the provider that is not ours
└── P1RepositoryIdMissing       certificates stored, and P1 gave no id (manual 2.1)
RemoteRefused
├── P1RegistrationRefused       P1 understood and said no
└── P1AnswerUnusable            P1 answered something that cannot be read or trusted
ConfigurationError
└── P1NotConfigured             the service is not connected to P1
RetryableError
├── P1RegistrationBusy          an earlier registration of the account is still under way
├── P1Unreachable               nobody answers, or P1 says: later; nothing was done there
└── P1Overdue                   no answer in time: it may have been done

The last three change nothing of what is stored: the same request resumes what is unfinished.
"""

from erepo.errors import (
    ConfigurationError,
    ErepoError,
    InvalidInput,
    PermanentError,
    RemoteRefused,
    RetryableError,
)
from erepo.texts import Language, Text

_RESUMES = Text(
    "The certificates are stored. Register the same ones again later: what is unfinished is resumed.",
    "Certyfikaty są zapisane. Zarejestruj te same ponownie później: rejestracja zostanie wznowiona.",
)


class P1CertificateRefused(InvalidInput):
    """A P1 certificate cannot be used; `slot` says which, `error` why."""

    code = "p1.certificate-refused"
    cause = Text(
        "The P1 {slot} certificate cannot be used: {reason}", "Certyfikatu P1 {slot} nie można użyć: {reason}"
    )
    cure = Text(
        "Give the .p12 files that P1 issued for this provider, each with its own password; for an expired one"
        " apply for a new one first.",
        "Podaj pliki .p12 wydane przez P1 dla tego podmiotu, każdy z jego hasłem; jeśli certyfikat wygasł,"
        " najpierw uzyskaj nowy.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, the reason in it as well."""
        error = self.data["error"]
        reason = error.explain(language)[0] if isinstance(error, ErepoError) else str(error)
        return self.cause.fill(language, slot=self.data["slot"], reason=reason), self.cure.fill(language)


class P1CertificatesSwapped(InvalidInput):
    """The TLS certificate stands in the place of the WSS one and the reverse (manual 2.5)."""

    code = "p1.certificates-swapped"
    cause = Text(
        "The P1 certificates stand in each other's place: the file given as TLS is the WSS one.",
        "Certyfikaty P1 zamieniono miejscami: jako TLS podano certyfikat WSS.",
    )
    cure = Text(
        "Give the TLS file as TLS and the WSS file as WSS.", "Wskaż plik TLS jako TLS, a plik WSS jako WSS."
    )


class P1CertificateTwice(InvalidInput):
    """One certificate (or one key) in both places."""

    code = "p1.certificate-twice"
    cause = Text(
        "The same P1 certificate, or the same key, was given as TLS and as WSS.",
        "Jako TLS i jako WSS podano ten sam certyfikat P1 lub ten sam klucz.",
    )
    cure = Text(
        "P1 issues two files: give the TLS one as TLS and the WSS one as WSS.",
        "P1 wydaje dwa pliki: wskaż plik TLS jako TLS, a plik WSS jako WSS.",
    )


class P1CertificatesPresent(PermanentError):
    """Certificates are replaced only after they were revoked (manual 1.3)."""

    code = "p1.certificates-present"
    cause = Text(
        "The account has other P1 certificates, and they have not been revoked.",
        "Konto ma już inne certyfikaty P1, które nie zostały odwołane.",
    )
    cure = Text(
        "Revoke the P1 certificates in the eRepository in the Cloud first, then register the new ones.",
        "Najpierw odwołaj certyfikaty P1 w eRepozytorium w Chmurze („Odwołaj Certyfikaty P1”), a potem"
        " zarejestruj nowe.",
    )


class P1RepositoryExists(PermanentError):
    """The provider has a repository in P1 that this service did not register."""

    code = "p1.repository-exists"
    cause = Text(
        "P1 knows a repository of this provider already, and it was not registered by this service.",
        "Podmiot ma już w P1 repozytorium, którego nie zarejestrowała ta usługa.",
    )
    cure = Text(
        "If this service is to be another repository of the provider, register the same certificates again"
        " and demand a new repository (force_new_repository).",
        "Jeśli ta usługa ma być kolejnym repozytorium podmiotu, zarejestruj te same certyfikaty ponownie,"
        " wymuszając utworzenie nowego repozytorium (force_new_repository).",
    )


class P1RepositoryIdMissing(PermanentError):
    """The certificates are stored, and P1 answered without an id of the repository (manual 2.1)."""

    code = "p1.repository-id-missing"
    cause = Text(
        "The P1 certificates are stored, but the id of the repository could not be fetched from P1.",
        "Certyfikaty P1 zapisano, ale nie udało się pobrać identyfikatora repozytorium z systemu P1.",
    )
    cure = Text(
        "Revoke the P1 certificates and register them again.",
        "Odwołaj certyfikaty P1 i zarejestruj je ponownie.",
    )


class P1RegistrationRefused(RemoteRefused):
    """P1 understood the request and refused it; `reason` is P1's code or short description."""

    code = "p1.registration-refused"
    cause = Text(
        "P1 refused the registration of the repository: {reason}.",
        "System P1 odmówił rejestracji repozytorium: {reason}.",
    )
    cure = Text(
        "Check that the certificates are the provider's own and valid in P1, and that the service's address"
        " can be reached from the internet; then register the same ones again.",
        "Sprawdź, czy certyfikaty należą do podmiotu i są ważne w P1 oraz czy adres usługi jest dostępny z"
        " internetu; potem zarejestruj te same ponownie.",
    )


class P1AnswerUnusable(RemoteRefused):
    """The answer of P1 cannot be read, or its signature proves nothing."""

    code = "p1.answer-unusable"
    cause = Text(
        "The answer of P1 could not be read or trusted ({reason}).",
        "Odpowiedzi systemu P1 nie można odczytać lub jej zaufać ({reason}).",
    )
    cure = Text(
        "The operator of the service compares EREPO_P1__URL and EREPO_P1__CA with P1's; then register the"
        " same certificates again.",
        "Operator usługi porównuje EREPO_P1__URL i EREPO_P1__CA z danymi P1; potem zarejestruj te same"
        " certyfikaty ponownie.",
    )


class P1NotConfigured(ConfigurationError):
    """The operator has not connected the service to P1, or wrongly; `setting` names what is missing."""

    code = "p1.not-configured"
    cause = Text(
        "The service is not connected to P1 ({setting}).",
        "Usługa nie jest połączona z systemem P1 ({setting}).",
    )
    cure = Text(
        "Ask the operator of the service to complete its settings EREPO_P1__…; then register the same"
        " certificates again.",
        "Poproś operatora usługi o uzupełnienie ustawień EREPO_P1__…; potem zarejestruj te same certyfikaty"
        " ponownie.",
    )


class P1RegistrationBusy(RetryableError):
    """An earlier request about the account's registration has not ended."""

    code = "p1.registration-busy"
    cause = Text(
        "An earlier registration of this account in P1 is still under way.",
        "Wcześniejsza rejestracja tego konta w systemie P1 jeszcze trwa.",
    )
    cure = Text("Try again in a minute.", "Spróbuj ponownie za minutę.")


class P1Unreachable(RetryableError):
    """P1 does not answer, or answers that it cannot now."""

    code = "p1.unreachable"
    cause = Text("P1 does not answer now.", "System P1 chwilowo nie odpowiada.")
    cure = _RESUMES


class P1Overdue(RetryableError):
    """P1 did not answer in time; what was asked may have been done."""

    code = "p1.overdue"
    cause = Text("P1 did not answer in time.", "System P1 nie odpowiedział w wyznaczonym czasie.")
    cure = _RESUMES
