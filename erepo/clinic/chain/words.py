"""Codes of what is odd about a link between two versions, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from erepo.texts import Text

WAITS: Final = "chain.waits"
UNKNOWN: Final = "chain.predecessor-unknown"
NOT_ARCHIVED: Final = "chain.predecessor-not-archived"
FOREIGN: Final = "chain.of-another-provider"
FORKED: Final = "chain.forked"
REFUSED: Final = "chain.refused"
BY_STATUS: Final = "chain.linked-by-status"

WAITS_CURE: Final = Text(
    "Nothing to do: it is sent once the version before it is in the repository.",
    "Nic nie trzeba robić: zostanie wysłany, gdy poprzednia wersja znajdzie się w repozytorium.",
)

WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        WAITS: Text(
            "Waits for the version before it, which is not in the repository yet.",
            "Czeka na poprzednią wersję, której nie ma jeszcze w repozytorium.",
        ),
        UNKNOWN: Text(
            "Archived as an original: the version it names is neither here nor in the repository.",
            "Zarchiwizowany jako oryginał: wskazanej wersji nie ma ani tutaj, ani w repozytorium.",
        ),
        NOT_ARCHIVED: Text(
            "Archived as an original: the version it names is here, but not in the repository.",
            "Zarchiwizowany jako oryginał: wskazana wersja jest tutaj, ale nie w repozytorium.",
        ),
        FOREIGN: Text(
            "Archived as an original: a document of another provider takes the place of none of ours.",
            "Zarchiwizowany jako oryginał: dokument innego podmiotu nie zastępuje naszych dokumentów.",
        ),
        FORKED: Text(
            "Archived as an original: another document had already replaced the version it names.",
            "Zarchiwizowany jako oryginał: wskazaną wersję zastąpił już inny dokument.",
        ),
        REFUSED: Text(
            "Archived as an original: the repository refused the relationship to the version it names.",
            "Zarchiwizowany jako oryginał: repozytorium odrzuciło powiązanie ze wskazaną wersją.",
        ),
        BY_STATUS: Text(
            "The registry shows the version it names as replaced, without the relationship itself.",
            "Rejestr pokazuje wskazaną wersję jako zastąpioną, bez samego powiązania.",
        ),
    }
)
