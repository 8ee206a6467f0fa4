"""P1's index of documents: one registry for the whole country, with the rules that P1 adds to the profile.

The registry itself is the one of `erepo.cloud`, in a database of its own with one account: the nation. What
P1 does differently is done before: it gives every object a new entryUUID, whatever the sender chose, so a
client has to ask for it (ITI-18). Commit point: the registry's transaction.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import insert, select

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry import queries, submitting, updating
from erepo.cloud.registry.group import Registrar
from erepo.cloud.registry.jobs import Job
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.storage.tables import service, tenant
from erepo.cloud.tenancy.tenants import Order, find, order
from erepo.identifiers.oids import XDS_DOMAIN
from erepo.soap.verifying import Verified
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti18 import StoredQuery, get_documents, write_response
from erepo.xds.iti57 import Update
from erepo.xds.model import DocumentEntry
from erepo.xds.responses import RegistryError
from erepo.xds.submitting import Registration

#: The account that stands for the nation.
_NATION = "0000000000000001"
#: homeCommunityId of the national domain.
_COMMUNITY = f"urn:oid:{XDS_DOMAIN}"
_POINTERS = ("id", "sourceObject", "targetObject", "classifiedObject", "registryObject")


class Registry:
    """The index; any thread may use it, writers take turns."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(_address(folder))
        self._database.check()
        with self._database.everyone("the one account is found") as connection:
            self._nation = find(connection, _NATION)
        self._numbers = Numbers(self._database)
        self._registrar = Registrar(self._numbers)
        self._turn = threading.Lock()

    @classmethod
    def create(cls, folder: Path) -> None:
        """Make what is missing; may be repeated."""
        database = Database(_address(folder))
        try:
            database.create()
            with database.everyone("the one account is made", write=True) as connection:
                known = connection.scalar(select(tenant.c.id).where(tenant.c.account == _NATION))
                if known is None:
                    connection.execute(insert(service), {"name": "home", "value": _COMMUNITY})
                    order(connection, Order(_NATION, users="optional"))
        finally:
            database.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def register(self, registration: Registration, verified: Verified) -> Sequence[RegistryError]:
        """Register an index (ITI-42) and return what speaks against it."""
        objects = next(verified.payload.iter(OBJECT_LIST))
        judged = submitting.judge(
            self._numbers, self._nation, registration, objects, Evidence(self._nation.id, ())
        )
        return self._written(judged)

    def update(self, update: Update, verified: Verified) -> Sequence[RegistryError]:
        """Change what is registered (ITI-57) and return what speaks against it."""
        objects = next(verified.payload.iter(OBJECT_LIST))
        judged = updating.judge(self._numbers, self._nation, update, objects, Evidence(self._nation.id, ()))
        return self._written(judged)

    def answer(self, query: StoredQuery) -> queries.Found:
        """Answer a stored query (ITI-18).

        Raises:
            QueryError: see `erepo.cloud.registry.queries.answer`.
        """
        with self._database.read(self._nation.id) as connection:
            return queries.answer(connection, self._nation, query)

    def documents(self, entry_uuids: Iterable[str]) -> tuple[DocumentEntry, ...]:
        """Return documents by their entryUUIDs, as far as there are such."""
        found = self.answer(get_documents(entry_uuids=entry_uuids))
        listed = next(write_response(elements=found.elements).iter(OBJECT_LIST))
        return read_objects(listed, Rules.ANSWER).documents

    def _written(self, judged: Job | Sequence[RegistryError]) -> Sequence[RegistryError]:
        if isinstance(judged, Sequence):
            return judged
        with self._turn:
            self._registrar.prepare(judged)
            with self._database.write(self._nation.id) as connection:
                return self._registrar.apply(connection, [judged])[0].errors


def forget_uuids(verified: Verified) -> None:
    """Turn the entryUUIDs that a sender chose for new objects into symbols, so that new ones are given."""
    listed = next(verified.payload.iter(OBJECT_LIST), None)
    if listed is None:
        return
    chosen = [each.get("id", "") for each in listed]
    symbols = {name: f"p1-{place}" for place, name in enumerate(chosen) if name.startswith("urn:uuid:")}
    for element in listed.iter():
        for pointer in _POINTERS:
            value = element.get(pointer)
            if value in symbols:
                element.set(pointer, symbols[value])


def _address(folder: Path) -> str:
    return f"sqlite:///{folder / 'registry.db'}"
