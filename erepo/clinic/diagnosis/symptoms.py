"""The symptoms of the manual's chapter 2: how each shows itself, which check finds its cause, where help is.

Every error that belongs to a symptom is in exactly one row; `symptom_of` finds it, also for a refusal that
the service words itself. A test holds each row against the texts, the checks and both pages of help.
"""

from dataclasses import dataclass

from erepo.acting.errors import TokenRefused, UserUnknown
from erepo.clinic.diagnosis import errors as found
from erepo.clinic.mail.errors import MailRefused, MailUnavailable
from erepo.clinic.p1.errors import P1IdMissing
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.errors import ErepoError, RemoteBusy, RemoteTimeout, RemoteUnavailable
from erepo.pki.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    KeyMismatch,
    WrongAccount,
    WrongPurpose,
    WrongSubject,
)
from erepo.pki.revocation import CertificateRevoked
from erepo.soap.errors import AddressUnknown, BadRequestAnswer, ForbiddenAnswer, SecureChannelFailed
from erepo.texts import Language, Text

#: Pages of help; the headings of each symptom are its anchors.
PAGES = Text("docs/how-to/solve-problems.md", "docs/how-to/rozwiazywanie-problemow.md")


@dataclass(frozen=True)
class Symptom:
    """One chapter of the manual.

    Attributes:
        chapter: its number, such as `2.4`.
        title: what people see; in Polish as the manual has it. Also the heading of its chapter of help.
        errors: every class that shows it.
        codes: codes of refusals that the service words itself, and of other rooms' classes.
        checks: names of the checks that find its cause, the first one first.
    """

    chapter: str
    title: Text
    errors: tuple[type[ErepoError], ...]
    codes: tuple[str, ...]
    checks: tuple[str, ...]

    @property
    def heading(self) -> Text:
        """Heading of its chapter on the pages of help."""
        return Text(f"{self.chapter} {self.title.en}", f"{self.chapter} {self.title.pl}")


SYMPTOMS = (
    Symptom(
        "2.1",
        Text(
            "The repository's id could not be fetched from the national domain",
            "Nie udało się pobrać id repozytorium z domeny krajowej",
        ),
        (P1IdMissing,),
        ("p1.repository-id-missing",),
        ("p1",),
    ),
    Symptom(
        "2.2",
        Text("The time allowed for an operation is over", "Limit czasu operacji został przekroczony"),
        (RemoteTimeout, found.TimeLimitClose),
        (),
        ("time-limit",),
    ),
    Symptom(
        "2.3",
        Text("Bad Request (400)", "Wystąpił błąd „Bad Request (400)”"),
        (BadRequestAnswer, AddressUnknown, WrongSubject, WrongAccount, WrongPurpose),
        ("cloud.unknown", "pki.wrong-subject", "pki.wrong-account", "pki.wrong-purpose"),
        ("certificates",),
    ),
    Symptom(
        "2.4",
        Text("Forbidden (403)", "Wystąpił błąd: „Forbidden (403)”"),
        (
            ForbiddenAnswer,
            UserUnknown,
            TokenRefused,
            found.KeysNotRegistered,
            found.AccountOver,
            found.CertificateEnding,
            CertificateExpired,
            CertificateNotYetValid,
            CertificateRevoked,
        ),
        (
            "certificates.revoked",
            "certificates.signer-revoked",
            "pki.revoked-by-crl",
            "pki.revoked-by-ocsp",
            "acting.user-unknown",
            "acting.token-refused",
            "cloud.account-suspended",
            "cloud.signer-not-registered",
            "pki.expired",
        ),
        ("access", "user", "validity"),
    ),
    Symptom(
        "2.5",
        Text(
            "The secure channel failed",
            "Wystąpił błąd: „Wystąpił błąd w obsłudze bezpiecznego kanału”",
        ),
        (SecureChannelFailed, KeyMismatch),
        ("pki.key-mismatch",),
        ("channel",),
    ),
    Symptom(
        "2.6",
        Text(
            "The request (CSR) cannot be mailed to the office",
            "Wystąpił błąd: „Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki e-mail”",
        ),
        (MailRefused, MailUnavailable, found.MailNotConfigured),
        (),
        ("mail",),
    ),
    Symptom(
        "2.7",
        Text(
            "Maintenance of the service",
            "Przerwa serwisowa/techniczna dla usługi „eRepozytorium w Chmurze”",
        ),
        (RemoteUnavailable, RemoteBusy, found.MaintenanceOngoing),
        (),
        ("maintenance",),
    ),
)


def symptom_of(error: ErepoError) -> Symptom | None:
    """Return the symptom that an error shows; None where the manual has no chapter about it."""
    # The service's own words, and other rooms' classes of the same trouble, are known by their code.
    code = str(error.data.get("code", "")) if isinstance(error, ServiceRefusal) else error.code
    for one in SYMPTOMS:
        if isinstance(error, one.errors) or code in one.codes:
            return one
    return None


def symptom_of_check(check: str) -> str:
    """Return the chapter whose cause a check finds; empty where it is a check of our own."""
    return next((one.chapter for one in SYMPTOMS if check in one.checks), "")


def help_on(error: ErepoError, language: Language) -> str:
    """Return the check and the chapter that help with an error; empty where neither is there."""
    symptom = symptom_of(error)
    if symptom is None:
        return ""
    page, heading = PAGES.fill(language), symptom.heading.fill(language)
    return f"`erepo diagnose --only {symptom.checks[0]}`, {page}, {heading}"
