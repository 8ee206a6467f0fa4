"""The intake as others use it."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from erepo.cda.kinds import Kind
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.intake.files import find_files
from erepo.clinic.intake.group import Also, Given, Group, Places
from erepo.clinic.intake.outcomes import Outcome, Summary
from erepo.clinic.intake.received import Received
from erepo.identifiers.hl7 import CX
from erepo.settings import Settings

#: Files of one transaction.
GROUP_FILES = 64
#: Bytes after which a group is closed, so that memory stays flat.
GROUP_BYTES = 32 * 1024**2

Progress = Callable[[Outcome], None]


class Intake:
    """Takes files in. Many processes may do so at once; the same bytes end as one document."""

    def __init__(self, database: Database, store: ContentStore, settings: Settings) -> None:
        self._places = Places(database, store, settings.limits.document)
        store.sweep()

    @classmethod
    def at(cls, database: Database, settings: Settings) -> "Intake":
        """Take in to the content store of this installation."""
        return cls(database, ContentStore.at(settings), settings)

    def take(
        self,
        path: Path,
        *,
        patient: CX | None = None,
        kind: Kind | None = None,
        delete_source: bool = False,
    ) -> Outcome:
        """Take one file in.

        Args:
            path: the file.
            patient: whose it is, for files that do not say it themselves.
            kind: overrules the recognised kind.
            delete_source: remove the file once its copy has been read back equal and that is committed.

        Returns:
            What became of it; a refusal is an outcome, not an error.

        Raises:
            OSError: our own disk refused; nothing was taken in.
        """
        given = Given(patient, kind, delete_source=delete_source)
        return Group(self._places, given, [path]).take()[0]

    def take_received(self, received: Received, also: Also | None = None) -> Outcome:
        """Take in one document that did not come as a file.

        Args:
            received: the document; a draft in it is used up, whatever happens.
            also: called in the transaction that takes it in, unless it is known already.

        Returns:
            What became of it; a refusal is an outcome, not an error.

        Raises:
            OSError: our own disk refused; nothing was taken in.
            ErepoError: what `also` raised; nothing was taken in.
        """
        one = received.loaded()
        given = Given(actor=received.actor, origin=received.origin)
        group = Group(self._places, given, [one.path], around={one.path: received.known}, also=also)
        group.received(one)
        return group.take()[0]

    def take_folder(
        self,
        paths: Iterable[Path],
        progress: Progress | None = None,
        *,
        patient: CX | None = None,
        kind: Kind | None = None,
        delete_source: bool = False,
    ) -> Summary:
        """Take in files and folders with all below them; a rotten file never stops the others.

        Args:
            paths: files and folders.
            progress: told each outcome after it is committed.
            patient: as in `take`.
            kind: as in `take`.
            delete_source: as in `take`.

        Raises:
            OSError: our own disk refused; what was reported before is safe.
        """
        summary, begun = Summary(), time.monotonic()
        given = Given(patient, kind, delete_source=delete_source)
        for group in _groups(find_files(paths)):
            for outcome in Group(self._places, given, group).take():
                summary.add(outcome)
                if progress:
                    progress(outcome)
        summary.seconds = time.monotonic() - begun
        return summary


def _groups(paths: Iterable[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for path in paths:
        group.append(path)
        size += _size(path)
        if len(group) >= GROUP_FILES or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
