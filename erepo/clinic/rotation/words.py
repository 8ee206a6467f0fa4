"""How a rotation is told to people, on the command line and on the pages of runs."""

from typing import Final

from erepo.clinic.rotation.deciding import Reason
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.rotation.status import Status
from erepo.texts import Language, Text, day_words, moment_words

#: What each stage means to a person.
STAGES: Final = {
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
REASONS: Final = {
    Reason.FORCED: Text("demanded by a person", "na żądanie"),
    Reason.COMPROMISED: Text("the keys were compromised or revoked", "klucze ujawniono lub odwołano"),
    Reason.EXPIRED: Text("a certificate has expired", "certyfikat wygasł"),
    Reason.DUE: Text("due by their age", "zbliża się koniec ważności"),
    Reason.NOT_DUE: Text("not due yet", "jeszcze nie pora"),
}
_LATER = Text("New ones are due on {day}.", "Wymiana będzie potrzebna {day}.")
_NOW = Text("New ones are due: {reason}.", "Potrzebna jest wymiana: {reason}.")
_ROTATION = Text("Update begun on {day} ({reason}): {stage}.", "Aktualizacja z {day} ({reason}): {stage}.")
_OVERLAP = Text("The old ones are retired after {day}.", "Stare zostaną wycofane po {day}.")
_GIVEN_BACK = Text(
    "The service still has to be told to refuse the new ones: rotate-certificates/daily does it after {day}.",
    "Usługa nie wie jeszcze, że ma odrzucać nowe: rotate-certificates/daily przekaże jej to po {day}.",
)


def next_words(found: Status, speak: Language) -> str:
    """Return when new certificates are due, or why they are now; empty while a rotation is under way."""
    if found.rotation is not None and not found.rotation.stage.ended:
        return ""
    reason = REASONS[found.decision.reason].fill(speak)
    words = _NOW if found.decision.replace else _LATER
    return words.fill(speak, day=day_words(found.decision.next), reason=reason)


def stage_words(rotation: Rotation, speak: Language) -> str:
    """Return how far a rotation is, in a sentence or two."""
    words = _ROTATION.fill(
        speak,
        day=day_words(rotation.requested_at),
        reason=REASONS[rotation.reason].fill(speak),
        stage=STAGES[rotation.stage].fill(speak),
    )
    if rotation.retire_after is not None and rotation.stage is not Stage.RETIRED:
        sentence = _GIVEN_BACK if rotation.stage.ended else _OVERLAP
        words += " " + sentence.fill(speak, day=moment_words(rotation.retire_after))
    return words
