"""What the clinic keeps itself: database, contents, structure."""

from typing import Final

import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.database import HEAD, Database
from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.machine_errors import DatabaseBehind, DatabaseUnsound
from erepo.clinic.errors import ContentDamaged
from erepo.clinic.machine import trouble_of
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import document
from erepo.errors import ErepoError
from erepo.texts import Text

#: Contents read back; a whole check is `erepo verify --read-back`.
SAMPLE: Final = 20
#: Bytes of one of them: a diagnosis is quick.
_LARGEST: Final = 20 * 1024**2
#: States in which the content must be here.
_HERE: Final = ("local", "queued", "sending", "archived", "rejected", "blocked")
_NONE = Text("There is no database yet.", "Nie ma jeszcze bazy danych.")
_SOUND = Text(
    "The clinic's database is reachable, sound and up to date (version {version}).",
    "Baza danych placówki jest dostępna, sprawna i aktualna (wersja {version}).",
)
_READ = Text("{count} contents were read back and are unchanged.", "Odczytano treści: {count}, bez zmian.")
_EMPTY = Text("No contents are kept here yet.", "Nie ma tu jeszcze żadnych treści.")
_COMPLETE = Text(
    "The structure is complete: resort codes and archiving user.",
    "Struktura jest kompletna: kody resortowe i użytkownik archiwizujący.",
)


def database(ground: Ground) -> Finding:
    """Reach the database, have SQLite check its own file, compare the version of the tables."""
    opened = ground.database()
    if opened is None:
        return Finding.none(_NONE)
    try:
        complaints, version = _looked(opened)
    except sa.exc.OperationalError as error:
        trouble = trouble_of(error, "EREPO_HOME")
        return Finding.of(trouble) if trouble else Finding.of(DatabaseUnsound(count=1))
    except sa.exc.DatabaseError:
        return Finding.of(DatabaseUnsound(count=1))
    if complaints:
        return Finding.of(DatabaseUnsound(count=complaints))
    if version != HEAD:
        return Finding.of(DatabaseBehind(found=version or "-", wanted=HEAD))
    return Finding.good(_SOUND, version=version)


def _looked(opened: Database) -> tuple[int, str | None]:
    with opened.read() as connection:
        complaints = 0
        if connection.dialect.name == "sqlite":
            said = connection.exec_driver_sql("PRAGMA quick_check(100)").scalars().all()
            complaints = 0 if said == ["ok"] else len(said)
        if not sa.inspect(connection).has_table("alembic_version"):
            return complaints, None
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return complaints, version


def contents(ground: Ground) -> Finding:
    """Read a sample of the contents back and compare their SHA-256: the newest, and some by chance."""
    opened = ground.database()
    if opened is None:
        return Finding.none(_NONE)
    kept = (
        sa.select(document.c.sha256)
        .where(
            document.c.state.in_(_HERE), document.c.content_path.is_not(None), document.c.purged_at.is_(None)
        )
        .where(document.c.size <= _LARGEST)
    )
    with opened.read() as connection:
        newest = connection.execute(kept.order_by(document.c.id.desc()).limit(SAMPLE // 2)).scalars().all()
        drawn = connection.execute(kept.order_by(sa.func.random()).limit(SAMPLE // 2)).scalars().all()
    wanted = sorted({*newest, *drawn})
    if not wanted:
        return Finding.none(_EMPTY)
    store = ContentStore.at(ground.settings)
    for sha256 in wanted:
        try:
            store.check(sha256)
        except ContentDamaged as error:
            return Finding.of(error)
        except OSError as error:
            trouble = trouble_of(error, "content")
            assert trouble is not None
            return Finding.of(trouble)
    return Finding.good(_READ, count=len(wanted))


def structure(ground: Ground) -> Finding:
    """Prove that documents may be deposited: resort codes I, V, VII, VIII, X and the archiving user."""
    opened = ground.database()
    if opened is None:
        return Finding.none(_NONE)
    try:
        with opened.read() as connection:
            check_ready(connection)
    except ErepoError as error:
        return Finding.of(error)
    return Finding.good(_COMPLETE)
