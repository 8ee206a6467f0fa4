"""Writing down what replaces what, at intake and when the registry has told us."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.cda.model import II, CdaHeader, HeaderWarning, Related
from erepo.clinic import audit
from erepo.clinic.states import DEPOSITED
from erepo.clinic.tables import document, now
from erepo.clinic.tables_chain import chain_link

REPLACES = "RPLC"
#: Origin of the clinic's own documents. What another provider has written says nothing of them.
OWN = "own"
#: Origin of what patients gave: nobody's older version but theirs, whatever number it bears.
PATIENT = "patient"
#: Most characters of an id that is looked up: PostgreSQL's indexes take 2,704 octets of a value.
LONGEST = 256
_PARENT = document.alias("parent")
#: More versions of one document than anybody has made.
_DEEPEST = 1000
_SLICE = 500


def replaced_by(header: CdaHeader | None) -> Related | None:
    """Return what a document says it replaces: its first `relatedDocument` RPLC with a usable id."""
    related = header.related if header else ()
    named = (one for one in related if one.type_code == REPLACES and one.id)
    return next((one for one in named if len(_id_of(one).unique_id) <= LONGEST), None)


def note(connection: sa.Connection, headers: Mapping[str, CdaHeader | None], ids: Sequence[int]) -> None:
    """Write down the links of new documents, and find those that have been waiting for one of them.

    Args:
        connection: the transaction that takes the documents in.
        headers: of new documents, by SHA-256.
        ids: internal ids of the same documents.
    """
    named = {sha256: one for sha256, header in headers.items() if (one := replaced_by(header))}
    if named:
        _insert(connection, named)
    _find(connection, ids)


def _insert(connection: sa.Connection, named: Mapping[str, Related]) -> None:
    columns = [document.c[name] for name in ("id", "sha256", "kind", "patient_key", "origin")]
    rows = connection.execute(sa.select(*columns).where(document.c.sha256.in_(named))).all()
    values = [
        {
            "document_id": row.id,
            "cancels": row.kind == Kind.CANCELLING_DOCUMENT.value,
            "parent_unique_id": _id_of(named[row.sha256]).unique_id,
        }
        for row in rows
    ]
    connection.execute(chain_link.insert(), values)
    for row in rows:
        older = _predecessor(connection, row, named[row.sha256])
        if older is not None:
            _attach(connection, row.id, older)


def _id_of(related: Related) -> II:
    assert related.id is not None
    return related.id


def _attach(connection: sa.Connection, newer: int, older: int) -> None:
    """Join two documents; not in a circle, in which everybody would wait for everybody."""
    link, seen, at = chain_link.c, {newer}, older
    while at not in seen and len(seen) < _DEEPEST:
        seen.add(at)
        before = connection.execute(sa.select(link.predecessor_id).where(link.document_id == at)).scalar()
        if before is None:
            wanted = link.document_id == newer
            connection.execute(chain_link.update().where(wanted).values(predecessor_id=older))
            return
        at = before


def _predecessor(connection: sa.Connection, row: Any, related: Related) -> int | None:
    """By the id that the document names; by set and version where the older one got another id from us."""
    own = sa.and_(
        document.c.patient_key == row.patient_key,
        document.c.id != row.id,
        _may_follow(sa.literal(row.origin), document.c.origin),
    )
    by_id = sa.select(document.c.id).where(own, document.c.unique_id == _id_of(related).unique_id)
    if (found := _first(connection, by_id)) is not None:
        return found
    if related.set_id is None or related.version is None:
        return None
    same = sa.and_(document.c.set_id == related.set_id.unique_id, document.c.version == related.version)
    return _first(connection, sa.select(document.c.id).where(own, same).order_by(document.c.id))


def _may_follow(newer: sa.ColumnElement[str], older: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.and_(newer == OWN, older != PATIENT), newer == older)


def _first(connection: sa.Connection, statement: sa.Select[tuple[int]]) -> int | None:
    return connection.execute(statement.limit(1)).scalar()


def _find(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Give older versions that have only just arrived to the newer ones that named them."""
    rows = connection.execute(
        sa.select(chain_link.c.document_id, _PARENT.c.id)
        .join(document, document.c.id == chain_link.c.document_id)
        .join(
            _PARENT,
            sa.and_(
                _PARENT.c.unique_id == chain_link.c.parent_unique_id,
                _PARENT.c.patient_key == document.c.patient_key,
                _PARENT.c.id != document.c.id,
                _may_follow(document.c.origin, _PARENT.c.origin),
            ),
        )
        .where(_PARENT.c.id.in_(ids), chain_link.c.predecessor_id.is_(None))
    ).all()
    for successor, parent in rows:
        _attach(connection, successor, parent)


def linked(connection: sa.Connection, document_ids: Sequence[int], code: str | None = None) -> None:
    """Write down that the registry knows these as replacements: what they name is deprecated there."""
    settle(connection, document_ids, "linked", code)


def settle(connection: sa.Connection, document_ids: Sequence[int], state: str, code: str | None) -> None:
    """Write down how the links of some documents ended; audited when it changes anything."""
    if not document_ids:
        return
    changed = list(
        connection.execute(
            chain_link.update()
            .where(chain_link.c.document_id.in_(document_ids), chain_link.c.state != state)
            .values(state=state, code=code, settled_at=now())
            .returning(chain_link.c.document_id)
        ).scalars()
    )
    audit.record(connection, f"version_{state}", changed, detail={"code": code} if code else None)
    if state in ("alone", "forked", "refused") and code:
        _warn(connection, changed, code)


def reopen(connection: sa.Connection, older_ids: Sequence[int]) -> None:
    """Have links asked about again whose older end has just been archived: it may have been there before."""
    connection.execute(
        chain_link.update()
        .where(chain_link.c.predecessor_id.in_(older_ids), chain_link.c.state == "linked")
        .values(state="open")
    )


def resend(connection: sa.Connection, document_ids: Sequence[int]) -> None:
    """Let documents that the repository has lost take the place of their older versions again."""
    connection.execute(
        chain_link.update()
        .where(chain_link.c.document_id.in_(document_ids), chain_link.c.state == "linked")
        .values(state="open")
    )


def come_back(connection: sa.Connection, document_ids: Sequence[int]) -> None:
    """Let documents that were taken out of the repository take their place in the chain again.

    Their relationships went with them. Where the older version is not in the repository, they wait for it as
    at first. Where it is, it may still be shown as replaced, and nothing can replace it once more: they go as
    originals, and what can be linked is linked afterwards.
    """
    there = document.c.state.in_(DEPOSITED)
    older = sa.select(document.c.id).where(document.c.id == chain_link.c.predecessor_id, there)
    state = sa.case((older.correlate(chain_link).exists(), "alone"), else_="open")
    for start in range(0, len(document_ids), _SLICE):
        own = chain_link.c.document_id.in_(document_ids[start : start + _SLICE])
        values = {"state": state, "code": None, "predecessor_entry": None, "settled_at": None}
        connection.execute(chain_link.update().where(own).values(**values))


def loosen(connection: sa.Connection, document_ids: Sequence[int], state: str, code: str) -> None:
    """Give a relationship up, so that the document goes as an original."""
    settle(connection, document_ids, state, code)


def _warn(connection: sa.Connection, ids: Sequence[int], code: str) -> None:
    rows = connection.execute(sa.select(document.c.id, document.c.warnings).where(document.c.id.in_(ids)))
    for row in rows.all():
        kept = [one for one in row.warnings or [] if one["code"] != code]
        warning = HeaderWarning(code, "relatedDocument")._asdict()
        connection.execute(document.update().where(document.c.id == row.id).values(warnings=[*kept, warning]))
