"""What is to be removed, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RemoteDocument:
    """A document as the repository knows it.

    Attributes:
        unique_id: XDS uniqueId.
        repository_unique_id: OID of the repository that holds it.
        entry_uuid: id of its entry, where the clinic knows it; saves questions.
    """

    unique_id: str
    repository_unique_id: str
    entry_uuid: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of documents that were to be removed.

    Attributes:
        gone: uniqueIds of those that neither registry nor repository knows any more, confirmed by asking.
        failed: the others by uniqueId, with the repository's reason; they may be gone in part.
    """

    gone: frozenset[str] = frozenset()
    failed: Mapping[str, Exception] = field(default_factory=dict)
