"""Idempotency-Key: a request that is repeated gets the same answer, and does nothing twice.

The answer is written in the transaction that takes the document in, so there is no moment in which one is
there without the other. A refused request leaves no key behind: it may be corrected and sent again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from erepo.api.errors import KeyInvalid, KeyReused
from erepo.clinic.database import Database
from erepo.clinic.tables import now
from erepo.clinic.tables_api import api_request

#: Longest key, in characters.
LONGEST = 200


class Answered(NamedTuple):
    """An answer: status (201 taken in, 200 known before) and the document's public id."""

    status: int
    public_id: str


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What tells one request from another.

    Attributes:
        token_id: whose key it is; others may use the same.
        key: SHA-256 of the key.
        fingerprint: SHA-256 of what was sent with it.
    """

    token_id: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, token_id: str, key: str, document_sha256: str, metadata: bytes) -> "RequestKey":
        """Return the key of a request.

        Raises:
            KeyInvalid: it is empty or too long.
        """
        check_key(key)
        # The order of the fields is not what makes another request of it.
        said = orjson.dumps(orjson.loads(metadata), option=orjson.OPT_SORT_KEYS) if metadata else b""
        sent = document_sha256.encode() + b"\n" + said
        return cls(token_id, hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(sent).hexdigest())

    def recall(self, connection: sa.Connection) -> Answered | None:
        """Return what was answered before; None if nothing was.

        Raises:
            KeyReused: the key belongs to another request.
        """
        row = connection.execute(
            sa.select(api_request.c.fingerprint, api_request.c.status, api_request.c.public_id).where(
                api_request.c.token_id == self.token_id, api_request.c.key == self.key
            )
        ).one_or_none()
        if row is None:
            return None
        if row.fingerprint != self.fingerprint:
            raise KeyReused
        return Answered(row.status, row.public_id)

    def remember(self, connection: sa.Connection, answer: Answered) -> Answered:
        """Keep an answer, unless there is one: then that one counts.

        Raises:
            KeyReused: the key belongs to another request; the caller must roll back.
        """
        if before := self.recall(connection):
            return before
        connection.execute(
            api_request.insert().values(
                token_id=self.token_id,
                key=self.key,
                fingerprint=self.fingerprint,
                status=answer.status,
                public_id=answer.public_id,
            )
        )
        return answer

    def taken_in(self, connection: sa.Connection, public_ids: Mapping[str, str]) -> None:
        """Keep the answer to a document that is being taken in (`Intake.take_received`)."""
        for public_id in public_ids.values():
            self.remember(connection, Answered(201, public_id))


def check_key(key: str) -> None:
    """Check the form of a key.

    Raises:
        KeyInvalid: it is empty or too long.
    """
    if not 0 < len(key.strip()) <= LONGEST:
        raise KeyInvalid(limit=LONGEST)


def forget_old(database: Database, days: int) -> int:
    """Forget keys older than some days; return how many."""
    with database.begin() as connection:
        old = api_request.c.created_at < now() - timedelta(days=days)
        return connection.execute(api_request.delete().where(old)).rowcount
