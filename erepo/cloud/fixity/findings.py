"""What a check can find wrong, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from erepo.texts import Text


class Kind(StrEnum):
    """What is wrong with one content, blob or entry."""

    DAMAGED = "damaged"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ORPHAN = "orphan"
    DISAGREES = "disagrees"
    NO_DOCUMENT = "no-document"
    NO_ENTRY = "no-entry"


class Place(StrEnum):
    """Where it is wrong."""

    DATABASE = "database"
    BLOBS = "blobs"
    COPY = "copy"
    REGISTRY = "registry"


#: One character per kind, as in rclone's combined report: `*` differs, `-` is missing where it should be,
#: `+` is there although nothing asks for it, `!` could not be read.
SYMBOLS = {
    Kind.DAMAGED: "*",
    Kind.DISAGREES: "*",
    Kind.MISSING: "-",
    Kind.NO_DOCUMENT: "-",
    Kind.ORPHAN: "+",
    Kind.NO_ENTRY: "+",
    Kind.UNREADABLE: "!",
}

WORDS = {
    Kind.DAMAGED: Text("damaged", "uszkodzona treść"),
    Kind.MISSING: Text("missing", "brak treści"),
    Kind.UNREADABLE: Text("cannot be read", "nie można odczytać"),
    Kind.ORPHAN: Text("belongs to no document", "nie należy do żadnego dokumentu"),
    Kind.DISAGREES: Text("the registry has another hash or size", "rejestr podaje inny skrót lub rozmiar"),
    Kind.NO_DOCUMENT: Text("entry without its document", "wpis bez dokumentu"),
    Kind.NO_ENTRY: Text("document without an entry", "dokument bez wpisu"),
}

REPAIRED = Text("repaired", "naprawiono")
FAILED = Text("not repaired", "nie naprawiono")
REMOVED = Text("removed", "usunięto")
NOT_REMOVED = Text("not removed", "nie usunięto")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. Names no patient and no id that a client gave."""

    kind: Kind
    place: Place
    tenant_id: int
    """0 when no account of the service is meant."""
    account: str = ""
    document: int | None = None
    """Row number of the document, or of the registry object where no document is meant."""
    key: str | None = None
    """Of the blob."""
    repaired: bool | None = None
    """None: nobody asked for a repair, or there is none for this kind."""
    removed: bool | None = None
    """Of an orphan; None: nobody asked for it to be removed."""

    @property
    def symbol(self) -> str:
        """One character that stands for the kind."""
        return SYMBOLS[self.kind]

    @property
    def name(self) -> str:
        """How it is found again: the document's number, or the blob's key."""
        return str(self.document) if self.document is not None else self.key or "-"


@dataclass(slots=True)
class Report:
    """The end of a check.

    Attributes:
        documents: contents read and hashed.
        octets: bytes read, as kept, of all copies.
        blobs: blobs looked at in the direction from the store to the database.
        entries: entries of the registry compared with documents.
        counts: findings by kind.
        repaired: findings that are none any more because one copy was made from the other.
        removed: orphans that are none any more.
    """

    documents: int = 0
    octets: int = 0
    blobs: int = 0
    entries: int = 0
    counts: dict[Kind, int] = field(default_factory=dict)
    repaired: int = 0
    removed: int = 0
    seconds: float = 0

    def add(self, findings: Iterable[Finding]) -> None:
        """Count findings."""
        for each in findings:
            self.counts[each.kind] = self.counts.get(each.kind, 0) + 1
            self.repaired += each.repaired is True
            self.removed += each.removed is True

    @property
    def found(self) -> int:
        """How many things were wrong."""
        return sum(self.counts.values())

    @property
    def well(self) -> bool:
        """Whether nothing is wrong now."""
        return self.found == self.repaired + self.removed
