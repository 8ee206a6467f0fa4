"""What was erased, written down outside the database: a backup of that one forgets its destructions.

    clinic_home/destruction/erased/<proposal>-<first document>.json

One sealed file for each slice of a destruction, durable **before** the erasure commits: the proposal with its
two logins, and the opaque ids whose destruction had begun. It is never changed but for ids that are added,
and never removed. The name tells the smallest id: where that one is begun or erased, all others are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from erepo.clinic.retention.errors import ProtocolUntrusted
from erepo.clinic.retention.proposing import Proposal
from erepo.clinic.sealing import is_sealed, seal, seal_key
from erepo.durable import write_durably
from erepo.settings import Settings

_PURPOSE = "erepo destruction"


class Line(NamedTuple):
    """One document: opaque id, kind, last year of keeping."""

    document: str
    kind: str
    kept_until: int


class Name(NamedTuple):
    """A file by its name: the proposal, and the smallest opaque id in it."""

    proposal: str
    first: str


@dataclass(frozen=True)
class Part:
    """A slice of a destruction: its proposal as it was confirmed, and documents, ordered by id."""

    proposal: Proposal
    lines: tuple[Line, ...]


class Erased:
    """The files of one installation, or of a copy of its folder.

    Args:
        folder: where they lie.
        key: of the seal.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._key = folder, key

    @classmethod
    def at(cls, settings: Settings) -> Self:
        """Open those of this installation.

        Raises:
            OSError: the key of the seal can be neither read nor made.
        """
        return cls(erased_folder(settings), seal_key(settings))

    def write(self, found: Proposal, lines: Iterable[Line]) -> None:
        """Write a slice down, durably, before it is erased; may be repeated.

        Raises:
            OSError: the disk refused; the erasure must not go on.
        """
        wanted = sorted(set(lines))
        name = Name(found.id, wanted[0].document)
        try:
            before = self.read(name).lines
        except (FileNotFoundError, ProtocolUntrusted):
            before = ()
        if set(wanted) <= set(before):
            return
        self.put(Part(replace(found, state="confirmed", finished_at=None), (*before, *wanted)))

    def put(self, part: Part) -> None:
        """Write a part as it is, durably."""
        lines = sorted(set(part.lines))
        body = orjson.dumps(
            {"proposal": part.proposal.as_json(), "documents": [one._asdict() for one in lines]}
        )
        octets = seal(self._key, _PURPOSE, body).encode() + b"\n" + body
        write_durably(self._path(Name(part.proposal.id, lines[0].document)), [octets])

    def read(self, name: Name) -> Part:
        """Read a part.

        Raises:
            FileNotFoundError: there is none.
            ProtocolUntrusted: this installation has not written it, or somebody changed it.
        """
        found, _, body = self._path(name).read_bytes().partition(b"\n")
        if not is_sealed(self._key, _PURPOSE, body, found.decode("ascii", "replace")):
            raise ProtocolUntrusted(proposal=name.proposal)
        content: dict[str, Any] = orjson.loads(body)
        lines = tuple(Line(**one) for one in content["documents"])
        part = Part(_proposal(content["proposal"]), lines)
        # A good file under another name would hide, or seem to be, another one.
        if Name(part.proposal.id, lines[0].document) != name:
            raise ProtocolUntrusted(proposal=name.proposal)
        return part

    def names(self) -> list[Name]:
        """Return all files by their names; none is read."""
        return names_in(self.folder)

    def _path(self, name: Name) -> Path:
        return self.folder / f"{name.proposal}-{name.first}.json"


def erased_folder(settings: Settings) -> Path:
    """Return where they lie."""
    return settings.clinic_home / "destruction" / "erased"


def names_in(folder: Path) -> list[Name]:
    """Return the files of a folder by their names; none where there is no folder."""
    if not folder.is_dir():
        return []
    parted = (path.stem.partition("-") for path in sorted(folder.glob("*-*.json")))
    return [Name(proposal, first) for proposal, _, first in parted]


def _proposal(values: dict[str, Any]) -> Proposal:
    times = {one.name for one in fields(Proposal) if one.name.endswith("_at")}
    read: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in times and value else value
        for name, value in values.items()
    }
    return Proposal(**read)
