"""The states of documents in words for people: one table for every command and page."""

from typing import Final, NamedTuple

from erepo.clinic.states import State
from erepo.texts import Text


class StateWords(NamedTuple):
    """What people call a state."""

    #: A word or two, in a list.
    short: Text
    #: What it means for the document.
    meaning: Text


STATE_WORDS: Final = {
    State.LOCAL: StateWords(
        Text("here", "lokalnie"),
        Text("taken in, not planned for sending", "przyjęty, jeszcze niezaplanowany do wysłania"),
    ),
    State.QUEUED: StateWords(Text("queued", "w kolejce"), Text("waiting to be sent", "oczekuje na wysłanie")),
    State.SENDING: StateWords(
        Text("being sent", "wysyłany"),
        Text(
            "under way; the repository will be asked",
            "w trakcie wysyłania; wynik zostanie sprawdzony w rejestrze",
        ),
    ),
    State.ARCHIVED: StateWords(
        Text("archived", "zarchiwizowany"),
        Text("in the repository, copy here", "w repozytorium, kopia na miejscu"),
    ),
    State.REMOTE: StateWords(
        Text("archived, not here", "tylko w repozytorium"),
        Text("in the repository only", "tylko w repozytorium"),
    ),
    State.REJECTED: StateWords(
        Text("refused", "odrzucony"),
        Text("refused for good: erepo rejected list", "odrzucony; przyczyna: erepo rejected list"),
    ),
    State.MIGRATING: StateWords(
        Text("coming back", "w trakcie migracji"), Text("coming back", "w trakcie migracji do placówki")
    ),
    State.BLOCKED: StateWords(
        Text("brought back", "zmigrowany, zablokowany"),
        Text("brought back, not to be sent", "zmigrowany, zablokowany do wysyłki"),
    ),
    State.DELETED: StateWords(
        Text("deleted", "usunięty"),
        Text("deleted from the repository, or destroyed", "usunięty z repozytorium lub wybrakowany"),
    ),
}
