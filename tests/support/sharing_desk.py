"""A clinic that shares, a service whose consents go by the test's clock, and accounts that look.

with sharing_desk(folder) as desk:        # one service and one clinic for the tests of a module
    [one] = desk.archived(1); name = desk.draft([one]); await desk.share(name); desk.sees(one)
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.connection import CloudConnection
from erepo.clinic.intake import Intake
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.rest import speaking
from erepo.clinic.sharing import (
    Channel,
    ConsentState,
    Recipient,
    Revocation,
    Settled,
    Shared,
    Wanted,
    deliver,
    describe,
    draft,
    history,
    order_revocation,
    settle,
    share,
)
from erepo.clinic.tables import document
from erepo.clinic.tables_sharing import consent
from erepo.cloud.consents import Reader, shared_with
from erepo.cloud.storage.database import Database
from erepo.identifiers import oids
from tests.support.cda_documents import document as cda
from tests.support.chains import POOL, another_patient
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import SQLITE_FILES
from tests.support.sharing import READER, Sharing, sharing

LOGIN = "archiwum"
PESEL, OTHER_PESEL = "44051401359", "02070803628"
#: A mark that must turn up nowhere but in the clinic's database and in the consent itself.
MATTER = "Sprawa Zażółconej Gęślej"
#: The window of consents here, as people write it and as it is (Poland is at UTC+2 in May).
SINCE, UNTIL = "2031-05-02 08:00", "2031-05-09 08:00"
FROM, END = datetime(2031, 5, 2, 6, tzinfo=UTC), datetime(2031, 5, 9, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class SharingDesk:
    """One clinic with its service."""

    world: Sharing
    clinic: Clinic
    folder: Path
    moment: datetime = FROM
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def at(self, moment: datetime) -> None:
        """Turn both clocks."""
        self.moment = moment
        self.world.at(moment.astimezone(UTC).replace(tzinfo=None))

    def take_in(self, *contents: bytes) -> list[str]:
        """Take documents in; return their opaque ids."""
        ids = []
        for octets in contents:
            path = self.folder / f"share{next(self.numbers)}.xml"
            path.write_bytes(octets)
            outcome = Intake.at(self.clinic.database, self.clinic.settings).take(path)
            assert outcome.reason is None, outcome
            ids.append(outcome.public_id)
        return ids

    def local(self, number: int = 1, **parts: str) -> list[str]:
        """Take new documents of one patient in; none of them is due."""
        made = [self.octets(**parts) for _ in range(number)]
        ids = self.take_in(*made)
        with self.clinic.database.begin() as connection:
            mine = document.c.public_id.in_(ids)
            connection.execute(document.update().where(mine).values(due_at=self.moment + timedelta(days=3)))
        return ids

    def octets(self, **parts: str) -> bytes:
        """Return a document that nobody has seen."""
        name = next(self.numbers)
        octets = cda(identity=f'<id root="{POOL}.9" extension="D{name}"/>', **parts)
        return octets.replace(b'extension="S1"', f'extension="SET{name}"'.encode(), 1)

    def foreign(self) -> list[str]:
        """Take a document of another patient in."""
        return self.local(patient=another_patient())

    def draft(self, documents: Sequence[str], recipient: Recipient | None = None, **changed: Any) -> str:
        """Write a consent down, by default for the reader's account in the window."""
        said = {"since": SINCE, "until": UNTIL, "matter": MATTER, **changed}
        wanted = Wanted(documents, recipient or Recipient.of_account(READER), **said)
        return draft(self.clinic.database, wanted, LOGIN, at=self.moment)

    @asynccontextmanager
    async def channel(self, port: int | None = None) -> AsyncIterator[Channel]:
        """Open the way to the service."""
        real, service = speaking.Tokens, str(self.world.owner.facts["service"])
        # A proxy stands at an address that is not the service's: tokens are for the service all the same.
        speaking.Tokens = lambda actor, wss, _: real(actor, wss, service)  # type: ignore[assignment,misc]
        try:
            async with self.clinic.connection(port) as cloud:
                assert isinstance(cloud, CloudConnection)
                yield Channel.of(cloud, self.clinic.database, lambda: self.moment)
        finally:
            speaking.Tokens = real  # type: ignore[misc]

    async def share(self, name: str, port: int | None = None) -> Shared:
        """Send a consent."""
        async with self.channel(port) as channel:
            return await share(channel, name, LOGIN)

    async def revoke(self, name: str, port: int | None = None) -> Revocation:
        """Revoke a consent."""
        state = order_revocation(self.clinic.database, name, LOGIN, at=self.moment)
        async with self.channel(port) as channel:
            return await deliver(channel, name) if state is ConsentState.REVOKING else Revocation(name, state)

    async def settle(self, port: int | None = None) -> Settled:
        """Do what runs by itself."""
        async with self.channel(port) as channel:
            return await settle(channel)

    async def given(self, number: int = 1, **changed: Any) -> tuple[str, list[str]]:
        """Share new documents; return the consent and the documents."""
        ids = self.local(number)
        name = self.draft(ids, **changed)
        assert (await self.share(name)).done
        return name, ids

    def state(self, name: str) -> ConsentState:
        """Return the state of a consent, as the clock makes it."""
        with self.clinic.database.read() as connection:
            return describe(connection, name, self.moment).line.state

    def row(self, name: str) -> Any:
        """Return the row of a consent."""
        with self.clinic.database.read() as connection:
            return connection.execute(sa.select(consent).where(consent.c.id == name)).one()

    def events(self, name: str) -> list[str]:
        """Return what happened to a consent."""
        with self.clinic.database.read() as connection:
            return [one.event for one in history(connection, name)]

    def remote(self, name: str) -> dict[str, Any] | None:
        """Return a consent as the service tells it; None where it has none."""
        answer = self.world.rest("GET", f"/consents/{name}")
        return answer.json() if answer.status_code == 200 else None

    def unique_id(self, public_id: str) -> str:
        """Return the uniqueId of a document."""
        with self.clinic.database.read() as connection:
            wanted = sa.select(document.c.unique_id).where(document.c.public_id == public_id)
            return str(connection.execute(wanted).scalar_one())

    def sees(self, public_id: str, reader: Any = None) -> bool:
        """Tell whether an account (the recipient, by default) gets a document."""
        answer = self.world.retrieve(reader or self.world.reader, self.unique_id(public_id))
        return answer.status_code == 200 and b"ClinicalDocument" in answer.content

    def patient_sees(self, pesel: str = PESEL) -> set[str]:
        """Return the uniqueIds of what the service shows a patient."""
        at, database = self.moment.replace(tzinfo=None), Database(self.world.cloud.settings.cloud_url)
        try:
            with database.everyone("what a patient sees") as connection:
                found, _ = shared_with(connection, [Reader.patient(oids.PESEL, pesel)], at)
                return {one.unique_id for one in found}
        finally:
            database.close()


@contextmanager
def sharing_desk(folder: Path, stores: str = SQLITE_FILES, **settings: object) -> Iterator[SharingDesk]:
    """Run the service, set the clinic up, and let its user share."""
    (folder / "service").mkdir()
    with (
        sharing(folder / "service", stores) as world,
        new_clinic(folder / "clinic", world.owner, **settings) as clinic,
    ):
        with clinic.database.begin() as connection:
            for permission in (Permission.SHARE, Permission.MIGRATE, Permission.DELETE, Permission.DESTROY):
                grant(connection, LOGIN, permission, actor="test")
        desk = SharingDesk(world, clinic, folder)
        desk.at(FROM)
        yield desk
