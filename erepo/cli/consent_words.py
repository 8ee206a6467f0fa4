"""How commands say states of consents, and which they were given."""

from erepo.clinic.reading.errors import FilterWrong
from erepo.clinic.sharing import ConsentState
from erepo.clinic.sharing.words import EVENT_WORDS, STATE_WORDS
from erepo.texts import Language


def state_words(state: ConsentState | str, speak: Language) -> str:
    """Return a state as people read it."""
    return STATE_WORDS[ConsentState(state)].fill(speak)


def event_words(event: str, speak: Language) -> str:
    """Return what happened to a consent as people read it; what another version wrote, as it wrote it."""
    words = EVENT_WORDS.get(event)
    return words.fill(speak) if words else event


def parse_state(text: str) -> ConsentState:
    """Return the state of this name.

    Raises:
        FilterWrong: there is none.
    """
    try:
        return ConsentState(text.strip().lower())
    except ValueError:
        raise FilterWrong(name="--state", expected=", ".join(ConsentState)) from None
