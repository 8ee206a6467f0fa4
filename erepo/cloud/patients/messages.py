"""Messages to people: queued with what they tell of, in its transaction; sent later by the portal's process.

**The commit of the row is the commit point of a message**; whoever asked for it hears nothing of its sending,
so an answer tells nobody whether there was anybody to write to.
"""

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import Connection, insert

from erepo.cloud.patients.content import Channel, Contact
from erepo.cloud.patients.keys import Keys
from erepo.cloud.storage.tables_portal import portal_message
from erepo.texts import Language

_WHAT: Final = "message"
#: Padding makes all sealed messages of a challenge of one length.
_BLOCK: Final = 1024


class Kind(StrEnum):
    """What a message is about."""

    CODE = "code"
    INVITATION = "invitation"
    CHANGED = "contact-changed"
    ENDED = "link-ended"
    EXPIRED = "own-expired"
    """The clinic has not collected what the person gave it."""


#: How long somebody wants a message, by its kind; a code as long as it counts.
WANTED: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; who it is for and what it says is known to its sender alone."""

    kind: Kind
    channel: Channel
    address: str = field(repr=False)
    language: Language
    organisation: str = ""
    code: str = field(default="", repr=False)

    def sealed(self, keys: Keys) -> bytes:
        """Return it encrypted, of a length that tells nothing."""
        return keys.seal(_WHAT, orjson.dumps(asdict(self)).ljust(_BLOCK))

    @classmethod
    def opened(cls, keys: Keys, sealed: bytes) -> "Message":
        """Return what `sealed` wrote.

        Raises:
            SecretDamaged: it was changed.
        """
        facts: dict[str, Any] = orjson.loads(keys.open(_WHAT, sealed))
        return cls(**{**facts, "kind": Kind(facts["kind"])})


def to(contact: Contact, kind: Kind, language: str, **said: str) -> Message:
    """Return a message to a contact."""
    return Message(kind, contact.channel, contact.address, "pl" if language == "pl" else "en", **said)


def row_of(
    message: Message, keys: Keys, at: datetime, until: datetime | None = None, *, void: bool = False
) -> dict[str, Any]:
    """Return the row of a message.

    Args:
        message: what to send.
        keys: seal it.
        at: the present, UTC, naive.
        until: after it nobody wants it; None: some days.
        void: nobody is to get it; its row costs what the others cost.
    """
    return {
        "state": "void" if void else "waiting",
        "kind": message.kind.value,
        "reference": uuid.uuid4().hex,
        "sealed": message.sealed(keys),
        "attempts": 0,
        "created_at": at,
        "until": until or at + WANTED,
        "next_at": at,
    }


def queue(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add messages to those that wait."""
    connection.execute(insert(portal_message), rows)
