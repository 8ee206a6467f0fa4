"""The mark of a shared document: "Wystawiono zgodę" (manual 1.2), and why it stays where it is.

It stands apart from `erepo.clinic.sharing`, for rooms that must leave shared documents in the repository and
know nothing else of consents.

PermanentError
└── InvalidInput
    └── DocumentsShared    documents that a consent shows cannot leave the repository
"""

from datetime import datetime

import sqlalchemy as sa

from erepo.clinic.tables import document, now
from erepo.clinic.tables_sharing import HELD, LIVE_STATES, consent, consent_document
from erepo.errors import InvalidInput
from erepo.texts import Text


class DocumentsShared(InvalidInput):
    """A recipient sees them by a consent; whoever takes them away must end that first."""

    code = "sharing.shared"
    cause = Text(
        "{count} of the documents are shared by a consent that holds, or is about to.",
        "Dokumenty udostępnione na podstawie obowiązującej lub wysyłanej zgody: {count}.",
    )
    cure = Text(
        "Revoke the consents first (`erepo consents list --open` shows them, `erepo consents revoke`), or"
        " wait until their time is over. Nothing was changed.",
        "Najpierw odwołaj zgody (pokazuje je `erepo consents list --open`, odwołuje `erepo consents revoke`)"
        " albo poczekaj na koniec ich ważności. Niczego nie zmieniono.",
    )


def is_shared(at: datetime | None = None) -> sa.ColumnElement[bool]:
    """Return the condition, on `document`, that a consent which holds, or is about to, names a row.

    Args:
        at: the moment; None is the present. A consent whose end has passed holds no more, even if nobody has
            written that down yet; one that is being revoked counts until the service has confirmed it.
    """
    return (
        sa.select(consent_document.c.document_id)
        .join(consent, consent.c.number == consent_document.c.consent_number)
        .where(
            consent_document.c.document_id == document.c.id,
            consent.c.state.in_(LIVE_STATES),
            _holding(at or now()),
        )
        .correlate(document)
        .exists()
    )


def count_shared(connection: sa.Connection, at: datetime) -> int:
    """Return how many documents `is_shared` holds of, from the consents that hold, however many are over."""
    named = (
        sa.select(consent_document.c.document_id)
        .join(consent, consent.c.number == consent_document.c.consent_number)
        .where(HELD, _holding(at))
        .distinct()
    )
    return connection.execute(sa.select(sa.func.count()).select_from(named.subquery())).scalar_one()


def _holding(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(consent.c.valid_until > at, consent.c.state == "revoking")
