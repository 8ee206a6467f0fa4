"""A consent is written down (manual 1.4): nothing of it leaves the clinic yet, nor changes later."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.database import Database, at_once, repeated
from erepo.clinic.permissions import Permission, require
from erepo.clinic.sharing.documents import MOST, check_fit, chosen
from erepo.clinic.sharing.errors import ConsentTaken, DocumentsWrong, RecipientWrong
from erepo.clinic.sharing.input import Recipient, read_matter, read_validity
from erepo.clinic.sharing.states import document_ids
from erepo.clinic.tables import account, document, now, patient
from erepo.clinic.tables_sharing import consent, consent_document

#: Most octets of a consent; the service takes no more.
LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to share.

    Attributes:
        documents: opaque ids, of one patient.
        recipient: whom it is for.
        since, until: days or times as people write them; see `read_validity`.
        matter: the reason ("Sprawa"). `repr` hides it.
    """

    documents: Sequence[str]
    recipient: Recipient
    since: str
    until: str
    matter: str = field(repr=False)


@repeated
def draft(
    database: Database, wanted: Wanted, login: str, *, at: datetime | None = None, name: str = ""
) -> str:
    """Write a consent down and return its id.

    Args:
        database: the clinic's.
        wanted: what is to be shared.
        login: who does it; needs the permission `share`.
        at: now; for tests.
        name: id of it, a UUID: given again, it is the same consent, however often this is called. Empty makes
            a new one.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        DocumentsWrong, DocumentsUnfit: some of the documents cannot be shared, or not together.
        RecipientWrong, ValidityWrong, MatterWrong: see there.
        ConsentTaken: another consent has this id.
    """
    moment = at or now()
    begin, end = read_validity(wanted.since, wanted.until, moment)
    matter = read_matter(wanted.matter)
    with database.begin() as connection:
        require(connection, login, Permission.SHARE)
        found = chosen(connection, wanted.documents)
        if name and (there := connection.execute(sa.select(consent).where(consent.c.id == name)).first()):
            times = there.valid_from if not wanted.since.strip() else begin, end
            said = {**_recipient(wanted), "matter": matter, "valid_from": times[0], "valid_until": times[1]}
            same = all(getattr(there, column) == value for column, value in said.items())
            if not same or list(document_ids(connection, there.number)) != [one.id for one in found]:
                raise ConsentTaken
            return name
        check_fit(found, found[0].patient_key)
        _check_recipient(connection, wanted.recipient)
        name = name or str(uuid4())
        row = {
            "id": name,
            "patient_key": found[0].patient_key,
            **_recipient(wanted),
            "valid_from": begin,
            "valid_until": end,
            "matter": matter,
            "created_at": moment,
            "created_by": login,
        }
        _write(connection, row, [one.id for one in found])
    return name


def _write(connection: sa.Connection, row: Mapping[str, Any], ids: Sequence[int]) -> None:
    with at_once(connection):  # the same id may come twice in one moment
        number = connection.execute(consent.insert().values(row).returning(consent.c.number)).scalar_one()
    connection.execute(
        consent_document.insert(), [{"consent_number": number, "document_id": one} for one in ids]
    )
    if len(octets_of(connection, _row(connection, number))) > LARGEST:
        raise DocumentsWrong(most=MOST, unknown=0)
    audit.note(
        connection,
        "consent_drafted",
        subject="consent",
        subject_id=row["id"],
        to_state="draft",
        actor=row["created_by"],
        detail={"documents": len(ids), "recipient": row["recipient_kind"]},
    )


def octets_of(connection: sa.Connection, row: sa.Row[Any]) -> bytes:
    """Return the octets of a consent as the service reads them; made once, then kept and sent as they are."""
    whose = connection.execute(
        sa.select(patient.c.authority, patient.c.identifier).where(patient.c.id == row.patient_key)
    ).one()
    names = connection.execute(
        sa.select(document.c.unique_id)
        .join(consent_document, consent_document.c.document_id == document.c.id)
        .where(consent_document.c.consent_number == row.number)
        .order_by(document.c.id)
    ).scalars()
    parts = ("kind", "root", "extension", "account", "name")
    recipient = {part: getattr(row, f"recipient_{part}") for part in parts}
    return orjson.dumps(
        {
            "id": row.id,
            "patient": {"root": whose.authority, "extension": whose.identifier},
            "recipient": {part: value for part, value in recipient.items() if value is not None},
            "validFrom": _iso(row.valid_from),
            "validUntil": _iso(row.valid_until),
            "case": row.matter,
            "documents": list(names),
        }
    )


def _recipient(wanted: Wanted) -> dict[str, Any]:
    return {f"recipient_{part}": value for part, value in asdict(wanted.recipient).items()}


def _check_recipient(connection: sa.Connection, recipient: Recipient) -> None:
    own = sa.select(account.c.account).where(account.c.account == recipient.account)
    if recipient.kind == "account" and connection.execute(own).first() is not None:
        raise RecipientWrong(field="account")


def _row(connection: sa.Connection, number: int) -> sa.Row[Any]:
    return connection.execute(sa.select(consent).where(consent.c.number == number)).one()


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
