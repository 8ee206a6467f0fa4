"""What indexing reports: opaque ids, codes and counts only, ready for JSON."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Self

from erepo.clinic.archiving.results import Problem
from erepo.clinic.indexing.errors import IndexingRefused, IndexingStopped
from erepo.clinic.rest.errors import ServiceRefusal, ServiceTrouble
from erepo.errors import ErepoError
from erepo.texts import Language


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a document is not in the index yet.

    Attributes:
        code: of the service, or of one of our errors.
        rule: P1's own code; empty where it has none.
        phase: how far it got: `preflight`, `token`, `ask`, `register`; empty where nobody was asked.
        missing: keys of what is missing.
        cause_pl, cause_en, cure_pl, cure_en: the words.
    """

    code: str
    cause_pl: str
    cause_en: str
    cure_pl: str
    cure_en: str
    rule: str = ""
    phase: str = ""
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Describe an error; what the service said in its own words and codes."""
        told = Problem.of(error)
        words = told.cause_pl, told.cause_en, told.cure_pl, told.cure_en
        if not isinstance(error, ServiceRefusal | ServiceTrouble):
            return cls(told.code, *words)
        data = error.data
        missing = tuple(part for part in str(data.get("missing", "")).split(", ") if part)
        rule, phase = str(data.get("rule", "")), str(data.get("phase", ""))
        return cls(str(data["code"])[:80], *words, rule=rule, phase=phase, missing=missing)

    def words(self, speak: Language) -> tuple[str, str]:
        """Return cause and cure in one language."""
        return (self.cause_pl, self.cure_pl) if speak == "pl" else (self.cause_en, self.cure_en)

    def as_json(self) -> dict[str, Any]:
        """Return plain data, as the column `told` keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """Read the column `told`."""
        return cls(**{**kept, "missing": tuple(kept["missing"])})


#: Documents that a run names with why it put them off; all of them are counted.
MOST_NAMED: Final = 200


@dataclass(frozen=True)
class Refused:
    """A document that was refused for good, or put off.

    Attributes:
        document: its opaque id.
        reason: why.
    """

    document: str
    reason: Reason


@dataclass
class RunResult:
    """What a run did.

    Attributes:
        indexed: documents that are in the index now.
        recovered: of these, those that P1 had already.
        withdrawn: indexes that are withdrawn now.
        refused: documents refused for good.
        later: documents that another run tries again.
        put_off: of these, the first `MOST_NAMED` with the reason.
        taken: documents that another process is at work on.
        due: documents there were to do, withdrawals included.
        problem: what ended the run early.
        paused: whether it did not begin because P1 has to be left alone for a while.
    """

    indexed: int = 0
    recovered: int = 0
    withdrawn: int = 0
    refused: list[Refused] = field(default_factory=list)
    later: int = 0
    put_off: list[Refused] = field(default_factory=list)
    taken: int = 0
    due: int = 0
    problem: Problem | None = None
    paused: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything that was to do is done."""
        return self.problem is None and not self.refused and not self.later

    def error(self) -> ErepoError | None:
        """Return the error that ends a run; None where nothing stopped it."""
        if self.problem is None or self.paused:
            return None
        kind = IndexingStopped if self.problem.retryable else IndexingRefused
        return kind(**asdict(self.problem))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"refused": [asdict(one) for one in self.refused]}


def of_service(error: Exception) -> Problem:
    """Describe an error of the service by its own code."""
    told = Problem.of(error)
    if isinstance(error, ServiceRefusal | ServiceTrouble):
        return replace(told, code=str(error.data["code"]))
    return told
