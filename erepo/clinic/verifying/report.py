"""What verifying reports: opaque ids and counts only, ready for JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from erepo.clinic.archiving.comparing import Finding
from erepo.clinic.archiving.results import Problem
from erepo.clinic.rereading import Archived

#: What a check gave; None stands for octets that are not those that were sent.
Checked = tuple[Archived, Finding | None]


@dataclass(frozen=True)
class Difference:
    """A document that is not as it should be.

    Attributes:
        document: its opaque id.
        what: `hash`, `size`, `twice` (registry), or `content` (the octets read back).
    """

    document: str
    what: str


@dataclass
class VerifyReport:
    """The archive compared with what was sent.

    Attributes:
        checked: documents compared.
        equal: of these, as they should be.
        differing: of these, different, by id.
        missing: of these, unknown to the registry or not delivered, by id.
        unchecked: documents nobody could be asked about.
        bytes: octets of the documents compared.
        read_back: whether the octets were fetched and hashed.
        seconds: duration.
        problem: why documents stayed unchecked, if any did.
    """

    checked: int = 0
    equal: int = 0
    differing: list[Difference] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unchecked: int = 0
    bytes: int = 0
    read_back: bool = False
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        """Whether every document was checked and is as it should be."""
        return self.equal == self.checked and not self.unchecked and self.problem is None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def count(self, checked: Checked) -> None:
        """Count one document."""
        one, finding = checked
        self.checked += 1
        self.bytes += one.size
        match finding:
            case Finding.EQUAL:
                self.equal += 1
            case Finding.MISSING:
                self.missing.append(one.public_id)
            case _:
                self.differing.append(Difference(one.public_id, what(finding)))


def what(finding: Finding | None) -> str:
    """Return the word for a finding in reports and tables."""
    return finding.value if finding else "content"
