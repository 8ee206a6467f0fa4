"""Opening a document that is shared with a person: proven, recorded in the owner's chain, then given.

**The commit of the record is the commit point**: the consent is asked again in its transaction, under the
owner's lock, so nothing is given after the commit of a revocation. Who sends the octets on asks `still` now
and then, so that a revocation ends what is under way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection, select

from erepo.cloud.audit.events import SHARED_DOCUMENT, Action, Event, Thing, Who
from erepo.cloud.audit.evidence import Evidence, now
from erepo.cloud.consents.decision import Consent, Reader
from erepo.cloud.consents.errors import NothingVisible
from erepo.cloud.consents.keeping import Access, note
from erepo.cloud.consents.visibility import check
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.repository.retrieving import retrieve
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import tenant as tenants_table
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that may be given out now."""

    owner: Tenant
    consent: Consent
    reader: Reader
    document: RetrievedDocument
    who: Who = field(default_factory=Who)
    """For the record: who opened it."""


async def open_shared(
    cloud: Cloud, readers: Sequence[Reader], account: str, unique_id: str, who: Who
) -> Opened:
    """Open a document that an account shares with a person, and record that it was opened.

    Args:
        cloud: the service.
        readers: the identified person, as patient and as somebody else's recipient; the first that may.
        account: whose document.
        unique_id: of the document.
        who: for the record: who was identified, and from where.

    Raises:
        NothingVisible: no consent shows it, or nothing of the kind is there.
        StoredContentDamaged: while the content is read, if it is damaged.
        StorageUnavailable, ServiceStopping: the access could not be recorded; nothing may be given.
    """
    opened = await cloud.reading(partial(_found, cloud, readers, account, unique_id))
    things = (
        Thing("document", unique_id, opened.owner.repository_unique_id),
        Thing("consent", opened.consent.id),
    )
    opened = replace(opened, who=who)
    event = Event(SHARED_DOCUMENT, Action.READ, who, now(), tuple(each.bounded() for each in things))
    evidence = Evidence(opened.owner.id, (event,))
    job = Change(evidence=evidence, apply=partial(_note, cloud, opened, unique_id))
    await asyncio.shield(cloud.writer.submit(job))
    return opened


def still(cloud: Cloud, opened: Opened) -> bool:
    """Tell whether a document that was opened may be given on. Blocking: a short read."""
    with cloud.database.read(opened.owner.id) as connection:
        try:
            _check(cloud, opened, opened.document.document_unique_id, connection)
        except NothingVisible:
            return False
    return True


def _found(cloud: Cloud, readers: Sequence[Reader], account: str, unique_id: str) -> Opened:
    wanted = select(tenants_table.c.id)
    wanted = wanted.where(tenants_table.c.account == account, tenants_table.c.state == "active")
    with cloud.database.everyone("the owner of what is shared with a person") as connection:
        if connection.scalar(wanted) is None:
            raise NothingVisible
        owner = tenants.find(connection, account)
    reader, consent = _first(cloud, owner, readers, unique_id)
    request = DocumentRequest(owner.repository_unique_id, unique_id)
    documents, _ = retrieve(cloud, owner, [request])
    if not documents:
        raise NothingVisible
    return Opened(owner, consent, reader, documents[0])


def _first(cloud: Cloud, owner: Tenant, readers: Sequence[Reader], unique_id: str) -> tuple[Reader, Consent]:
    with cloud.database.read(owner.id) as connection:
        for reader in readers:
            try:
                return reader, check(connection, owner.id, reader, unique_id, cloud.consent_time())
            except NothingVisible:
                continue
    raise NothingVisible


def _check(cloud: Cloud, opened: Opened, unique_id: str, connection: Connection) -> Consent:
    return check(connection, opened.owner.id, opened.reader, unique_id, cloud.consent_time())


def _note(cloud: Cloud, opened: Opened, unique_id: str, connection: Connection) -> Outcome:
    consent = _check(cloud, opened, unique_id, connection)
    access = Access([consent.number], opened.reader, [unique_id])
    note(connection, opened.owner.id, access, cloud.consent_time())
    return Outcome()
