"""Whether an account's keys are to be replaced: one pure function."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Certificates that live shorter than this are replaced after half of their life.
SHORT: Final = timedelta(days=10)


class Reason(StrEnum):
    """Why, or that there is no reason yet."""

    FORCED = "forced"
    COMPROMISED = "compromised"
    EXPIRED = "expired"
    DUE = "due"
    NOT_DUE = "not_due"


class Demand(StrEnum):
    """What a person may say."""

    FORCED = "forced"
    """Replace now, whatever the time."""
    COMPROMISED = "compromised"
    """The keys in use are revoked or in wrong hands: nothing may be signed with them a day longer."""

    @property
    def reason(self) -> Reason:
        """The reason that it is."""
        return Reason(self.value)


@dataclass(frozen=True)
class Validity:
    """The life of one certificate; both ends are aware."""

    since: datetime
    until: datetime

    @property
    def due_at(self) -> datetime:
        """When two thirds of the life are over; of a short life, the half."""
        life = self.until - self.since
        return self.until - (life / 2 if life < SHORT else life / 3)


@dataclass(frozen=True)
class Decision:
    """The reason, and the moment from which on a replacement is wanted."""

    reason: Reason
    next: datetime

    @property
    def replace(self) -> bool:
        """Whether new keys are to be made."""
        return self.reason is not Reason.NOT_DUE


def decide(validities: Iterable[Validity], *, at: datetime, demand: Demand | None = None) -> Decision:
    """Decide about the certificates of an account, all of which are replaced together.

    The first of these reasons that holds is returned; they are asked in the order in which certbot asks them:

    1. a person forces it;
    2. they are revoked or compromised (which here a person says as well);
    3. one has expired;
    4. one is due by its time: 2/3 of its life are over, or 1/2 of a life under 10 days;
    5. otherwise nothing is due.

    Args:
        validities: of all certificates in use, at least one.
        at: the moment to decide for, aware.
        demand: what a person wants.

    Returns:
        Where nothing is due, `next` is when the first of them will be; else it is `at`.
    """
    lives = list(validities)
    if demand is not None:
        return Decision(demand.reason, at)
    if any(life.until <= at for life in lives):
        return Decision(Reason.EXPIRED, at)
    due = min(life.due_at for life in lives)
    return Decision(Reason.DUE, at) if due <= at else Decision(Reason.NOT_DUE, due)
