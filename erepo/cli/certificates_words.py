"""How the certificates of an account are shown to people."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from erepo.clinic.rotation import Reason, Rotation, Stage, Status
from erepo.texts import Language, Text

#: Room for the table with its 40 digits of a serial number, also where the console is narrower.
_WIDTH = 120
_WARSAW = ZoneInfo("Europe/Warsaw")

#: What each stage means to a person.
STAGES = {
    Stage.REQUESTED: Text(
        "new keys are made, the requests wait to be sent",
        "są nowe klucze, żądania czekają na wysłanie",
    ),
    Stage.MAILED: Text(
        "the office has the requests; its answer is awaited",
        "żądania wysłano do BOK; trwa oczekiwanie na certyfikaty",
    ),
    Stage.RECEIVED: Text(
        "the new certificates are here, not registered yet",
        "otrzymano nowe certyfikaty, jeszcze niezarejestrowane",
    ),
    Stage.REGISTERED: Text(
        "the service accepts old and new, the old ones are in use",
        "usługa przyjmuje stare i nowe, używane są stare",
    ),
    Stage.CUT_OVER: Text(
        "the new ones are in use, the old ones still accepted",
        "używane są nowe, stare są wciąż przyjmowane",
    ),
    Stage.RETIRING: Text("the old ones are being retired", "trwa wycofywanie starych"),
    Stage.RETIRED: Text("done, the old ones are retired", "zakończona, stare wycofano"),
    Stage.ROLLED_BACK: Text("rolled back, the old ones are in use", "wycofana, używane są stare"),
    Stage.ABANDONED: Text("given up before the change-over", "przerwana przed zmianą certyfikatów"),
}
REASONS = {
    Reason.FORCED: Text("demanded by a person", "na żądanie"),
    Reason.COMPROMISED: Text("the keys were compromised or revoked", "klucze ujawniono lub odwołano"),
    Reason.EXPIRED: Text("a certificate has expired", "certyfikat wygasł"),
    Reason.DUE: Text("due by their age", "zbliża się koniec ważności"),
    Reason.NOT_DUE: Text("not due yet", "jeszcze nie pora"),
}
_COLUMNS = (
    Text("Certificate", "Certyfikat"),
    Text("Valid until", "Ważny do"),
    Text("Days left", "Pozostało dni"),
    Text("Serial number", "Numer seryjny"),
)
_ACCOUNT = Text("Account: {account}.", "Konto: {account}.")
_LATER = Text("New ones are due on {day}.", "Wymiana będzie potrzebna {day}.")
_NOW = Text("New ones are due: {reason}.", "Potrzebna jest wymiana: {reason}.")
_ROTATION = Text("Update begun on {day} ({reason}): {stage}.", "Aktualizacja z {day} ({reason}): {stage}.")
_OVERLAP = Text("The old ones are retired after {day}.", "Stare zostaną wycofane po {day}.")
_GIVEN_BACK = Text(
    "The service still has to be told to refuse the new ones: rotate-certificates/daily does it after {day}.",
    "Usługa nie wie jeszcze, że ma odrzucać nowe: rotate-certificates/daily przekaże jej to po {day}.",
)


def show(found: Status, console: Console, speak: Language) -> None:
    """Print a status as a table and plain sentences."""
    _say(console, _ACCOUNT.fill(speak, account=found.account))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column.fill(speak), no_wrap=True)
    for one in found.in_use:
        style = "red" if one.days_left < 1 else "yellow" if one.days_left <= 30 else ""
        table.add_row(
            one.purpose.value, moment_words(one.not_after, speak), str(one.days_left), one.serial, style=style
        )
    # A serial number is compared with the name of a file: it must not be cut.
    console.width = max(console.width, _WIDTH)
    console.print(table, soft_wrap=True)
    under_way = found.rotation is not None and not found.rotation.stage.ended
    if not under_way:
        reason = REASONS[found.decision.reason].fill(speak)
        words = _NOW if found.decision.replace else _LATER
        _say(console, words.fill(speak, day=day_words(found.decision.next, speak), reason=reason))
    if found.rotation is not None:
        _say(console, stage_words(found.rotation, speak))


def stage_words(rotation: Rotation, speak: Language) -> str:
    """Return how far a rotation is, in a sentence or two."""
    words = _ROTATION.fill(
        speak,
        day=day_words(rotation.requested_at, speak),
        reason=REASONS[rotation.reason].fill(speak),
        stage=STAGES[rotation.stage].fill(speak),
    )
    if rotation.retire_after is not None and rotation.stage is not Stage.RETIRED:
        sentence = _GIVEN_BACK if rotation.stage.ended else _OVERLAP
        words += " " + sentence.fill(speak, day=moment_words(rotation.retire_after, speak))
    return words


def day_words(moment: datetime, speak: Language) -> str:
    """Return a day as people read it, by Polish time."""
    return moment.astimezone(_WARSAW).strftime("%d.%m.%Y" if speak == "pl" else "%Y-%m-%d")


def moment_words(moment: datetime, speak: Language) -> str:
    """Return a day and the time of it as people read them, by Polish time."""
    return f"{day_words(moment, speak)} {moment.astimezone(_WARSAW):%H:%M}"


def _say(console: Console, words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)
