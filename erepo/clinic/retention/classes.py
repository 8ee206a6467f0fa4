"""How long a document must be kept: the classes of the act on patients' rights. Pure decisions.

Source: art. 29 ust. 1 of ustawa z dnia 6 listopada 2008 r. o prawach pacjenta i Rzeczniku Praw Pacjenta:
20 years from the end of the calendar year of the last entry, with the exceptions below (1 to 5). "Until the
end of year Y" means that the document may be destroyed from the 1st of January of Y + 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from erepo.texts import Text


class RetentionClass(StrEnum):
    """Names of the classes, as commands take them."""

    STANDARD = "standard"
    CHILD = "child"
    DEATH = "death"
    BLOOD = "blood"
    X_RAY = "x-ray"
    ORDER = "order"
    ORDER_UNUSED = "order-unused"


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class.

    Attributes:
        years: how long, from the end of the base year.
        label: what it is about.
        source: point of art. 29 ust. 1.
        base: what the base year is; empty where it is that of the last entry.
    """

    years: int
    label: Text
    source: str
    base: Text | None = None


CLASSES: Final[Mapping[RetentionClass, ClassInfo]] = MappingProxyType(
    {
        RetentionClass.STANDARD: ClassInfo(
            20, Text("medical documentation", "dokumentacja medyczna"), "art. 29 ust. 1"
        ),
        RetentionClass.DEATH: ClassInfo(
            30,
            Text("death by bodily injury or poisoning", "zgon na skutek uszkodzenia ciała lub zatrucia"),
            "art. 29 ust. 1 pkt 1",
            Text("year of the death", "rok zgonu"),
        ),
        RetentionClass.BLOOD: ClassInfo(
            30,
            Text("data to follow blood and its components", "dane do monitorowania losów krwi"),
            "art. 29 ust. 1 pkt 2",
        ),
        RetentionClass.X_RAY: ClassInfo(
            10,
            Text("X-ray image kept outside the documentation", "zdjęcie rentgenowskie poza dokumentacją"),
            "art. 29 ust. 1 pkt 3",
            Text("year of the image", "rok wykonania zdjęcia"),
        ),
        RetentionClass.ORDER: ClassInfo(
            5,
            Text("referral or order", "skierowanie na badanie lub zlecenie lekarza"),
            "art. 29 ust. 1 pkt 4 lit. a",
            Text("year of the service", "rok udzielenia świadczenia"),
        ),
        RetentionClass.ORDER_UNUSED: ClassInfo(
            2,
            Text(
                "referral or order, the patient did not come",
                "skierowanie lub zlecenie, pacjent się nie zgłosił",
            ),
            "art. 29 ust. 1 pkt 4 lit. b",
            Text("year of the referral", "rok wystawienia skierowania"),
        ),
        RetentionClass.CHILD: ClassInfo(
            22, Text("child under two", "dziecko do ukończenia 2. roku życia"), "art. 29 ust. 1 pkt 5"
        ),
    }
)

#: Age in years up to which documents belong to the class of children.
CHILD_AGE: Final = 2


def last_year(entry: int, years: int, born: int | None) -> int:
    """Return the last year in which a document must be kept.

    Args:
        entry: year of the last entry.
        years: of its kind.
        born: year of the patient's birth; None when it is not known.
    """
    # By calendar years: a child who has just turned two keeps its documents a little longer, never shorter.
    if born and entry - born <= CHILD_AGE and years >= CLASSES[RetentionClass.STANDARD].years:
        years = max(years, CLASSES[RetentionClass.CHILD].years)
    return entry + years
