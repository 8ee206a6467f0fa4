"""Errors of the commands that start and drive other programs.

ErepoError
├── PermanentError
│   ├── ConfigurationError
│   │   ├── PortTaken             somebody listens where we have to
│   │   ├── AlreadyRunning        another `erepo up` owns this home
│   │   ├── DeploymentUnknown     Prefect does not know the deployment
│   │   ├── BlockTypeUnknown      Prefect does not know the type of a block
│   │   └── RekeyUnfinished       the change of the blocks' key was cut off
│   ├── InvalidInput
│   │   ├── ParameterUnknown      the deployment has no such parameter
│   │   ├── FileThere             a file that must not be overwritten is there
│   │   ├── NoTerminal            a password can be shown on a terminal only
│   │   └── FilesIncomplete       neither four PEM files nor two .p12 files were named
│   ├── ProgramEnded              a program we started ended by itself
│   ├── PortalRefused             the portal refuses a person of the demonstration
│   └── KillsUnsettled            documents are still open long after the last kill
└── RetryableError
    ├── ProgramNotReady           a program we started did not become ready in time
    ├── CodeNotCome               no mail with a code to sign in came
    ├── PrefectUnavailable        the Prefect server does not answer
    └── RunNotFinished            a flow run took longer than we wait
"""

from erepo.errors import ConfigurationError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class PortTaken(ConfigurationError):
    """Somebody else listens on a port of ours."""

    code = "up.port-taken"
    cause = Text(
        "Port {port} ({program}) is already in use on {host}.",
        "Port {port} ({program}) jest już zajęty na {host}.",
    )
    cure = Text(
        "End the program that uses it, or move all ports together: EREPO_PORT_BASE (now {base}). EREPO_HOST"
        " must be an address of this machine.",
        "Zakończ program, który go używa, albo przesuń wszystkie porty: EREPO_PORT_BASE (teraz {base})."
        " EREPO_HOST musi być adresem tego komputera.",
    )


class AlreadyRunning(ConfigurationError):
    """Another `erepo up` owns this home."""

    code = "up.already-running"
    cause = Text(
        "Another `erepo up` or `erepo demo` (process {pid}) runs in {home}.",
        "Inne `erepo up` lub `erepo demo` (proces {pid}) działa już w {home}.",
    )
    cure = Text(
        "Use it, end it, or choose another EREPO_HOME and EREPO_PORT_BASE.",
        "Użyj go, zakończ go albo wybierz inne EREPO_HOME i EREPO_PORT_BASE.",
    )


class RekeyUnfinished(ConfigurationError):
    """The change of the key of Prefect's blocks was cut off."""

    code = "up.rekey-unfinished"
    cause = Text(
        "The change of the key of Prefect's blocks has not come to its end ({file}).",
        "Zmiana klucza bloków Prefect nie została dokończona ({file}).",
    )
    cure = Text(
        "Run python -m deployments.rekey again: it goes on where it stopped.",
        "Uruchom ponownie python -m deployments.rekey: dokończy zmianę.",
    )


class ProgramEnded(PermanentError):
    """A program we started ended by itself."""

    code = "up.program-ended"
    cause = Text("{program} ended with status {status}.", "Program {program} zakończył się z kodem {status}.")
    cure = Text("Its last words stand in {log}.", "Jego ostatnie komunikaty są w {log}.")


class ProgramNotReady(RetryableError):
    """A program we started did not become ready in time."""

    code = "up.program-not-ready"
    cause = Text(
        "{program} is not ready after {seconds} s.", "Program {program} nie jest gotowy po {seconds} s."
    )
    cure = Text("Its last words stand in {log}.", "Jego ostatnie komunikaty są w {log}.")


class PrefectUnavailable(RetryableError):
    """The Prefect server does not answer, or answers that it cannot."""

    code = "prefect.unavailable"
    cause = Text(
        "The Prefect server at {address} does not answer ({answer}).",
        "Serwer Prefect pod adresem {address} nie odpowiada ({answer}).",
    )
    cure = Text(
        "Start it with `erepo up`; its log lies under EREPO_HOME/logs.",
        "Uruchom go poleceniem `erepo up`; jego dziennik jest w EREPO_HOME/logs.",
    )


class PrefectRefused(PermanentError):
    """The Prefect server understood the request and refused it."""

    code = "prefect.refused"
    cause = Text("Prefect refused {request}: {answer}.", "Prefect odmówił wykonania {request}: {answer}.")
    cure = Text(
        "Check the parameters, and the credentials in EREPO_HOME/secrets.",
        "Sprawdź parametry oraz dane logowania w EREPO_HOME/secrets.",
    )


class DeploymentUnknown(ConfigurationError):
    """Prefect does not know the deployment."""

    code = "prefect.deployment-unknown"
    cause = Text("Prefect has no deployment {deployment}.", "W Prefect nie ma wdrożenia {deployment}.")
    cure = Text(
        "Register the deployments: python -m deployments.register.",
        "Zarejestruj wdrożenia: python -m deployments.register.",
    )


class BlockTypeUnknown(ConfigurationError):
    """Prefect does not know the type of a block."""

    code = "prefect.block-type-unknown"
    cause = Text("Prefect has no type of block {slug}.", "W Prefect nie ma typu bloku {slug}.")
    cure = Text(
        "Register the deployments: python -m deployments.register.",
        "Zarejestruj wdrożenia: python -m deployments.register.",
    )


class ParameterUnknown(InvalidInput):
    """The deployment has no such parameter; Prefect would accept it and crash later."""

    code = "prefect.parameter-unknown"
    cause = Text(
        "The deployment {deployment} has no parameter {names}.",
        "Wdrożenie {deployment} nie ma parametru {names}.",
    )
    cure = Text("It knows: {known}.", "Znane parametry: {known}.")


class RunNotFinished(RetryableError):
    """A flow run took longer than we are ready to wait."""

    code = "prefect.run-not-finished"
    cause = Text(
        "The run {run} is still {state} after {seconds} s.",
        "Uruchomienie {run} po {seconds} s jest nadal w stanie {state}.",
    )
    cure = Text("Watch it at {address}.", "Obserwuj je pod adresem {address}.")


class KillsUnsettled(PermanentError):
    """After the last kill several whole runs did not bring the archiving to an end."""

    code = "demo.kills-unsettled"
    cause = Text(
        "{documents} documents are still not archived after {runs} runs without a kill.",
        "Po {runs} uruchomieniach bez zabijania procesów nadal niezarchiwizowane dokumenty: {documents}.",
    )
    cure = Text(
        "This must not happen: keep EREPO_HOME as it is, look at `erepo status`, and report it.",
        "To nie powinno się zdarzyć: zachowaj EREPO_HOME, sprawdź `erepo status` i zgłoś błąd.",
    )


class RunFailed(PermanentError):
    """A flow run ended otherwise than Completed."""

    code = "prefect.run-failed"
    cause = Text("The run {run} ended {state}: {message}", "Uruchomienie {run}: {state}. {message}")
    cure = Text("See its log at {address}.", "Zobacz dziennik: {address}.")


class FileThere(InvalidInput):
    """A file would be overwritten."""

    code = "cli.file-there"
    cause = Text("The file {file} is there already.", "Plik {file} już istnieje.")
    cure = Text("Choose another name, or remove it first.", "Wybierz inną nazwę albo najpierw go usuń.")


class NoTerminal(InvalidInput):
    """The password would go into a pipe or a log."""

    code = "cli.no-terminal"
    cause = Text(
        "The password is shown on a terminal only, and there is none.",
        "Hasło jest pokazywane tylko na terminalu, a tego tutaj brak.",
    )
    cure = Text(
        "Run the command in a terminal, or have the password written into a file: --password-file.",
        "Uruchom polecenie w terminalu albo zapisz hasło w pliku: --password-file.",
    )


class FilesIncomplete(InvalidInput):
    """Not all files of one of the two ways were named."""

    code = "cli.files-incomplete"
    cause = Text("Missing: {missing}.", "Brakuje: {missing}.")
    cure = Text(
        "Name four PEM files (--tls-cert, --tls-key, --wss-cert, --wss-key) or two .p12 files (--tls-p12,"
        " --wss-p12).",
        "Wskaż cztery pliki PEM (--tls-cert, --tls-key, --wss-cert, --wss-key) albo dwa pliki .p12"
        " (--tls-p12, --wss-p12).",
    )


class PortalRefused(PermanentError):
    """The patients' side answers otherwise than it must."""

    code = "demo.portal-refused"
    cause = Text(
        "The patients' side of the service refused a person of the demonstration ({status}).",
        "Portal pacjentów odmówił osobie z pokazu ({status}).",
    )
    cure = Text(
        "See logs/portal.log. After many demonstrations within a quarter of an hour (429), wait that long.",
        "Zobacz logs/portal.log. Po wielu pokazach w ciągu kwadransa (429) odczekaj kwadrans.",
    )


class CodeNotCome(RetryableError):
    """The mail did not come."""

    code = "demo.code-not-come"
    cause = Text(
        "No mail with a code to sign in came within {seconds} seconds.",
        "W ciągu {seconds} sekund nie nadeszła wiadomość z kodem logowania.",
    )
    cure = Text(
        "See logs/portal.log, then run the demonstration again.",
        "Zobacz logs/portal.log i uruchom pokaz ponownie.",
    )
