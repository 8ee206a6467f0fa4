"""The demonstration's part in P1's index: the visits are known there, then what the law wants is indexed.

P1 takes no index without the medical event (the visit) that a document belongs to; a clinic's other systems
report visits to P1 before any document of theirs is indexed. The sandbox's P1 gets them here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.cda.samples.people import PROVIDER
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect, Run
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.indexing import LAWFUL, Index, default_login, enrol, set_event
from erepo.clinic.tables import document, now
from erepo.clinic.tables_indexing import document_index
from erepo.sandbox.p1.edm import event_key
from erepo.sandbox.p1.home import Home

_DEPLOYMENT: Final = "index-documents/scheduled"
#: Node of medical events below the OID of the samples' provider (polish-domain §4.9).
_VISITS: Final = f"{PROVIDER.node}.15.1"
#: Documents that one run takes by their ids.
_SLICE: Final = 500


def report_visits(around: Surroundings, database: Database) -> None:
    """Let P1 know the medical event of every document that waits for its index.

    Most documents name their visit. For those that do not (information for the referring doctor), a person
    gives it, as `erepo index event` does.

    Args:
        around: the installation; nothing is done where its P1 is a real one.
        database: the clinic's.

    Raises:
        NoSuchUser: the archiving task has no default user.
    """
    if not around.p1_is_ours:
        return
    enrol(database, ContentStore.at(around.settings), now())
    waiting = _waiting(database)
    given = [(row.public_id, f"W{row.public_id[:12].upper()}") for row in waiting if not row.event_extension]
    with database.begin() as connection:
        for public_id, visit in given:
            set_event(connection, public_id, _VISITS, visit, default_login(connection))
    named = [row.event_extension for row in waiting if row.event_root == _VISITS]
    store = Home.open(around.settings.p1_home).store
    for visit in dict.fromkeys([*named, *(visit for _, visit in given)]):
        store.add_event(event_key(f"{visit}^^^&{_VISITS}&ISO"))


def _waiting(database: Database) -> Sequence[Any]:
    open_ = (Index.WAITING.value, Index.REFUSED.value)
    columns = (document.c.public_id, document_index.c.event_root, document_index.c.event_extension)
    with database.read() as connection:
        return connection.execute(
            sa.select(*columns)
            .join(document, document.c.id == document_index.c.document_id)
            .where(document_index.c.state.in_(open_), document_index.c.lawful.is_(True))
        ).all()


def index(
    prefect: Prefect,
    database: Database,
    hashes: Sequence[str],
    tell: Callable[[int, int], None],
    limit: float,
) -> tuple[int, int]:
    """Have everything that is due indexed by the deployment, and count what is, of so many that must be.

    Args:
        prefect: where the deployment is.
        database: the clinic's.
        hashes: SHA-256 of the documents that count.
        tell: told both counts while it goes on.
        limit: seconds of one run.

    Raises:
        RunFailed, RunNotFinished, PrefectUnavailable: see `Prefect.run`.
    """

    def progress(_: Run) -> None:
        tell(*counts(database, hashes))

    prefect.run(_DEPLOYMENT, limit=limit, progress=progress)
    left = _left(database, hashes)
    # An outage before our time makes scheduled runs pause; documents that are named are tried at once.
    for start in range(0, len(left), _SLICE):
        wanted = {"document_ids": left[start : start + _SLICE]}
        prefect.run(_DEPLOYMENT, wanted, limit=limit, progress=progress)
    return counts(database, hashes)


def counts(database: Database, hashes: Sequence[str]) -> tuple[int, int]:
    """Return how many of the documents are indexed, and how many the law wants there."""
    indexed, wanted = by_kind(database, hashes)
    return indexed.total(), wanted.total()


def by_kind(database: Database, hashes: Sequence[str]) -> tuple[Counter[Kind], Counter[Kind]]:
    """Return how many of the documents are indexed, and how many the law wants there, by kind."""
    indexed: Counter[Kind] = Counter()
    wanted: Counter[Kind] = Counter()
    for row in _rows(database, hashes):
        wanted[Kind(row.kind)] += 1
        indexed[Kind(row.kind)] += row.state == Index.INDEXED.value
    return indexed, wanted


def _left(database: Database, hashes: Sequence[str]) -> list[str]:
    return [row.public_id for row in _rows(database, hashes) if row.state == Index.WAITING.value]


def _rows(database: Database, hashes: Sequence[str]) -> list[Any]:
    columns = (document.c.public_id, document.c.kind, document_index.c.state)
    lawful = document.c.kind.in_([kind.value for kind in LAWFUL])
    found: list[Any] = []
    with database.read() as connection:
        for start in range(0, len(hashes), _SLICE):
            among = document.c.sha256.in_(hashes[start : start + _SLICE])
            query = sa.select(*columns).outerjoin(
                document_index, document_index.c.document_id == document.c.id
            )
            found += connection.execute(query.where(lawful, among)).all()
    return found
