"""A clinic registered in the sandbox's P1, with archived documents and their medical events."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.cda.samples import generate
from erepo.clinic import p1
from erepo.clinic.content import ContentStore
from erepo.clinic.indexing import RunResult, enrol, run
from erepo.clinic.indexing.working import Choice
from erepo.clinic.structure import store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.structure_sync import send_structure
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_indexing import document_index, index_pause
from erepo.sandbox.p1.registry import Registry
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti18 import get_documents, write_response
from erepo.xds.model import DocumentEntry
from tests.support.account_clinic import AccountClinic, AccountWorld, account_clinic
from tests.support.clinic_side import STRUCTURE
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD

LOGIN = "archiwum"
_SEEDS = itertools.count(7001)


@dataclass
class IndexSite:
    """The clinic, and P1's registry behind it."""

    site: AccountClinic
    registry: Registry
    folder: Path
    batches: int = 0
    clock: datetime | None = field(default=None)

    @property
    def database(self) -> Any:
        """The clinic's."""
        return self.site.clinic.database

    @property
    def p1(self) -> Any:
        """The sandbox."""
        return self.site.served.world.p1

    def register(self) -> None:
        """Send the structure, and register the repository in P1."""
        number = self.site.served.resort_i
        text = STRUCTURE.replace(b"000000927722", number.encode())
        with self.database.begin() as connection:
            store_structure(connection, parse_structure(text))
        files = self.site.served.files()
        pair = p1.read_pair(files.tls, TLS_PASSWORD, files.wss, WSS_PASSWORD)
        with self.site.client() as client:
            send_structure(client, self.database, self.site.account)
            p1.register(client, self.database, self.site.account, pair)

    def take_in(self, *contents: bytes) -> None:
        """Take documents in."""
        self.batches += 1
        self.site.clinic.take_in(contents, self.folder / f"in{self.batches}")

    async def archive(self, count: int, *, events: bool = True, **options: Any) -> list[str]:
        """Take documents of the EDM list in, and archive them; return their opaque ids."""
        before = set(self.ids())
        # P1 is shared by many tests: no two of them have documents of the same ids.
        made = generate(
            next(_SEEDS), count, kinds=["lab_result", "discharge_summary"], size=20_000, **options
        )
        self.take_in(*(one.octets for one in made))
        await self.site.clinic.send_all()
        if events:
            self.report_events()
        return [one for one in self.ids() if one not in before]

    def report_events(self) -> None:
        """Have P1 know the medical event of every document."""
        self.enrol()
        for row in self.rows(document_index.c.event_root, document_index.c.event_extension):
            if row[0]:
                self.p1.home.store.add_event(f"{row[1]}^^^&{row[0]}&ISO")

    def enrol(self) -> None:
        """Bring the list into line with the documents."""
        enrol(self.database, ContentStore.at(self.site.clinic.settings), self.now())

    def now(self) -> datetime:
        """The clinic's clock."""
        return self.clock or now()

    def run(self, **choice: Any) -> RunResult:
        """Index what is due, as commands and tasks do; leases of the dead are over."""
        with self.database.begin() as connection:
            connection.execute(document_index.update().values(run_key=None))
        with self.site.client() as client:
            settings = self.site.clinic.settings
            return run(client, self.database, settings, self.site.account, Choice(**choice), clock=self.now)

    def past_pauses(self) -> None:
        """Let every agreed time be over."""
        with self.database.begin() as connection:
            connection.execute(document_index.update().values(next_at=None))
            connection.execute(index_pause.update().values(resume_at=self.now()))

    def ids(self) -> list[str]:
        """Opaque ids of all documents."""
        return [row[0] for row in self.rows(document.c.public_id, order=document.c.id)]

    def states(self) -> dict[str, str]:
        """State of each index by opaque id."""
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(document.c.public_id, document_index.c.state).join(
                    document_index, document_index.c.document_id == document.c.id
                )
            ).all()
        return {row[0]: row[1] for row in rows}

    def counts(self) -> dict[str, int]:
        """Documents by state of their index."""
        found: dict[str, int] = {}
        for state in self.states().values():
            found[state] = found.get(state, 0) + 1
        return found

    def change(self, public_ids: list[str], **values: Any) -> None:
        """Change columns of documents."""
        with self.database.begin() as connection:
            connection.execute(document.update().where(document.c.public_id.in_(public_ids)).values(**values))

    def rows(self, *columns: Any, order: Any = None) -> list[Any]:
        """Read columns of one table."""
        with self.database.read() as connection:
            return list(connection.execute(sa.select(*columns).order_by(order)))

    def events(self, event: str) -> int:
        """How often something is in the history."""
        with self.database.read() as connection:
            counted = sa.select(sa.func.count()).where(audit_event.c.event == event)
            return int(connection.execute(counted).scalar_one())

    def at_p1(self) -> dict[str, list[str]]:
        """Statuses of all entries that P1 has of each document, by opaque id."""
        return {
            row.public_id: [one.status.rpartition(":")[2] for one in self.entries(row.unique_id)]
            for row in self.rows(document.c.public_id, document.c.unique_id)
        }

    def entries(self, unique_id: str) -> list[DocumentEntry]:
        """What P1 has of a document, in any status."""
        found = self.registry.answer(get_documents([unique_id]))
        listed = next(write_response(elements=found.elements).iter(OBJECT_LIST))
        return list(read_objects(listed, Rules.ANSWER).documents)


@contextmanager
def index_site(folder: Path, world: AccountWorld, *, database: str = "") -> Iterator[IndexSite]:
    """Set up a clinic whose account is registered in P1."""
    with account_clinic(folder, world, database=database) as site:
        registry = Registry(world.p1.home.folder)
        found = IndexSite(site, registry, folder)
        found.register()
        try:
            yield found
        finally:
            registry.close()
