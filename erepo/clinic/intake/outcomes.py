"""What becomes of each file, and the sum of them."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from erepo.errors import ErepoError


class Status(StrEnum):
    """How a file ended."""

    TAKEN = "taken"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        path: the file; its name may hold patient data, so `repr` hides it and it belongs on no log.
        status: how it ended.
        public_id: opaque id of the document; empty if refused.
        size: bytes.
        reason: why it was refused, or why the original was not deleted.
        deleted: whether the original was removed, as asked.
        signatures: codes of warnings about the signature inside the document.
    """

    path: Path = field(repr=False)
    status: Status
    public_id: str = ""
    size: int = 0
    reason: ErepoError | None = None
    deleted: bool = False
    signatures: tuple[str, ...] = ()


@dataclass(slots=True)
class Summary:
    """Counts of a whole import; nothing in it tells a patient or a file name.

    Attributes:
        taken: new documents.
        known: files whose bytes were here already.
        refused: files not taken in.
        bytes: octets of the new documents.
        deleted: originals removed, as asked.
        reasons: how many files were refused, by error code.
        signatures: how many new documents have a warning about the signature inside, by its code.
        seconds: duration.
    """

    taken: int = 0
    known: int = 0
    refused: int = 0
    bytes: int = 0
    deleted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    signatures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        match outcome.status:
            case Status.TAKEN:
                self.taken += 1
                self.bytes += outcome.size
                self.signatures.update(outcome.signatures)
            case Status.KNOWN:
                self.known += 1
            case Status.REFUSED:
                self.refused += 1
                self.reasons[outcome.reason.code if outcome.reason else "unknown"] += 1
        self.deleted += outcome.deleted

    @property
    def files(self) -> int:
        """All files looked at."""
        return self.taken + self.known + self.refused

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "files": self.files,
            "taken": self.taken,
            "known": self.known,
            "refused": self.refused,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "reasons": dict(self.reasons),
            "signatures": dict(self.signatures),
            "seconds": round(self.seconds, 3),
        }
