"""Links that a submission could not carry, or whose answer was lost: ask the registry, then ITI-57."""

import asyncio
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic.chain.noting import settle
from erepo.clinic.chain.words import BY_STATUS, FORKED, REFUSED
from erepo.clinic.database import Database, repeated
from erepo.clinic.dtm import dtm
from erepo.clinic.metadata import SUBMISSION_CONTENT
from erepo.clinic.repository import Cloud
from erepo.clinic.states import DEPOSITED
from erepo.clinic.tables import document, now
from erepo.clinic.tables_chain import chain_link
from erepo.identifiers import oids
from erepo.xds import iti18
from erepo.xds.errors import XdsRefused
from erepo.xds.iti57 import Update, new_association, status_change
from erepo.xds.model import Association, DocumentEntry, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import APPROVED, DEPRECATED, AssociationType

_OLDER = document.alias("older")
#: Twice at most: what another archiver has linked meanwhile is seen by the second question.
_TRIES = 2
#: Links read from the database at once.
_PAGE = 1000
_REPLACING = (AssociationType.REPLACE, AssociationType.TRANSFORM_REPLACE)


class _Open(NamedTuple):
    """Two archived documents whose relationship the registry may not know yet."""

    id: int
    entry: str
    older: str


async def settle_links(cloud: Cloud, database: Database) -> int:
    """Link versions that are both in the repository and not known to be linked there.

    May be called at any moment, by several at once. What the registry refuses for good is written down and
    not tried again.

    Returns:
        The number of links that were settled.

    Raises:
        RetryableError: nobody could be asked; the next call goes on.
    """
    settled, last = 0, 0
    # By the last id seen: links that stay open must not keep the later ones from their turn.
    while page := await asyncio.to_thread(_open, database, last):
        for one in page:
            state, code = await _link(cloud, one)
            if state:
                await asyncio.to_thread(_settle, database, one.id, state, code)
                settled += 1
        last = page[-1].id
    return settled


async def _link(cloud: Cloud, one: _Open) -> tuple[str, str | None]:
    """Return state and code of the link; an empty state when the registry does not show both."""
    for _ in range(_TRIES):
        known = (await cloud.query(_question(one))).metadata
        entries = {entry.entry_uuid: entry for entry in known.documents}
        newer, older = entries.get(one.entry), entries.get(one.older)
        if newer is None or older is None:
            return "", None
        if _is_linked(one, known):
            return "linked", None
        if older.status == DEPRECATED:
            return ("forked", FORKED) if _is_replaced(one, known) else ("linked", BY_STATUS)
        try:
            await cloud.update(_update(cloud, newer, older))
        except XdsRefused:
            continue
        return ("linked", None) if newer.status in ("", APPROVED) else ("linked", BY_STATUS)
    return "refused", REFUSED


def _question(one: _Open) -> iti18.StoredQuery:
    return iti18.get_documents_and_associations([one.entry, one.older])


def _is_linked(one: _Open, known: MetadataSet) -> bool:
    return any(
        link.type in _REPLACING and (link.source, link.target) == (one.entry, one.older)
        for link in known.associations
    )


def _is_replaced(one: _Open, known: MetadataSet) -> bool:
    """Tell whether a document takes the older one's place; what replaced it may have been removed since."""
    return any(link.type in _REPLACING and link.target == one.older for link in known.associations)


def _update(cloud: Cloud, newer: DocumentEntry, older: DocumentEntry) -> Update:
    """A further RPLC; a newer one that has been replaced itself cannot be its source any more."""
    own = SubmissionSet(
        entry_uuid=new_entry_uuid(),
        unique_id=oids.uuid_oid(uuid4()),
        source_id=cloud.source_id,
        patient_id=older.patient_id,
        content_type=SUBMISSION_CONTENT,
        submission_time=dtm(now()),
    )
    if newer.status not in ("", APPROVED):
        return Update(own, (status_change(own, older.entry_uuid, APPROVED, DEPRECATED),))
    link = Association(
        entry_uuid=new_entry_uuid(),
        type=AssociationType.REPLACE,
        source=newer.entry_uuid,
        target=older.entry_uuid,
    )
    return Update(own, (new_association(own, link),))


def _open(database: Database, after: int) -> list[_Open]:
    older = sa.func.coalesce(
        sa.case((_OLDER.c.state.in_(DEPOSITED), _OLDER.c.entry_uuid), else_=None),
        chain_link.c.predecessor_entry,
    )
    with database.read() as connection:
        rows = connection.execute(
            sa.select(document.c.id, document.c.entry_uuid, older)
            .join(document, document.c.id == chain_link.c.document_id)
            .outerjoin(_OLDER, _OLDER.c.id == chain_link.c.predecessor_id)
            .where(
                chain_link.c.state.in_(("open", "alone")),
                document.c.id > after,
                document.c.state.in_(DEPOSITED),
                document.c.entry_uuid.is_not(None),
                older.is_not(None),
            )
            .order_by(document.c.id)
            .limit(_PAGE)
        )
        return [_Open(*row) for row in rows]


@repeated
def _settle(database: Database, document_id: int, state: str, code: str | None) -> None:
    with database.begin() as connection:
        settle(connection, [document_id], state, code)
