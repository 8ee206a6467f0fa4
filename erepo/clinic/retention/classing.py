"""A person gives documents another class than that of their kind."""

from collections.abc import Sequence

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.permissions import Permission, require
from erepo.clinic.retention.classes import CLASSES, RetentionClass
from erepo.clinic.retention.errors import BaseYearMissing, RetentionClassUnknown
from erepo.clinic.retention.reckoning import reckon, versions_of
from erepo.clinic.retention.rows import ids_of
from erepo.clinic.tables import now
from erepo.clinic.tables_retention import document_class


def parse_class(text: str) -> RetentionClass:
    """Return the class of this name.

    Raises:
        RetentionClassUnknown: there is none.
    """
    try:
        return RetentionClass(text.strip().lower().replace("_", "-"))
    except ValueError:
        raise RetentionClassUnknown(known=", ".join(RetentionClass)) from None


def give_class(
    connection: sa.Connection,
    public_ids: Sequence[str],
    wanted: RetentionClass | None,
    login: str,
    *,
    base_year: int | None = None,
) -> int:
    """Give documents, with all their versions, a class; None gives them back that of their kind.

    Args:
        connection: the transaction; the caller commits.
        public_ids: opaque ids.
        wanted: the class.
        login: who does it.
        base_year: from whose end the years count; needed for a death, else that of the last entry.

    Returns:
        The number of documents concerned, versions included.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `destroy`).
        RetentionDocumentUnknown: some id belongs to no document.
        BaseYearMissing: the year of a death must be said.
    """
    require(connection, login, Permission.DESTROY)
    if wanted is RetentionClass.DEATH and base_year is None:
        base = CLASSES[wanted].base
        assert base is not None
        raise BaseYearMissing(name=wanted.value, base_en=base.en, base_pl=base.pl)
    ids = versions_of(connection, ids_of(connection, public_ids))
    connection.execute(document_class.delete().where(document_class.c.document_id.in_(ids)))
    if wanted is not None:
        rows = [
            {"document_id": one, "class": wanted.value, "base_year": base_year, "given_by": login,
             "given_at": now()}
            for one in ids
        ]  # fmt: skip
        connection.execute(document_class.insert(), rows)
    reckon(connection, ids)
    detail = {"class": wanted.value if wanted else None, "base_year": base_year}
    audit.record(connection, "retention_class_given", ids, actor=login, detail=detail)
    return len(ids)
