"""What one document is about: who, by whom, when, and which case. Sections and header only read it."""

import datetime as dt
import random
from dataclasses import dataclass

from erepo.cda.samples.people import Provider, Staff, SyntheticPatient
from erepo.cda.samples.vocabulary import Case


@dataclass(frozen=True, slots=True)
class Story:
    """Everything drawn for one document before a line of it is written; `place` is (specialty code, name)."""

    patient: SyntheticPatient
    author: Staff
    provider: Provider
    case: Case
    place: tuple[str, str]
    written: dt.datetime
    began: dt.datetime
    identity: str
    parent: str
    rng: random.Random


def stamp(moment: dt.datetime) -> str:
    """Return an HL7 TS with minutes."""
    return moment.strftime("%Y%m%d%H%M")


def day(moment: dt.date) -> str:
    """Return an HL7 TS of a day."""
    return moment.strftime("%Y%m%d")


def polish(moment: dt.date) -> str:
    """Return a day as people write it in Poland."""
    return moment.strftime("%d.%m.%Y")
