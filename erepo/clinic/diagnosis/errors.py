"""What a diagnosis finds at the account beyond the errors that the work itself meets.

SecureChannelFailed            (manual 2.5), told apart by what broke the handshake
├── TlsVersionRefused          one side knows nothing newer than TLS 1.1
├── OurCertificateRefused      the service does not take our certificate
└── ServiceNotTrusted          the service's certificate is not vouched for
AccessRefused                  (manual 2.4)
├── KeysNotRegistered          the account's public keys are not registered
└── AccountOver                its last day has passed
ConfigurationError
├── TimeLimitClose             answers take most of the allowed time (manual 2.2)
├── CertificateEnding          a certificate is valid for some days more (manual 2.4)
├── MailNotConfigured          no mail server is known (manual 2.6)
├── AccountFull                the account's limits are near (manual 1.1.2)
└── LicenceOver                the licence of the module is over
PermanentError
└── IndexesLate                documents should have been in P1's index by now
RetryableError
├── MaintenanceOngoing         an announced pause (manual 2.7)
├── IndexesNear                documents have to be in P1's index soon
├── RevocationsStuck           the service has not confirmed revocations
└── ConsentsHeldUp             consents do not get to the service
"""

from erepo.errors import AccessRefused, ConfigurationError, PermanentError, RetryableError
from erepo.soap.errors import SecureChannelFailed
from erepo.texts import Language, Text, size_words

_ASK_OFFICE = (
    "Ask the office for new certificates in time; rotate-certificates/daily does it by itself.",
    "W porę poproś BOK o nowe certyfikaty; robi to samodzielnie wdrożenie rotate-certificates/daily.",
)


class TlsVersionRefused(SecureChannelFailed):
    """The two sides share no version of TLS that is safe."""

    code = "http.secure-channel.version"
    cause = Text(
        "The secure channel to {address} failed: no common version of TLS ({reason}).",
        "Wystąpił błąd w obsłudze bezpiecznego kanału do {address}: brak wspólnej wersji TLS ({reason}).",
    )
    cure = Text(
        "Both sides must support TLS 1.2 or newer: update the operating system, and take away whatever"
        " breaks up TLS on the way (an old proxy).",
        "Obie strony muszą obsługiwać TLS 1.2 lub nowszy: zaktualizuj system operacyjny i usuń z trasy"
        " urządzenia, które rozszywają TLS (stary serwer pośredniczący).",
    )


class OurCertificateRefused(SecureChannelFailed):
    """The service ended the handshake over our certificate."""

    code = "http.secure-channel.certificate"
    cause = Text(
        "The secure channel to {address} failed: our TLS certificate is refused ({reason}).",
        "Wystąpił błąd w obsłudze bezpiecznego kanału do {address}: usługa odrzuca nasz certyfikat TLS"
        " ({reason}).",
    )
    cure = Text(
        "Check that the TLS certificate of this account (not the WSS one) is used, that it has not expired,"
        " and that the office that issued it is the service's: `erepo diagnose --only certificates`.",
        "Sprawdź, czy używany jest certyfikat TLS tego konta (a nie WSS), czy nie stracił ważności i czy"
        " wystawiło go BOK tej usługi: `erepo diagnose --only certificates`.",
    )


class ServiceNotTrusted(SecureChannelFailed):
    """Nobody we trust vouches for the service's certificate."""

    code = "http.secure-channel.trust"
    cause = Text(
        "The secure channel to {address} failed: the service's certificate is not trusted ({reason}).",
        "Wystąpił błąd w obsłudze bezpiecznego kanału do {address}: certyfikat usługi nie jest zaufany"
        " ({reason}).",
    )
    cure = Text(
        "Compare the address with the one you were given, and this machine's clock with the time; then ask"
        " the service's operator for its present authority (CA).",
        "Porównaj adres z otrzymanym oraz zegar tego komputera z czasem rzeczywistym; następnie poproś"
        " operatora usługi o aktualny certyfikat urzędu (CA).",
    )


class KeysNotRegistered(AccessRefused):
    """The account's public keys are not registered, or others are (manual 2.4)."""

    code = "account.keys-not-registered"
    cause = Text(
        "Forbidden (403): the public keys ({which}) are not registered for the account {account}.",
        "Forbidden (403): na koncie tenanta {account} nie zostały zarejestrowane klucze publiczne ({which}).",
    )
    cure = Text(
        "Activate the account with these certificates (onboard-clinic/on-demand), or ask the office which"
        " are registered.",
        "Aktywuj konto z tymi certyfikatami (onboard-clinic/on-demand) albo zapytaj BOK, które są"
        " zarejestrowane.",
    )


class AccountOver(AccessRefused):
    """The account's last day has passed, or is near."""

    code = "account.over"
    cause = Text(
        "The account {account} is valid until {until} ({days} days).",
        "Konto {account} jest ważne do {until} (dni: {days}).",
    )
    cure = Text(
        "Have the account prolonged in the shop or by the service's operator; documents wait here.",
        "Przedłuż konto w sklepie lub u operatora usługi; dokumenty poczekają na miejscu.",
    )


class CertificateEnding(ConfigurationError):
    """A certificate is valid for some days more."""

    code = "account.certificate-ending"
    cause = Text(
        "The {purpose} certificate is valid until {until} (UTC), {days} days more.",
        "Certyfikat {purpose} jest ważny do {until} (UTC), pozostało dni: {days}.",
    )
    cure = Text(*_ASK_OFFICE)


class TimeLimitClose(ConfigurationError):
    """An answer takes more than half of the time it is allowed."""

    code = "diagnosis.time-limit-close"
    cause = Text(
        "An answer of {address} took {took} s; the time limit is {seconds} s.",
        "Odpowiedź usługi {address} trwała {took} s; limit czasu operacji wynosi {seconds} s.",
    )
    cure = Text(
        "Raise EREPO_HTTP__{setting}, before operations end with “time limit exceeded”.",
        "Zwiększ EREPO_HTTP__{setting}, zanim operacje zaczną się kończyć komunikatem „Limit czasu operacji"
        " został przekroczony”.",
    )


class MailNotConfigured(ConfigurationError):
    """No outgoing mail server is known (manual 2.6)."""

    code = "mail.not-configured"
    cause = Text(
        "No mail server is known ({what}), so requests (CSR) cannot be mailed to the office.",
        "Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki e-mail: brak konfiguracji"
        " poczty ({what}).",
    )
    cure = Text(
        "Save a block “erepo mail server” of that name in Prefect: address of the SMTP server, e-mail, user,"
        " password. Then test it: `erepo diagnose --only mail`.",
        "Zapisz w Prefect blok „erepo mail server” o tej nazwie: adres serwera SMTP, adres e-mail,"
        " użytkownik, hasło. Następnie wykonaj test: `erepo diagnose --only mail`.",
    )


class MaintenanceOngoing(RetryableError):
    """An announced pause of the service (manual 2.7)."""

    code = "remote.maintenance"
    cause = Text(
        "The service is under maintenance until {until}.",
        "Trwa przerwa serwisowa/techniczna usługi, do {until}.",
    )
    cure = Text(
        "Nothing to do: what deposits is paused, and goes on by itself afterwards.",
        "Nie trzeba nic robić: deponowanie jest wstrzymane i po przerwie ruszy samodzielnie.",
    )


class AccountFull(ConfigurationError):
    """The account is filled to nine tenths, or to the brim (manual 1.1.2).

    Data: `used`, `limit`, `percent`, and `what`: `bytes` or `documents`.
    """

    code = "account.full"
    cause = Text(
        "The account is filled to {percent} %: {used} of {limit}.",
        "Konto jest zapełnione w {percent} %: {used} z {limit}.",
    )
    cure = Text(
        "Have its limit raised in the shop or by the service's operator; what does not fit waits here.",
        "Zwiększ limit konta w sklepie lub u operatora usługi; dokumenty, które się nie zmieszczą, poczekają"
        " na miejscu.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return cause and cure with the amounts as people read them."""
        used, limit = int(str(self.data["used"])), int(str(self.data["limit"]))
        if self.data["what"] == "bytes":
            words = size_words(used, language), size_words(limit, language)
        else:
            noun = "dokumentów" if language == "pl" else "documents"
            words = f"{used:,}".replace(",", " "), f"{limit:,} {noun}".replace(",", " ")
        cause = self.cause.fill(language, percent=self.data["percent"], used=words[0], limit=words[1])
        return cause, self.cure.fill(language)


class LicenceOver(ConfigurationError):
    """The licence of the module is over, or near its end."""

    code = "licence.expired"
    cause = Text(
        "The licence of the module is valid until {until} ({days} days).",
        "Licencja na moduł jest ważna do {until} (dni: {days}).",
    )
    cure = Text(
        "Load a new one (`erepo account licence load FILE`); migration and reading go on without.",
        "Wczytaj nową (`erepo account licence load PLIK`); migracja i odczyt działają także bez niej.",
    )


class IndexesLate(PermanentError):
    """The law's two days are over; `reason` is the code of the commonest cause."""

    code = "indexing.late"
    cause = Text(
        "{count} documents are late in P1's index, most of them because of: {reason}.",
        "Po terminie indeksowania w systemie P1: {count}; najczęstsza przyczyna: {reason}.",
    )
    cure = Text(
        "`erepo index report --list` names each with its reason and what to do; then `erepo index run`.",
        "`erepo index report --list` wymienia każdy z nich, przyczynę i sposób naprawy; potem"
        " `erepo index run`.",
    )


class IndexesNear(RetryableError):
    """They are on time yet."""

    code = "indexing.near"
    cause = Text(
        "{count} documents have to be in P1's index within hours.",
        "Wkrótce mija termin indeksowania w systemie P1: {count}.",
    )
    cure = Text(
        "`index-documents/scheduled` does it by itself; at once: `erepo index run`.",
        "Zrobi to samo wdrożenie index-documents/scheduled; od razu: `erepo index run`.",
    )


class RevocationsStuck(RetryableError):
    """The service may still be showing documents that were withdrawn."""

    code = "sharing.revocations-stuck"
    cause = Text(
        "The service has not confirmed {count} revocations: it may still show those documents.",
        "Usługa nie potwierdziła odwołań zgód ({count}): może nadal pokazywać te dokumenty.",
    )
    cure = Text(
        "`erepo consents settle` sends them again and says what is in the way; until then have the service's"
        " operator suspend the account if it matters.",
        "`erepo consents settle` wyśle je ponownie i powie, co przeszkadza; w pilnym przypadku poproś"
        " operatora usługi o zawieszenie konta.",
    )


class ConsentsHeldUp(RetryableError):
    """Recipients do not see yet what they were promised."""

    code = "sharing.held-up"
    cause = Text(
        "{count} consents have waited for the service for over half an hour.",
        "Na wysłanie do usługi od ponad pół godziny czekają zgody: {count}.",
    )
    cure = Text(
        "`erepo consents list --state ordered --state sent` names them, `erepo consents settle` sends them.",
        "`erepo consents list --state ordered --state sent` je wymienia, `erepo consents settle` wysyła.",
    )
