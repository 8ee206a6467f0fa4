"""What a diagnosis finds beyond the errors that the work itself meets.

RemoteRefused
└── RepositoryIdMissing        P1 holds the certificates, the national domain gave no id (manual 2.1)
SecureChannelFailed            (manual 2.5), told apart by what broke the handshake
├── TlsVersionRefused          one side knows nothing newer than TLS 1.1
├── OurCertificateRefused      the service does not take our certificate
└── ServiceNotTrusted          the service's certificate is not vouched for
AccessRefused                  (manual 2.4)
├── KeysNotRegistered          the account's public keys are not registered
├── AccountOver                its last day has passed
└── PrefectLoginRefused        Prefect does not take our login
ConfigurationError
├── TimeLimitClose             answers take most of the allowed time (manual 2.2)
├── CertificateEnding          a certificate is valid for some days more (manual 2.4)
├── MailNotConfigured          no mail server is known (manual 2.6)
├── ClockOff                   our clock and the service's differ
├── DiskShort                  little free space
├── AccountFull                the account's limits are near (manual 1.1.2)
├── DatabaseBehind             its tables are of another version
├── WorkerMissing, DeploymentsMissing, PoolMissing     Prefect would run nothing
└── ReadableByOthers           secret files that others may read
IntegrityError
└── DatabaseUnsound            SQLite's own check complains
RetryableError
├── MaintenanceOngoing         an announced pause (manual 2.7)
├── PrefectSilent              the Prefect server does not answer
└── CheckTooLong               a check did not end in time
PermanentError
└── CheckBroken                a check itself failed in a way nobody foresaw
"""

from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    IntegrityError,
    PermanentError,
    RemoteRefused,
    RetryableError,
)
from erepo.soap.errors import SecureChannelFailed
from erepo.texts import Language, Text, size_words

_ASK_OFFICE = (
    "Ask the office for new certificates in time; rotate-certificates/daily does it by itself.",
    "W porę poproś BOK o nowe certyfikaty; robi to samodzielnie wdrożenie rotate-certificates/daily.",
)


class RepositoryIdMissing(RemoteRefused):
    """The service holds the P1 certificates, but the national domain gave no repository id (manual 2.1)."""

    code = "p1.repository-id-missing"
    cause = Text(
        "The repository's id could not be fetched from the national domain (account {account}).",
        "Nie udało się pobrać id repozytorium z domeny krajowej (konto {account}).",
    )
    cure = Text(
        "Revoke the P1 certificates and register them again: revoke-p1/on-demand, then"
        " register-p1/on-demand.",
        "Odwołaj certyfikaty P1 i zarejestruj je ponownie: revoke-p1/on-demand, a potem"
        " register-p1/on-demand.",
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


class ClockOff(ConfigurationError):
    """This machine's clock and the service's differ."""

    code = "diagnosis.clock-off"
    cause = Text(
        "This machine's clock differs from the service's by {seconds} s; {skew} s are allowed.",
        "Zegar tego komputera różni się od zegara usługi o {seconds} s; dopuszczalne: {skew} s.",
    )
    cure = Text(
        "Switch on time synchronisation (NTP): signed messages with a wrong time are refused.",
        "Włącz synchronizację czasu (NTP): podpisane wiadomości z błędnym czasem są odrzucane.",
    )


class DiskShort(ConfigurationError):
    """Little free space where the clinic keeps its documents."""

    code = "diagnosis.disk-short"
    cause = Text(
        "{free} are free for the clinic's data, of {total}.",
        "Na dane placówki pozostało {free} z {total}.",
    )
    cure = Text(
        "Make room, or move EREPO_HOME to a larger disk: on a full one nothing is taken in or archived.",
        "Zwolnij miejsce albo przenieś EREPO_HOME na większy dysk: na pełnym nic nie zostanie przyjęte"
        " ani zarchiwizowane.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return cause and cure with the bytes as people read them."""
        sizes = {name: size_words(int(str(self.data[name])), language) for name in ("free", "total")}
        return self.cause.fill(language, **sizes), self.cure.fill(language)


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


class DatabaseBehind(ConfigurationError):
    """The tables are of another version than this program's."""

    code = "diagnosis.database-behind"
    cause = Text(
        "The clinic's database is of version {found}, this program's is {wanted}.",
        "Baza danych placówki ma wersję {found}, a ten program wymaga {wanted}.",
    )
    cure = Text(
        "Update all of erepo to the same version, then run any command, such as `erepo status`: it brings an"
        " older database up to date.",
        "Zaktualizuj cały program erepo do tej samej wersji, a następnie uruchom dowolne polecenie, np."
        " `erepo status`: starsza baza zostanie uaktualniona.",
    )


class DatabaseUnsound(IntegrityError):
    """SQLite finds its own file damaged."""

    code = "diagnosis.database-unsound"
    cause = Text(
        "The clinic's database is damaged (complaints of its quick check: {count}).",
        "Baza danych placówki jest uszkodzona (zastrzeżenia kontroli quick_check: {count}).",
    )
    cure = Text(
        "End all programs, copy the file away, and go back to the last backup; see docs/how-to/"
        "run-for-a-clinic.md, Backups.",
        "Zakończ wszystkie programy, odłóż kopię pliku i wróć do ostatniej kopii zapasowej; zob."
        " docs/how-to/run-for-a-clinic.md, Backups.",
    )


class PrefectSilent(RetryableError):
    """The Prefect server does not answer."""

    code = "diagnosis.prefect-silent"
    cause = Text(
        "The Prefect server at {address} does not answer ({answer}).",
        "Serwer Prefect pod adresem {address} nie odpowiada ({answer}).",
    )
    cure = Text(
        "Start it with `erepo up`; without it nothing runs by itself. Commands still work.",
        "Uruchom go poleceniem `erepo up`; bez niego nic nie działa samodzielnie. Polecenia działają nadal.",
    )


class PrefectLoginRefused(AccessRefused):
    """Prefect does not take our login."""

    code = "diagnosis.prefect-login"
    cause = Text(
        "The Prefect server at {address} refuses the login ({answer}).",
        "Serwer Prefect pod adresem {address} odrzuca dane logowania ({answer}).",
    )
    cure = Text(
        "Start the server anew with the login in EREPO_HOME/secrets/prefect-login (`erepo up`).",
        "Uruchom serwer ponownie z danymi z pliku EREPO_HOME/secrets/prefect-login (`erepo up`).",
    )


class PoolMissing(ConfigurationError):
    """Prefect has no work pool of ours, or it is paused."""

    code = "diagnosis.pool-missing"
    cause = Text("The work pool {pool} is {status}.", "Pula zadań {pool}: {status}.")
    cure = Text(
        "Register it (python -m deployments.register), or resume it on the page Work Pools.",
        "Zarejestruj ją (python -m deployments.register) albo wznów na stronie Work Pools.",
    )


class WorkerMissing(ConfigurationError):
    """No worker is alive that would run flows."""

    code = "diagnosis.worker-missing"
    cause = Text("No worker of the pool {pool} is alive.", "W puli {pool} nie działa żaden proces roboczy.")
    cure = Text(
        "Start `erepo up`, or prefect worker start --pool {pool}: runs stay scheduled, nothing is lost.",
        "Uruchom `erepo up` albo prefect worker start --pool {pool}: uruchomienia czekają, nic nie zginęło.",
    )


class DeploymentsMissing(ConfigurationError):
    """Deployments are not registered in Prefect."""

    code = "diagnosis.deployments-missing"
    cause = Text(
        "Prefect lacks {count} deployments: {names}.", "W Prefect brakuje wdrożeń ({count}): {names}."
    )
    cure = Text(
        "Register them: python -m deployments.register (`erepo up` does it).",
        "Zarejestruj je: python -m deployments.register (robi to `erepo up`).",
    )


class ReadableByOthers(ConfigurationError):
    """Secret files or folders that other users of the machine may read or change."""

    code = "diagnosis.readable-by-others"
    cause = Text(
        "Other users of this machine may read or change {count} secret files or folders: {names}.",
        "Inni użytkownicy tego komputera mogą czytać lub zmieniać tajne pliki lub katalogi ({count}):"
        " {names}.",
    )
    cure = Text(
        "Take the permission away: chmod 600 for files, chmod 700 for folders, under EREPO_HOME. If somebody"
        " may have read them: `erepo secrets rotate-passphrase`.",
        "Odbierz uprawnienia: chmod 600 dla plików, chmod 700 dla katalogów w EREPO_HOME. Jeśli ktoś mógł je"
        " odczytać: `erepo secrets rotate-passphrase`.",
    )


class CheckTooLong(RetryableError):
    """A check did not end in time."""

    code = "diagnosis.check-too-long"
    cause = Text("The check did not end within {seconds} s.", "Sprawdzenie nie zakończyło się w {seconds} s.")
    cure = Text(
        "Run it alone (`erepo diagnose --only {check}`), or allow more: EREPO_DIAGNOSIS__SECONDS.",
        "Uruchom je osobno (`erepo diagnose --only {check}`) albo zwiększ EREPO_DIAGNOSIS__SECONDS.",
    )


class CheckBroken(PermanentError):
    """A check failed in a way that nobody foresaw; its own words are withheld."""

    code = "diagnosis.check-broken"
    cause = Text("The check itself failed ({kind}).", "Samo sprawdzenie nie powiodło się ({kind}).")
    cure = Text("Report it with the name of the check.", "Zgłoś błąd, podając nazwę sprawdzenia.")
