"""The tree of errors.

Every error says what happened and what to do next, in Polish and English, carries ids and counts (never
patient data), and knows whether trying again can help. Rooms add their own leaves in their `errors.py`.

    ErepoError
    ├── PermanentError            trying the same again changes nothing
    │   ├── InvalidInput          what was given to us is wrong: a file, an identifier, a message …
    │   ├── ConfigurationError    our own set-up is incomplete: the text names record and field
    │   ├── AccessRefused         the other side knows us and says no (manual 2.3, 2.4)
    │   ├── RemoteRefused         the other side understood and refused for good
    │   └── IntegrityError        bytes, sizes or hashes differ from what was promised
    └── RetryableError            the same call may succeed later
        ├── RemoteUnavailable     nobody answers (manual 2.7)
        ├── RemoteBusy            an answer that says: later
        ├── RemoteTimeout         no answer in time (manual 2.2)
        └── OutcomeUnknown        sent, but the answer was lost: ask before sending again
"""

from collections.abc import Iterator
from typing import ClassVar

from erepo.texts import Language, Text, language


class ErepoError(Exception):
    """Root of every error that erepo raises on purpose.

    Keyword arguments are the data of the error: they fill the placeholders of `cause` and `cure` and are kept
    in `data` for programs. They must never hold patient data.
    """

    code: ClassVar[str] = "erepo.error"
    retryable: ClassVar[bool] = False
    cause: ClassVar[Text] = Text("Something went wrong.", "Wystąpił błąd.")
    cure: ClassVar[Text] = Text(
        "Run `erepo status` to see where things stand, and look into the log of the program.",
        "Uruchom `erepo status`, aby sprawdzić stan, i zajrzyj do dziennika programu.",
    )

    def __init__(self, **data: object) -> None:
        super().__init__(data)
        self.data = data

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language."""
        return self.cause.fill(language, **self.data), self.cure.fill(language, **self.data)

    def __str__(self) -> str:
        """Cause and cure in one line, in the installation's language: Prefect shows it with a run."""
        return " ".join(self.explain(language()))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from data: Prefect pickles exceptions."""
        return _rebuild, (type(self), self.data)


def words_of(code: str, speak: Language) -> tuple[str, str] | None:
    """Return cause and cure of the errors of a code, "…" for what differs; None if none is known."""
    kind = next((one for one in _kinds(ErepoError) if one.code == code), None)
    if kind is None:
        return None
    open_ = _Open()
    cause, cure = (getattr(text, speak).format_map(open_) for text in (kind.cause, kind.cure))
    return cause, cure


class _Open(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _kinds(root: type[ErepoError]) -> Iterator[type[ErepoError]]:
    for one in root.__subclasses__():
        yield one
        yield from _kinds(one)


def _rebuild(kind: type[ErepoError], data: dict[str, object]) -> ErepoError:
    return kind(**data)


class PermanentError(ErepoError):
    """Trying the same again changes nothing."""

    code = "erepo.permanent"


class InvalidInput(PermanentError):
    """What was given to us is wrong; the text names where and why."""

    code = "input.invalid"


class ConfigurationError(PermanentError):
    """Our own set-up is incomplete; the text names the record and the missing field."""

    code = "configuration"


class AccessRefused(PermanentError):
    """The other side knows us and says no (manual 2.3 and 2.4)."""

    code = "access.refused"


class RemoteRefused(PermanentError):
    """The other side understood the request and refused it for good."""

    code = "remote.refused"


class IntegrityError(PermanentError):
    """Bytes, sizes or hashes differ from what was promised."""

    code = "integrity"


class RetryableError(ErepoError):
    """The same call may succeed later."""

    code = "erepo.retryable"
    retryable = True


class RemoteUnavailable(RetryableError):
    """Nobody answers at the address (manual 2.7)."""

    code = "remote.unavailable"
    cause = Text("The service at {address} does not answer.", "Usługa pod adresem {address} nie odpowiada.")
    cure = Text(
        "Check the network and the service's maintenance notices; nothing is lost, the next run goes on.",
        "Sprawdź sieć i komunikaty o pracach serwisowych; nic nie zginęło, "
        "następne uruchomienie dokończy pracę.",
    )


class RemoteBusy(RetryableError):
    """The service answers that it cannot take the request now."""

    code = "remote.busy"
    cause = Text("The service at {address} is busy.", "Usługa pod adresem {address} jest przeciążona.")
    cure = Text("It will be tried again by itself.", "Próba zostanie ponowiona automatycznie.")


class RemoteTimeout(RetryableError):
    """No answer within the time allowed by the settings (manual 2.2)."""

    code = "remote.timeout"
    cause = Text(
        "The time allowed for an operation at {address} is over ({phase}, {seconds} s).",
        "Limit czasu operacji został przekroczony ({address}, {phase}, {seconds} s).",
    )
    cure = Text(
        "Raise EREPO_HTTP__{setting} if this repeats.",
        "Jeśli to się powtarza, zwiększ wartość EREPO_HTTP__{setting}.",
    )


class OutcomeUnknown(RetryableError):
    """The request was sent, the answer was lost: ask the other side before sending again."""

    code = "remote.outcome-unknown"
    cause = Text(
        "The connection to {address} broke before the answer came.",
        "Połączenie z {address} zostało przerwane przed otrzymaniem odpowiedzi.",
    )
    cure = Text(
        "The registry is asked before anything is sent again.",
        "Przed ponownym wysłaniem rejestr zostanie zapytany o wynik.",
    )
