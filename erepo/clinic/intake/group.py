"""One group of files: loaded, described, stored, committed, and only then reported."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic import audit
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.database import Database, repeated
from erepo.clinic.errors import ContentDamaged, OriginalKept
from erepo.clinic.intake.describing import describe
from erepo.clinic.intake.files import SIDECAR, Loaded, load, stamp
from erepo.clinic.intake.outcomes import Outcome, Status
from erepo.clinic.intake.rows import Fresh, Known, find_known, ids_of, insert_documents
from erepo.clinic.intake.sidecar import Beside, beside
from erepo.clinic.kinds import read_rules
from erepo.clinic.states import State
from erepo.errors import ErepoError
from erepo.identifiers.hl7 import CX

#: How often a group is tried when another process takes in the same bytes at the same moment.
RACES = 3


@dataclass(frozen=True, slots=True)
class Places:
    """Where documents go, and the most bytes one may have."""

    database: Database
    store: ContentStore
    limit: int


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller says about all files."""

    patient: CX | None = None
    kind: Kind | None = None
    delete_source: bool = False
    actor: str = "erepo"
    origin: str = "own"


#: Told, in the transaction that takes documents in, which they are: public id by SHA-256.
Also = Callable[[sa.Connection, Mapping[str, str]], None]


@dataclass(slots=True)
class Group:
    """The files of one transaction."""

    places: Places
    given: Given
    paths: list[Path]
    around: Mapping[Path, Beside] = field(default_factory=dict)
    """What is known of files that have no description beside them, because they came otherwise."""
    also: Also | None = None
    """What else is to be written in the transaction."""
    _outcomes: dict[Path, Outcome] = field(default_factory=dict)
    _loaded: dict[Path, Loaded] = field(default_factory=dict)

    def received(self, one: Loaded) -> None:
        """Hand over a document that was read already."""
        self._loaded[one.path] = one

    def take(self) -> list[Outcome]:
        """Bring every file to its outcome, in the order given.

        Raises:
            OSError: our own disk refused; nothing of this group was taken in.
        """
        try:
            self._load()
            known = self._known()
            fresh = self._describe(known)
            self._store(fresh, known)
            known |= self._commit(fresh)
            self._conclude(known, {one.known.public_id: one.described.signature_codes for one in fresh})
        finally:
            for one in self._loaded.values():
                if isinstance(one.content, Draft):
                    self.places.store.discard(one.content)
        if self.given.delete_source:
            self._delete_sources()
        return [self._outcomes[path] for path in self.paths]

    def _load(self) -> None:
        for path in self.paths:
            if path in self._loaded:
                continue
            try:
                self._loaded[path] = load(path, self.places.store, self.places.limit)
            except ErepoError as error:
                self._outcomes[path] = Outcome(path, Status.REFUSED, reason=error)

    def _known(self) -> dict[str, Known]:
        with self.places.database.read() as connection:
            return find_known(connection, [one.digests.sha256 for one in self._loaded.values()])

    def _describe(self, known: dict[str, Known]) -> list[Fresh]:
        fresh: dict[str, Fresh] = {}
        for path, one in self._loaded.items():
            sha256 = one.digests.sha256
            if sha256 in known or sha256 in fresh:
                continue
            try:
                around = self.around.get(path) or beside(path, self.given.patient, self.given.kind)
                fresh[sha256] = Fresh(one, describe(one, around, self.places.limit))
            except ErepoError as error:
                self._outcomes[path] = Outcome(path, Status.REFUSED, size=one.digests.size, reason=error)
        return list(fresh.values())

    def _store(self, fresh: list[Fresh], known: dict[str, Known]) -> None:
        """Make all content durable; also that of known documents whose own copy is lost."""
        store = self.places.store
        contents = {one.sha256: (one.loaded.digests, one.loaded.content) for one in fresh}
        for one in self._loaded.values():
            digests = one.digests
            before = known.get(digests.sha256)
            if not before or not State(before.state).keeps_content:
                continue
            # The copy of a refused document may have rotted, and no original goes while one has: `put_all`
            # reads the copy and replaces it if need be.
            suspect = self.given.delete_source or before.state == State.REJECTED.value
            if suspect or not store.has(digests.sha256, digests.size):
                contents[digests.sha256] = (digests, one.content)
        store.put_all(contents.values())

    @repeated
    def _commit(self, fresh: list[Fresh]) -> dict[str, Known]:
        if not fresh:
            return {}
        for attempt in range(1, RACES + 1):
            try:
                with self.places.database.begin() as connection:
                    known = find_known(connection, [one.sha256 for one in fresh])
                    new = [one for one in fresh if one.sha256 not in known]
                    insert_documents(
                        connection,
                        new,
                        read_rules(connection, hold=True),
                        actor=self.given.actor,
                        origin=self.given.origin,
                    )
                    if self.also:
                        self.also(connection, {one.sha256: one.known.public_id for one in new})
                    return known | {one.sha256: one.known for one in new}
            except sa.exc.IntegrityError:
                # Possible only where writers do not exclude each other: the other one has committed by now.
                if attempt == RACES:
                    raise
        return {}

    def _conclude(self, known: dict[str, Known], new: dict[str, tuple[str, ...]]) -> None:
        for path, one in self._loaded.items():
            if path in self._outcomes:
                continue
            public_id = known[one.digests.sha256].public_id
            # Of equal files in one group the first is the document, the others are known.
            status = Status.TAKEN if public_id in new else Status.KNOWN
            signatures = new.pop(public_id, ())
            self._outcomes[path] = Outcome(path, status, public_id, one.digests.size, signatures=signatures)

    def _delete_sources(self) -> None:
        """Remove originals: read the copy back, commit that fact, and only then delete."""
        proven: list[tuple[Path, Loaded]] = []
        for path, one in self._loaded.items():
            if self._outcomes[path].status is Status.REFUSED:
                continue
            try:
                self.places.store.check(one.digests.sha256)
            except ContentDamaged as error:
                self._keep(path, OriginalKept(problem=error.data["problem"]))
            else:
                proven.append((path, one))
        with self.places.database.begin() as connection:
            ids = ids_of(connection, [one.digests.sha256 for _, one in proven])
            audit.record(connection, "read_back_equal", ids)
        for path, one in proven:
            self._delete(path, one)

    def _delete(self, path: Path, one: Loaded) -> None:
        try:
            if stamp(path.stat()) != one.stamp:
                self._keep(path, OriginalKept(problem="changed meanwhile"))
                return
            if os.path.samestat(path.lstat(), self._stored(one)):
                # Somebody imports our own store, or a folder that holds it.
                self._keep(path, OriginalKept(problem="it is the stored copy itself"))
                return
            path.unlink()
            path.with_name(path.name + SIDECAR).unlink(missing_ok=True)
        except OSError as error:
            self._keep(path, OriginalKept(problem=error.strerror))
        else:
            self._outcomes[path] = replace(self._outcomes[path], deleted=True)

    def _stored(self, one: Loaded) -> os.stat_result:
        return self.places.store.path(one.digests.sha256).stat()

    def _keep(self, path: Path, reason: ErepoError) -> None:
        self._outcomes[path] = replace(self._outcomes[path], reason=reason)
