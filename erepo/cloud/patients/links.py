"""What clinics vouch for: this person, reached here. Added, ended, never changed or removed.

**Each clinic vouches for itself alone.** A person has one account, but a code that reached an address opens
the documents only of clinics that gave this very address for the person. So no clinic, whether it comes first
or later, can let the codes for another one's documents go to an address of its own: with its own address it
opens what it gave itself. A new invitation of a clinic takes the place of its earlier one, and whoever signed
in by the former address sees nothing of that clinic any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from erepo.acting import Detached
from erepo.cloud.patients import messages
from erepo.cloud.patients.content import Contact, Invited
from erepo.cloud.patients.errors import PatientAddressBusy, PatientConflict, PatientUnknown
from erepo.cloud.patients.keys import Keys
from erepo.cloud.patients.messages import Kind
from erepo.cloud.storage.tables import structure, tenant
from erepo.cloud.storage.tables_portal import patient_account, patient_link
from erepo.identifiers import CX

#: Invitations of one account to one address in a day: a parent's with many children, and some mistakes.
MOST_A_DAY: Final = 20
_DAY: Final = timedelta(days=1)
_IDENTIFIER, _CONTACT, _BODY = "identifier", "contact", "signed body"


def person_key(keys: Keys, person: CX) -> bytes:
    """Return under which key a person is found."""
    return keys.hash("person", str(person))


def contact_key(keys: Keys, contact: Contact) -> bytes:
    """Return what is the same for the same mailbox or number."""
    return keys.hash("contact", contact.channel, contact.name)


def invite(
    connection: Connection, tenant_id: int, invited: Invited, proof: Detached, keys: Keys, at: datetime
) -> bool:
    """Let a clinic vouch for a person; the very same again changes nothing. Return whether it is new.

    Args:
        connection: a transaction under the clinic's lock.
        tenant_id: of the clinic.
        invited: what was read and checked.
        proof: the signature over its body.
        keys: of patients' accounts.
        at: UTC, naive.

    Raises:
        PatientConflict: another body came under this id.
        PatientAddressBusy: too many invitations went to this address within a day.
    """
    found = _row(connection, tenant_id, invited.id)
    if found is not None:
        if keys.open(_BODY, bytes(found.body)) != invited.body:
            raise PatientConflict
        return False
    _expect_quiet(connection, tenant_id, contact_key(keys, invited.contact), at)
    account_id = _account(connection, invited.patient, keys, at)
    name = organisation(connection, tenant_id)
    waiting = [messages.to(invited.contact, Kind.INVITATION, invited.language, organisation=name)]
    former = _standing(connection, tenant_id, account_id)
    if former is not None:
        _end(connection, tenant_id, former.number, at)
        if bytes(former.contact_key) != contact_key(keys, invited.contact):
            before = _contact(keys, former)
            waiting.append(messages.to(before, Kind.CHANGED, former.language, organisation=name))
    row = {
        "tenant_id": tenant_id,
        "id": invited.id,
        "account_id": account_id,
        "channel": invited.contact.channel,
        "contact_key": contact_key(keys, invited.contact),
        "contact": keys.seal(_CONTACT, invited.contact.address.encode()),
        "language": invited.language,
        "body": keys.seal(_BODY, invited.body),
        "signature": proof.text,
        "signer": proof.signer,
        "created_at": at,
    }
    connection.execute(insert(patient_link), row)
    messages.queue(connection, [messages.row_of(each, keys, at) for each in waiting])
    return True


def remove(
    connection: Connection,
    tenant_id: int,
    link_id: str,
    body: bytes,
    proof: Detached,
    keys: Keys,
    at: datetime,
) -> None:
    """End what a clinic vouched for; what ended before stays as it is.

    Raises:
        PatientUnknown: there is none of this id.
    """
    found = _row(connection, tenant_id, link_id)
    if found is None:
        raise PatientUnknown
    if found.ended_at is not None:
        return
    _end(
        connection,
        tenant_id,
        found.number,
        at,
        ending=keys.seal(_BODY, body),
        ending_signature=proof.text,
        ending_signer=proof.signer,
    )
    name = organisation(connection, tenant_id)
    message = messages.to(_contact(keys, found), Kind.ENDED, found.language, organisation=name)
    messages.queue(connection, [messages.row_of(message, keys, at)])


def write_to(
    connection: Connection, tenant_id: int, account_id: int, kind: Kind, keys: Keys, at: datetime
) -> None:
    """Queue a message to a person where the clinic reaches them; to nobody if it vouches for them no more."""
    found = _standing(connection, tenant_id, account_id)
    if found is None:
        return
    name = organisation(connection, tenant_id)
    message = messages.to(_contact(keys, found), kind, found.language, organisation=name)
    messages.queue(connection, [messages.row_of(message, keys, at)])


def shown(connection: Connection, tenant_id: int, link_id: str) -> dict[str, Any]:
    """Return what a clinic is told of one of its invitations: neither person nor address.

    Raises:
        PatientUnknown: there is none of this id.
    """
    found = _row(connection, tenant_id, link_id)
    if found is None:
        raise PatientUnknown
    return _facts(found)


def listed(
    connection: Connection, tenant_id: int, after: int, limit: int
) -> tuple[list[dict[str, Any]], int, bool]:
    """Return invitations behind a number in their order, the number to go on from, and whether to."""
    query = select(patient_link).where(patient_link.c.tenant_id == tenant_id, patient_link.c.number > after)
    rows = connection.execute(query.order_by(patient_link.c.number).limit(limit + 1)).all()
    page = rows[:limit]
    last = page[-1].number if page else after
    return [_facts(row) for row in page], last, len(rows) > limit


@dataclass(frozen=True, slots=True)
class Link:
    """A clinic that vouches for a person, now."""

    tenant_id: int
    account: str
    """Of the clinic: 16 digits."""
    contact_key: bytes
    contact: Contact
    language: str


def links_of(connection: Connection, account_id: int | None, keys: Keys) -> Sequence[Link]:
    """Return who vouches for a person, newest first; nobody does for nobody.

    Args:
        connection: a transaction on everybody's rows (`Database.everyone`).
        account_id: of the person's account.
        keys: of patients' accounts.
    """
    query = (
        select(patient_link, tenant.c.account)
        .join_from(patient_link, tenant, tenant.c.id == patient_link.c.tenant_id)
        .where(
            patient_link.c.account_id == (account_id or 0),  # nobody's is asked for in the same way
            patient_link.c.ended_at.is_(None),
            tenant.c.state == "active",
        )
        .order_by(patient_link.c.number.desc())
    )
    return [
        Link(row.tenant_id, row.account, bytes(row.contact_key), _contact(keys, row), row.language)
        for row in connection.execute(query)
    ]


def account_of(connection: Connection, key: bytes) -> int | None:
    """Return the account of a person by `person_key`, None where there is none."""
    query = select(patient_account.c.id).where(patient_account.c.key == key)
    found: int | None = connection.scalar(query)
    return found


def person_of(connection: Connection, account_id: int, keys: Keys) -> CX:
    """Return whose account it is.

    Raises:
        SecretDamaged: the row was changed.
    """
    query = select(patient_account.c.identifier).where(patient_account.c.id == account_id)
    sealed = connection.scalars(query).one()
    return CX.parse(keys.open(_IDENTIFIER, bytes(sealed)).decode())


def organisation(connection: Connection, tenant_id: int) -> str:
    """Return what a clinic calls itself; the number of its account where it has not said."""
    query = select(structure.c.content).where(structure.c.tenant_id == tenant_id)
    content = connection.scalar(query)
    if content is not None:
        return str(orjson.loads(content)["provider"]["name"])
    return str(connection.scalars(select(tenant.c.account).where(tenant.c.id == tenant_id)).one())


def _account(connection: Connection, person: CX, keys: Keys, at: datetime) -> int:
    """Return the person's account, made if need be; two clinics may make it at one moment."""
    key = person_key(keys, person)
    if (found := account_of(connection, key)) is not None:
        return found
    row = {"key": key, "identifier": keys.seal(_IDENTIFIER, str(person).encode()), "created_at": at}
    try:
        with connection.begin_nested():
            made: int = connection.scalars(insert(patient_account).returning(patient_account.c.id), row).one()
            return made
    except IntegrityError:
        found = account_of(connection, key)
        assert found is not None
        return found


def _expect_quiet(connection: Connection, tenant_id: int, key: bytes, at: datetime) -> None:
    there = patient_link.c.tenant_id == tenant_id, patient_link.c.contact_key == key
    query = select(func.count()).where(*there, patient_link.c.created_at > at - _DAY)
    if (connection.scalar(query) or 0) >= MOST_A_DAY:
        raise PatientAddressBusy(limit=MOST_A_DAY)


def _row(connection: Connection, tenant_id: int, link_id: str) -> Row[Any] | None:
    query = select(patient_link).where(patient_link.c.tenant_id == tenant_id, patient_link.c.id == link_id)
    return connection.execute(query).one_or_none()


def _standing(connection: Connection, tenant_id: int, account_id: int) -> Row[Any] | None:
    query = select(patient_link).where(
        patient_link.c.tenant_id == tenant_id,
        patient_link.c.account_id == account_id,
        patient_link.c.ended_at.is_(None),
    )
    return connection.execute(query).one_or_none()


def _end(connection: Connection, tenant_id: int, number: int, at: datetime, **proof: Any) -> None:
    mine = (patient_link.c.tenant_id == tenant_id, patient_link.c.number == number)
    connection.execute(update(patient_link).where(*mine).values(ended_at=at, **proof))


def _contact(keys: Keys, row: Row[Any]) -> Contact:
    return Contact(row.channel, keys.open(_CONTACT, bytes(row.contact)).decode())


def _facts(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": "invited" if row.ended_at is None else "ended",
        "channel": row.channel,
        "createdAt": f"{row.created_at.isoformat()}Z",
        "endedAt": f"{row.ended_at.isoformat()}Z" if row.ended_at is not None else None,
    }
