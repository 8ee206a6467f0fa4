"""The external repositories of the clinic: the cloud and the eArchiwum, exactly one in use at a time.

`opening` is the one way to the repository in use: archiving, verifying and migrating need not know which it
is. Switching is refused while the one in use holds documents.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic.account import load_connection
from erepo.clinic.audit import note
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.earchive import EArchive, Mark, Place, found_archive, read_mark, rebuild, take_over
from erepo.clinic.earchive.errors import FolderMissing, ForeignArchive
from erepo.clinic.earchive.place import MARK
from erepo.clinic.errors import RepositoryNotSetUp
from erepo.clinic.occupancy import EARCHIVE, EARCHIVE_NAME, active_kind, check_may_leave, held
from erepo.clinic.retention import begin_replay
from erepo.clinic.sealing import seal_key
from erepo.clinic.structure import read_provider
from erepo.clinic.tables import account, now
from erepo.clinic.tables_earchive import earchive
from erepo.identifiers import oids
from erepo.settings import Settings


@dataclass(frozen=True)
class Repository:
    """An external repository as people see it.

    Attributes:
        kind: `cloud` or `earchive`.
        name: the account's number, or `earchiwum`.
        place: address of the service, or the folder.
        active: whether it is in use.
        documents: held by it; 0 for one that is not in use.
    """

    kind: str
    name: str
    place: str
    active: bool
    documents: int

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def opening(database: Database, settings: Settings) -> CloudConnection | EArchive:
    """Return the repository in use, not opened yet: `async with` opens it.

    What a restored backup has brought back is nobody's document from here on, and is sent to nobody.

    Raises:
        AccountMissing: none is in use, or the account's keys are not here.
        PassphraseMissing, WrongPassphrase, UserUnknown: see `load_connection`.
    """
    begin_replay(database, settings)
    with database.read() as connection:
        kind = active_kind(connection)
    return load_earchive(database, settings) if kind == EARCHIVE else load_connection(database, settings)


def load_earchive(database: Database, settings: Settings) -> EArchive:
    """Return the eArchiwum, in use or not; not opened yet.

    Raises:
        RepositoryNotSetUp: there is none.
    """
    with database.read() as connection:
        row = connection.execute(sa.select(earchive)).first()
        source = _source_id(connection)
    if row is None:
        raise RepositoryNotSetUp(kind=EARCHIVE)
    mark = Mark(row.archive, row.repository_unique_id, row.installation)
    place = Place(Path(row.folder), mark, seal_key(settings))
    return EArchive(place, index_file(settings, row.archive), source or mark.repository_unique_id, settings)


def index_file(settings: Settings, archive: str) -> Path:
    """Return where an eArchiwum's index lies: on the clinic's own disk, never in the archive's folder."""
    return settings.clinic_home / "earchive" / f"{archive}.db"


def listing(connection: sa.Connection) -> list[Repository]:
    """Return what has been set up, the one in use first."""
    rows = connection.execute(sa.select(account).order_by(account.c.active.desc(), account.c.account)).all()
    return [
        Repository(
            row.repository_kind,
            row.account,
            row.service_url,
            row.active,
            held(connection).documents if row.active else 0,
        )
        for row in rows
    ]


def use(database: Database, kind: str, *, actor: str = "staff") -> bool:
    """Make a repository the one in use; return whether anything had to be changed.

    Raises:
        RepositoryNotSetUp: there is none of this kind.
        DocumentsElsewhere: the one in use holds documents; nothing was changed.
    """
    with database.begin() as connection:
        former = active_kind(connection)
        if former == kind:
            return False
        wanted = sa.select(account.c.account).where(account.c.repository_kind == kind)
        name = connection.execute(wanted.order_by(account.c.updated_at.desc()).limit(1)).scalar()
        if name is None:
            raise RepositoryNotSetUp(kind=kind)
        if former is not None:
            check_may_leave(connection, former)
        connection.execute(account.update().values(active=False))
        connection.execute(account.update().where(account.c.account == name).values(active=True))
        detail = {"from": former or "", "to": kind}
        note(connection, "repository_switched", subject="repository", subject_id=name, actor=actor,
             detail=detail)  # fmt: skip
    return True


def init_earchive(
    database: Database, settings: Settings, folder: Path, *, taking_over: bool = False, actor: str = "staff"
) -> EArchive:
    """Set the eArchiwum up in a folder, or find the one that is there; in use at once if nothing else is.

    May be repeated: what an interrupted call has done is found. A new place of the same archive is noted.

    Args:
        database: the clinic's.
        settings: of the installation.
        folder: exists; empty for a new archive.
        taking_over: make an archive of another installation, which is gone for good, this one's own.
        actor: who asks, for the audit.

    Raises:
        FolderMissing, FolderInUse, FolderFull, FolderReadOnly, FolderFaulty: the folder.
        ForeignArchive: it holds the archive of another installation, or we have another one already.
    """
    folder = folder.absolute()
    with database.read() as connection:
        known = connection.execute(sa.select(earchive)).first()
    installation = known.installation if known else uuid4().hex
    found = _find(folder, installation, known, taking_over=taking_over)
    place = replace(found, key=seal_key(settings))
    file = index_file(settings, place.mark.archive)
    if not file.exists():
        rebuild(place, file)
    _write_down(database, place, actor)
    return load_earchive(database, settings)


def _find(folder: Path, installation: str, known: Any, *, taking_over: bool) -> Place:
    if not folder.is_dir():
        raise FolderMissing(folder=folder, problem=folder.name)
    if not (folder / MARK).exists():
        if known is not None and Path(known.folder) != folder:
            # Two archives of one installation would each hold half of its documents.
            raise FolderMissing(folder=folder, problem=f"{known.folder}: {MARK}")
        if known is not None:
            raise FolderMissing(folder=folder, problem=MARK)
        return found_archive(folder, installation)
    mark = read_mark(folder)
    other = known is not None and mark.archive != known.archive
    if other or (mark.installation != installation and not taking_over):
        raise ForeignArchive(folder=folder)
    return Place(folder, mark) if mark.installation == installation else take_over(folder, installation)


def _write_down(database: Database, place: Place, actor: str) -> None:
    mark = place.mark
    with database.begin() as connection:
        used = active_kind(connection)
        connection.execute(earchive.delete())
        connection.execute(
            earchive.insert().values(
                archive=mark.archive,
                folder=str(place.folder),
                repository_unique_id=mark.repository_unique_id,
                installation=mark.installation,
            )
        )
        connection.execute(account.delete().where(account.c.repository_kind == EARCHIVE))
        connection.execute(
            account.insert().values(
                account=EARCHIVE_NAME,
                repository_kind=EARCHIVE,
                active=used in (None, EARCHIVE),
                service_url=str(place.folder),
                registry_url="",
                repository_url="",
                repository_unique_id=mark.repository_unique_id,
                source_id=_source_id(connection) or mark.repository_unique_id,
                updated_at=now(),
            )
        )
        note(connection, "earchive_set_up", subject="repository", subject_id=EARCHIVE_NAME, actor=actor,
             detail={"archive": mark.archive})  # fmt: skip


def _source_id(connection: sa.Connection) -> str:
    """Return the provider's own OID; empty while its number in the register is not known."""
    provider = read_provider(connection)
    number = provider.resort_i if provider else ""
    return oids.own_node(number) if number.isdigit() else ""
