"""Orders to migrate: what a request means, looked at or written down once."""

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erepo.api.access import Office
from erepo.api.errors import RequestInvalid
from erepo.api.models import MigrationOrder, OrderedMigration
from erepo.api.requests import Answered, RequestKey
from erepo.api.tokens import Token
from erepo.clinic.database import Database
from erepo.clinic.intake import parse_patient
from erepo.clinic.migrating import Selection, look, patient_number, plan, standing
from erepo.identifiers.errors import IdentifierInvalid


class _Before(Exception):
    """The key was answered before; the order that was just written is rolled back."""


def look_at(database: Database, wanted: MigrationOrder, login: str) -> OrderedMigration:
    """Say what an order would do.

    Raises:
        NoSuchUser, PermissionMissing, NothingChosen, DatesWrong, DocumentsUnknown: see `plan`.
        PatientNotHere: the clinic has no document of this patient.
        RequestInvalid: the patient cannot be read.
    """
    found = look(database, _selection(database, wanted), login)
    return OrderedMigration(id=None, documents=found.documents, bytes=found.bytes, kinds=found.kinds)


def order(
    office: Office, caller: Token, wanted: MigrationOrder, login: str, key: str | None
) -> OrderedMigration:
    """Write an order down, once for each key; it is worked off later.

    Raises:
        NoSuchUser, PermissionMissing, MaintenanceNow, NothingChosen, DatesWrong, DocumentsUnknown,
            PatientNotHere: see `plan`; nothing was ordered.
        RequestInvalid: no key, or the patient cannot be read.
        KeyInvalid, KeyReused: the key cannot be used.
    """
    if key is None:
        raise RequestInvalid(field="header.Idempotency-Key")
    said = orjson.dumps(wanted.model_dump(mode="json"))
    repeated = RequestKey.of(caller.id, key, f"migration of {login}", said)
    if (before := _before(office.database, repeated)) is not None:
        return before

    def once(connection: sa.Connection, name: str) -> None:
        if repeated.remember(connection, Answered(202, name)).public_id != name:
            raise _Before

    chosen = _selection(office.database, wanted)
    try:
        made = plan(office.database, office.settings, chosen, login, standing=True, also=once)
    except (_Before, IntegrityError):
        # Another request with the same key was quicker.
        if (before := _before(office.database, repeated)) is None:
            raise
        return before
    return OrderedMigration(id=made.migration or None, documents=made.documents, bytes=made.bytes)


def _before(database: Database, key: RequestKey) -> OrderedMigration | None:
    with database.read() as connection:
        answered = key.recall(connection)
        if answered is None:
            return None
        found = standing(connection, answered.public_id)
        return OrderedMigration(id=found.id, documents=found.documents, bytes=found.bytes)


def _selection(database: Database, wanted: MigrationOrder) -> Selection:
    return Selection(
        ids=wanted.ids,
        kinds=wanted.kinds,
        patient=_number(database, wanted.patient) if wanted.patient else 0,
        effective=(wanted.issued_from, wanted.issued_until),
        archived=(wanted.archived_from, wanted.archived_until),
        everything=wanted.everything,
        most=wanted.most,
    )


def _number(database: Database, text: str) -> int:
    try:
        whose = parse_patient(text)
    except IdentifierInvalid:
        raise RequestInvalid(field="body.patient") from None
    with database.read() as connection:
        return patient_number(connection, whose)
