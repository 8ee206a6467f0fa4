"""Searches and what they found, in the clinic's own tables, for a day."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.abroad.asking import CODES, PURPOSES, Why
from erepo.clinic.abroad.errors import NumberUnknown, SearchUnknown
from erepo.clinic.rest.abroad import Abroad, FoundAbroad
from erepo.clinic.tables import document, now
from erepo.clinic.tables_abroad import abroad_document, abroad_search
from erepo.clinic.times import read_time
from erepo.identifiers.hl7 import CX

#: How long a search stands.
KEPT: Final = timedelta(days=1)
#: Digits of a DTM that names an hour.
_HOUR: Final = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of a search, as it stands in its list.

    Attributes:
        number: its place in the list, from 1.
        kind: by P1's code and LOINC; None where they name none of ours.
        class_code: P1's code.
        created_at: UTC.
        size: octets; None where the index does not say.
        institution: who made it.
        state: `found`, `taken`, `known` or `refused`.
        public_id: of the document here; empty while it is not here.
        code: why it was not taken in the last time.
    """

    number: int
    kind: Kind | None
    class_code: str
    created_at: datetime | None
    size: int | None
    institution: str
    institution_id: str
    repository_unique_id: str
    unique_id: str
    sha1: str
    mime_type: str
    state: str
    public_id: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data; nothing in it names the patient."""
        return {
            "number": self.number,
            "kind": self.kind.value if self.kind else None,
            "class_code": self.class_code or None,
            "created": self.created_at,
            "size": self.size,
            "institution": self.institution or None,
            "repository": self.repository_unique_id,
            "state": self.state,
            "document": self.public_id or None,
            "code": self.code or None,
        }


@dataclass(frozen=True, slots=True)
class Search:
    """A search with its list.

    Attributes:
        id: opaque.
        why: who asked, and why.
        expires_at: when it is forgotten, UTC.
        more: whether P1 has more documents than are listed.
        documents: those created last first.
    """

    id: str
    why: Why = field(repr=False)
    expires_at: datetime
    more: bool
    documents: tuple[Listed, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data; nothing in it names the patient."""
        return {
            "id": self.id,
            "expires": self.expires_at,
            "more": self.more,
            "documents": [one.as_json() for one in self.documents],
        }


def begin(connection: sa.Connection, why: Why) -> str:
    """Write a search down before P1 is asked, and forget those whose day is over; return its id."""
    moment, name = now(), secrets.token_hex(16)
    forget(connection, moment)
    connection.execute(
        abroad_search.insert().values(
            id=name,
            login=why.login,
            identifier=why.patient.id,
            authority=why.patient.authority_oid,
            purpose=CODES[why.purpose],
            reason=why.reason,
            made_at=moment,
            expires_at=moment + KEPT,
        )
    )
    return name


def forget(connection: sa.Connection, moment: datetime) -> None:
    """Forget searches whose day is over."""
    over = sa.select(abroad_search.c.id).where(abroad_search.c.expires_at <= moment).scalar_subquery()
    connection.execute(abroad_document.delete().where(abroad_document.c.search_id.in_(over)))
    connection.execute(abroad_search.delete().where(abroad_search.c.expires_at <= moment))


def keep(connection: sa.Connection, search_id: str, found: Abroad) -> None:
    """Write down what P1 named; what is here already is known from the start."""
    mine = abroad_search.c.id == search_id
    connection.execute(abroad_search.update().where(mine).values(more=found.more))
    hashes = {one.hash for one in found.documents if one.hash}
    there = here(connection, hashes)
    rows = [_row(search_id, number, one, there) for number, one in enumerate(found.documents, 1)]
    if rows:
        connection.execute(abroad_document.insert(), rows)


def _row(search_id: str, number: int, one: FoundAbroad, there: dict[tuple[str, int], str]) -> dict[str, Any]:
    institution = one.institution
    known = there.get((one.hash, one.size or 0), "")
    named = institution and institution.root and institution.extension
    return {
        "search_id": search_id,
        "number": number,
        "unique_id": one.unique_id,
        "repository_unique_id": one.repository_unique_id,
        "entry_uuid": one.entry_uuid,
        "class_code": one.class_code,
        "type_code": one.type_code,
        "mime_type": one.mime_type,
        "created_at": _moment(one.creation_time),
        "size": one.size,
        "sha1": one.hash,
        "institution": institution.name if institution else "",
        "institution_id": f"{institution.root}#{institution.extension}" if institution and named else "",
        "state": "known" if known else "found",
        "public_id": known or None,
    }


def _moment(dtm: str) -> datetime | None:
    """Return a DTM as a moment: UTC; a day alone is a Polish day."""
    return read_time(f"{dtm}+0000" if len(dtm) >= _HOUR else dtm)


def here(connection: sa.Connection, hashes: Collection[str]) -> dict[tuple[str, int], str]:
    """Return documents that are here, by SHA-1 and size."""
    columns = (document.c.sha1, document.c.size, document.c.public_id)
    query = sa.select(*columns).where(document.c.sha1.in_(hashes), document.c.state != "deleted")
    return {(row.sha1, row.size): row.public_id for row in connection.execute(query)}


def read_search(connection: sa.Connection, search_id: str, login: str) -> Search:
    """Return a search to who made it.

    Raises:
        SearchUnknown: there is none, it is over, or somebody else's.
    """
    mine = (abroad_search.c.id == search_id.strip(), abroad_search.c.login == login)
    row = connection.execute(
        sa.select(abroad_search).where(*mine, abroad_search.c.expires_at > now())
    ).one_or_none()
    if row is None:
        raise SearchUnknown
    query = sa.select(abroad_document).where(abroad_document.c.search_id == row.id)
    listed = tuple(_listed(each) for each in connection.execute(query.order_by(abroad_document.c.number)))
    why = Why(row.login, CX(row.identifier, row.authority), PURPOSES[row.purpose], row.reason)
    return Search(row.id, why, row.expires_at, row.more, listed)


def choose(search: Search, numbers: Sequence[int]) -> list[Listed]:
    """Return the documents of these numbers, each once; without numbers all that are not here.

    Raises:
        NumberUnknown: the list has none of this number.
    """
    by_number = {one.number: one for one in search.documents}
    for number in numbers:
        if number not in by_number:
            raise NumberUnknown(number=number)
    if numbers:
        return [by_number[number] for number in dict.fromkeys(numbers)]
    return [one for one in search.documents if not one.public_id]


def settle(
    connection: sa.Connection, search_id: str, number: int, state: str, *, public_id: str = "", code: str = ""
) -> None:
    """Write down what became of a document."""
    mine = (abroad_document.c.search_id == search_id, abroad_document.c.number == number)
    values = {"state": state, "public_id": public_id or None, "code": code or None}
    connection.execute(abroad_document.update().where(*mine).values(values))


def _listed(row: Any) -> Listed:
    exact = (
        kind
        for kind, info in KINDS.items()
        if info.class_code and (info.class_code, info.type_code) == (row.class_code, row.type_code)
    )
    return Listed(
        number=row.number,
        kind=next(exact, None),
        class_code=row.class_code,
        created_at=row.created_at,
        size=row.size,
        institution=row.institution,
        institution_id=row.institution_id,
        repository_unique_id=row.repository_unique_id,
        unique_id=row.unique_id,
        sha1=row.sha1,
        mime_type=row.mime_type,
        state=row.state,
        public_id=row.public_id or "",
        code=row.code or "",
    )
