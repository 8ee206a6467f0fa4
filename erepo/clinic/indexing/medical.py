"""The medical event (ZM) that a document belongs to: P1 takes no index without one.

It stands in the document's header (`componentOf/encompassingEncounter/id`). Which sub-node of a provider's
own OID it has is a convention (polish-domain §2.3, §4.9): `.15.1`. Where a document names none, a person
gives it by command.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.header import read_header
from erepo.cda.model import II
from erepo.clinic import audit
from erepo.clinic.content import ContentStore
from erepo.clinic.indexing.errors import EventFixed, EventWrong, IndexUnknown
from erepo.clinic.indexing.states import TO_GO, Index, move
from erepo.clinic.permissions import person
from erepo.clinic.tables import document
from erepo.clinic.tables_indexing import document_index
from erepo.errors import ErepoError
from erepo.identifiers.oids import OWN_NODES, is_oid

#: Who gave an event that stands in the document itself.
FROM_DOCUMENT: Final = "document"
_EVENT: Final = re.compile(rf"{re.escape(OWN_NODES)}\.[0-9]+\.15\.1")
_LONGEST: Final = 128
#: In these P1 has nothing of the document that a medical event would have to agree with.
_OPEN: Final = (*TO_GO, Index.WITHDRAWN.value, Index.LEFT.value)
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")


def event_among(ids: Iterable[II]) -> II | None:
    """Return the medical event among the ids of an encounter; None where there is none."""
    usable = [one for one in ids if _EVENT.fullmatch(one.root) and fits(one.root, one.extension)]
    return usable[0] if usable else None


def event_in(header: Mapping[str, Any] | None, store: ContentStore, sha256: str) -> II | None:
    """Return the event that a document names, by its header as kept, or by its octets if they are here.

    Args:
        header: column `document.header`; earlier versions kept no encounter.
        store: the clinic's content.
        sha256: of the document.
    """
    if header is None:
        return None
    if "encounter" in header:
        return event_among(II(**one) for one in header["encounter"])
    try:
        octets = store.path(sha256).read_bytes()
        return event_among(read_header(octets).encounter)
    except (OSError, ErepoError):
        return None


def fits(root: str, extension: str) -> bool:
    """Tell whether something has the form of a medical event's id."""
    return is_oid(root) and 0 < len(extension) <= _LONGEST and bool(_PRINTABLE.fullmatch(extension))


def set_event(connection: sa.Connection, public_id: str, root: str, extension: str, login: str) -> None:
    """Write down which medical event a document belongs to; a refused one waits again.

    Args:
        connection: the transaction; the caller commits.
        public_id: opaque id.
        root: OID.
        extension: the event's number.
        login: who says so.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        EventWrong: it has not the form of an id.
        IndexUnknown: no such document on the list.
        EventFixed: it is in the index already, or was replaced there.
    """
    person(connection, login)
    if not fits(root, extension):
        raise EventWrong
    row = connection.execute(
        sa.select(document_index.c.document_id, document_index.c.state)
        .join(document, document.c.id == document_index.c.document_id)
        .where(document.c.public_id == public_id)
        .with_for_update(of=document_index)
    ).one_or_none()
    if row is None:
        raise IndexUnknown(count=1)
    if row.state not in _OPEN:
        raise EventFixed(document=public_id)
    values = {"event_root": root, "event_extension": extension, "event_from": login}
    mine = document_index.update().where(document_index.c.document_id == row.document_id)
    connection.execute(mine.values(**values, next_at=None))
    audit.record(connection, "index_event_given", [row.document_id], actor=login)
    if row.state == Index.REFUSED.value:
        free = {"code": None, "told": None, "attempts": 0}
        move(
            connection,
            [row.document_id],
            Index.REFUSED,
            Index.WAITING,
            "index_asked",
            actor=login,
            values=free,
        )
