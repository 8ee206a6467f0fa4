"""The patient's side: giving a document to a clinic, and seeing what became of it.

Order: octets checked → sealed octets durable in the blob store → **commit of row and event** → answer.
A crash before the commit leaves a blob that nothing names (`erepo cloud check` tells of it, the patient
sends again); one after it leaves a document that the same Idempotency-Key finds.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from erepo.blobs.errors import StorageUnavailable
from erepo.blobs.store import new_key
from erepo.cda.given import given_type
from erepo.cloud.audit.events import Action, Event, Thing, Who
from erepo.cloud.audit.evidence import Evidence, now
from erepo.cloud.patients import links
from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.patients.messages import Kind as MessageKind
from erepo.cloud.patients_own import keeping
from erepo.cloud.patients_own.errors import (
    ClinicNotTheirs,
    OwnDocumentConflict,
    OwnDocumentEmpty,
    OwnDocumentKeyWrong,
    OwnDocumentTitleWrong,
)
from erepo.cloud.patients_own.keeping import Row
from erepo.cloud.patients_own.sealing import Facts, new_salt, open_facts, seal_facts, seal_octets
from erepo.cloud.patients_own.states import REASONS, WORDS, State
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.repository.storing import discard
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import tenant as tenants
from erepo.cloud.vault.errors import SecretDamaged
from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.identifiers import CX
from erepo.texts import Text

#: What the events are called in the record.
TRANSACTION: Final = "own-document"
#: Most characters of a title, and of a key.
TITLE: Final = 200
KEY: Final = 200
#: Documents that expire in one transaction.
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Giver:
    """A patient who is signed in.

    Attributes:
        account_id: of their account at the portal; the same for all their clinics.
        patient: their number.
        clinics: row numbers of the accounts that made them one.
    """

    account_id: int
    patient: CX = field(repr=False)
    clinics: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gift:
    """What a patient sends.

    Attributes:
        clinic: account of 16 digits.
        key: the Idempotency-Key.
        title: empty, or what the patient calls it.
        octets: the file.
    """

    clinic: str
    key: str = field(repr=False)
    title: str = field(repr=False)
    octets: Buffer = field(repr=False)


async def give(cloud: Cloud, giver: Giver, gift: Gift, who: Who) -> tuple[dict[str, Any], bool]:
    """Keep a document for a clinic; when this returns it is durable.

    Args:
        cloud: the service.
        giver: who gives it.
        gift: what.
        who: for the record.

    Returns:
        What `shown` tells of it, and whether it is new: False where the same key, or the same octets to the
        same clinic, came before.

    Raises:
        OwnDocumentKeyWrong, OwnDocumentTitleWrong, OwnDocumentEmpty, ClinicNotTheirs: it is not kept.
        DocumentTooLarge, GivenRefused, NotXml, HeaderIncomplete: the file is not one that is taken.
        OwnDocumentConflict: the key is another file's.
        OwnDocumentLimit: too much waits already.
        StorageUnavailable, ServiceStopping: send it again with the same key.
    """
    _check(gift)
    clinic = await cloud.reading(partial(_clinic, cloud, giver, gift.clinic))
    made = await cloud.heavily(partial(_Making, cloud, giver, gift, clinic))
    before = await cloud.reading(made.before)
    if before is None:
        before = await _kept(cloud, made, who)
    if before is not None:
        if before.sha256 != made.sha256:
            raise OwnDocumentConflict
        return (await cloud.reading(partial(_told, cloud, [before])))[0], False
    row = await cloud.reading(made.row)
    return (await cloud.reading(partial(_told, cloud, [row])))[0], True


async def _kept(cloud: Cloud, made: "_Making", who: Who) -> Row | None:
    """Store the octets, then the row; return the row that was quicker, if one was."""
    await cloud.heavily(made.store)
    things = (
        Thing("document", made.public_id, f"given: {made.mime_type}"),
        Thing("patient", str(made.giver.patient)),
    )
    event = Event(TRANSACTION, Action.CREATE, who, now(), things)
    job = Change(evidence=Evidence(made.clinic, (event,)), apply=made.apply)
    try:
        await asyncio.shield(cloud.writer.submit(job))
    except _Quicker as other:
        await discard(cloud, (made.blob_key,))
        return other.row
    except StorageUnavailable:  # it may be committed
        raise
    except ErepoError:
        await discard(cloud, (made.blob_key,))
        raise
    return None


async def given(cloud: Cloud, giver: Giver, who: Who) -> list[dict[str, Any]]:
    """Return what a patient gave to the clinics that are theirs, the latest first."""
    for clinic in giver.clinics:
        await expire(cloud, clinic, who)
    return await cloud.reading(partial(_given, cloud, giver))


def _given(cloud: Cloud, giver: Giver) -> list[dict[str, Any]]:
    with cloud.database.read(*giver.clinics) as connection:
        rows = keeping.given_by(connection, giver.clinics, giver.account_id)
    return _told(cloud, rows)


async def expire(cloud: Cloud, clinic: int, who: Who) -> None:
    """End what has waited for a clinic longer than it may, and let those who gave it know, at once.

    Called before lists are read, and now and then (`erepo.portal.housekeeping`).

    Raises:
        MasterKeyMissing, MasterKeyUnknown: the operator has to act.
        StorageUnavailable, ServiceStopping: nothing was ended, or that is not known.
    """
    before = now() - timedelta(days=cloud.settings.patients_own.days)
    while names := await cloud.reading(partial(_overdue, cloud, clinic, before)):
        with suppress(_Settled):  # the record tells of none that did not expire: they are looked up anew
            await _expire(cloud, clinic, names, who)


async def _expire(cloud: Cloud, clinic: int, names: Sequence[str], who: Who) -> None:
    """End documents, all of them or none; see `expire`."""
    at = now()
    event = Event(
        TRANSACTION, Action.DELETE, who, at, tuple(Thing("document", each, "expired") for each in names)
    )
    keys = await cloud.reading(PatientKeys(cloud.database, cloud.vault).get)

    def apply(connection: Connection) -> Outcome:
        ended = keeping.expire(connection, clinic, names, at)
        if ended is None:
            raise _Settled
        givers, unused = ended
        for each in givers:
            links.write_to(connection, clinic, each, MessageKind.EXPIRED, keys, cloud.consent_time())
        return Outcome(unused=tuple(unused))

    job = Change(evidence=Evidence(clinic, (event,)), apply=apply)
    outcome = await asyncio.shield(cloud.writer.submit(job))
    await discard(cloud, outcome.unused)


async def expire_all(cloud: Cloud, who: Who) -> None:
    """End what has waited for any clinic longer than it may.

    Raises:
        StorageUnavailable, ServiceStopping, MasterKeyMissing, MasterKeyUnknown: some of it waits on.
    """
    before = now() - timedelta(days=cloud.settings.patients_own.days)
    for clinic in await cloud.reading(partial(_late, cloud, before)):
        await expire(cloud, clinic, who)


def _late(cloud: Cloud, before: datetime) -> Sequence[int]:
    with cloud.database.everyone("what no clinic has collected") as connection:
        return keeping.late(connection, before)


def _overdue(cloud: Cloud, clinic: int, before: datetime) -> Sequence[str]:
    with cloud.database.read(clinic) as connection:
        return [row.public_id for row in keeping.overdue(connection, clinic, before, _AT_ONCE)]


class _Settled(Exception):  # not an error, as below
    """The clinic has just taken one of the documents that were to expire."""


class _Quicker(Exception):  # not an error: the same was given in the same moment, and nothing is to be told
    """Another request has kept it; `row` is what it made."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.row = row


class _Making:
    """One document on its way in; blocking, but for its making."""

    def __init__(self, cloud: Cloud, giver: Giver, gift: Gift, clinic: int) -> None:
        """Look at the file.

        Raises:
            GivenRefused, DocumentTooLarge, NotXml, HeaderIncomplete: it is not taken.
        """
        self._cloud, self.giver, self._gift, self.clinic = cloud, giver, gift, clinic
        limit = cloud.settings.patients_own.document
        self.mime_type = given_type(gift.octets, giver.patient, limit)
        self.sha256 = hashlib.sha256(gift.octets).hexdigest()
        self.public_id = str(uuid.uuid4())
        self.blob_key = new_key(clinic)
        self._key = hashlib.sha256(gift.key.encode()).hexdigest()
        self._values: dict[str, Any] = {}

    def before(self) -> Row | None:
        """Return what the same key, or the same octets, made before."""
        with self._cloud.database.read(self.clinic) as connection:
            return self._before(connection)

    def _before(self, connection: Connection) -> Row | None:
        return keeping.repeated(connection, self.clinic, self.giver.account_id, self._key, self.sha256)

    def store(self) -> None:
        """Seal the file and put it into the blob store, durably."""
        cloud, patient = self._cloud, self.giver.patient
        facts = Facts.of(self.public_id, patient.authority_oid, patient.id, self._gift.title)
        envelope, salt = seal_facts(cloud.vault, self.clinic, facts), new_salt()
        cloud.blobs.put(self.blob_key, [seal_octets(self._gift.octets, self.clinic, facts, salt)])
        self._values = {
            "tenant_id": self.clinic,
            "public_id": self.public_id,
            "giver": self.giver.account_id,
            "key": self._key,
            "state": State.GIVEN.value,
            "mime_type": self.mime_type,
            "size": len(self._gift.octets),
            "sha256": self.sha256,
            "key_id": envelope.key_id,
            "wrapped": envelope.wrapped,
            "sealed": envelope.sealed,
            "salt": salt,
            "blob_key": self.blob_key,
        }
        self._envelope = envelope

    def apply(self, connection: Connection) -> Outcome:
        """Add the row; see `Change`."""
        at, size = now(), len(self._gift.octets)
        before = self._before(connection)
        if before is not None:
            raise _Quicker(before)
        limits = self._cloud.settings.patients_own
        keeping.check_limits(connection, self.clinic, self.giver.account_id, size, limits, at)
        self._cloud.vault.expect_present(connection, self._envelope)
        keeping.keep(connection, {**self._values, "given_at": at})
        return Outcome()

    def row(self) -> Row:
        """Return the row as it is kept."""
        with self._cloud.database.read(self.clinic) as connection:
            return keeping.find(connection, self.clinic, self.public_id)


def _check(gift: Gift) -> None:
    if not 0 < len(gift.key) <= KEY:
        raise OwnDocumentKeyWrong
    if len(gift.title) > TITLE or not gift.title.isprintable():
        raise OwnDocumentTitleWrong(limit=TITLE)
    if not len(gift.octets):
        raise OwnDocumentEmpty


def _clinic(cloud: Cloud, giver: Giver, account: str) -> int:
    wanted = select(tenants.c.id).where(tenants.c.account == account, tenants.c.state == "active")
    with cloud.database.everyone("which account it is, is what is asked") as connection:
        found = connection.scalar(wanted)
    if found is None or found not in giver.clinics:
        raise ClinicNotTheirs
    return int(found)


def _told(cloud: Cloud, rows: Sequence[Row]) -> list[dict[str, Any]]:
    wanted = tenants.c.id.in_({row.tenant_id for row in rows})
    with cloud.database.everyone("the numbers of a patient's clinics") as connection:
        found = connection.execute(select(tenants.c.id, tenants.c.account).where(wanted)).all()
    accounts = {one.id: one.account for one in found}
    days = cloud.settings.patients_own.days
    return [shown(row, accounts[row.tenant_id], _title(cloud, row), days) for row in rows]


def _title(cloud: Cloud, row: Row) -> str:
    try:
        return open_facts(cloud.vault, row.tenant_id, row.public_id, row.envelope).title
    except SecretDamaged:  # the patient still sees that it is there
        return ""


def shown(row: Row, clinic: str, title: str, days: int) -> dict[str, Any]:
    """Return what a patient sees of a document of theirs.

    Args:
        row: the document.
        clinic: account of 16 digits.
        title: as the patient gave it.
        days: for which it waits.
    """
    reason = REASONS[row.reason] if row.reason else None
    until = row.given_at + timedelta(days=days) if row.state.waits else None
    return {
        "id": row.public_id,
        "clinic": clinic,
        "title": title,
        "contentType": row.mime_type,
        "size": row.size,
        "sha256": row.sha256,
        "state": row.state.value,
        "words": _both(WORDS[row.state]),
        "reason": _both(reason) if reason else None,
        "givenAt": moment(row.given_at),
        "keptUntil": moment(until),
        "settledAt": moment(row.settled_at),
    }


def _both(words: Text) -> dict[str, str]:
    return {"pl": words.pl, "en": words.en}


def moment(at: datetime | None) -> str | None:
    """Return a moment of the tables as JSON has it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
