"""What a diagnosis finds wrong with this machine, its database and its Prefect.

AccessRefused
└── PrefectLoginRefused        Prefect does not take our login
ConfigurationError
├── ClockOff                   our clock and the service's differ
├── DiskShort                  little free space
├── DatabaseBehind             the tables are of another version
├── WallsMissing               the process that shows documents is not locked up wholly
├── WorkerMissing, DeploymentsMissing, PoolMissing     Prefect would run nothing
└── ReadableByOthers           secret files that others may read
IntegrityError
└── DatabaseUnsound            SQLite's own check complains
RetryableError
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
    RetryableError,
)
from erepo.texts import Language, Text, size_words


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


class WallsMissing(ConfigurationError):
    """The process that shows documents lacks walls; `missing` names them."""

    code = "diagnosis.walls-missing"
    cause = Text(
        "The process that shows documents lacks: {en}.", "Proces wyświetlający dokumenty nie ma: {pl}."
    )
    cure = Text(
        "Documents are shown behind the other walls. Use Linux on x86-64 or ARM64 with seccomp, and in a"
        " container a profile that lets a process lock itself (prctl).",
        "Dokumenty są wyświetlane z pozostałymi zabezpieczeniami. Użyj systemu Linux na x86-64 lub ARM64 z"
        " seccomp, a w kontenerze profilu, który pozwala procesowi się odizolować (prctl).",
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
