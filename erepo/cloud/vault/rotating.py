"""Changing the master key: every data key is wrapped anew, no secret is decrypted.

Order, and what a crash leaves behind:

    the new key is durable in a file (or setting)   not used yet; the next run takes the same
    **commit**: all rows re-wrapped, the new key     before it nothing has changed, after it everything:
    in use, the event in the record                  both keys are at hand, the service finds the new one
    the files get their names                        the next run does only that

Running it again is safe at any moment. A service that seals something meanwhile is waited for, or does it
again (`keyring.expect_present`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from erepo.cloud.storage.tables import p1_registration
from erepo.cloud.storage.tables_patients_own import own_document
from erepo.cloud.storage.tables_portal import patient_secret
from erepo.cloud.vault.envelope import Bound, Envelope, rewrap
from erepo.cloud.vault.keyring import Keyring, present_key, put_in_use

#: What the secrets of `p1_registration` are for.
P1 = "p1 certificates"
#: What those of `own_document` are for.
OWN_DOCUMENT = "own document"
#: What the secret of `patient_secret` is for.
PATIENTS = "patients' accounts"


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a change did.

    Attributes:
        former: id of the key before.
        present: id of the key in use now.
        rows: how many secrets were re-wrapped.
    """

    former: str
    present: str
    rows: int


def change_key(connection: Connection, keyring: Keyring) -> Rotated:
    """Put every secret under the coming key and say that it is in use.

    Args:
        connection: a transaction of the operator; its commit is the commit point.
        keyring: where the keys are.

    Raises:
        MasterKeyNotNew, MasterKeyUnknown, MasterKeyMissing, SecretDamaged: nothing was changed.
    """
    former = present_key(connection)
    coming = keyring.coming(former)
    put_in_use(connection, coming.id)
    rows = [*_registrations(connection), *_own_documents(connection), *_patients(connection)]
    for row, bound, table, mine in rows:
        if row.key_id == coming.id:
            continue
        envelope = Envelope(row.key_id, bytes(row.wrapped), bytes(row.sealed))
        changed = rewrap(envelope, keyring.find(row.key_id), coming, bound)
        values = {"key_id": changed.key_id, "wrapped": changed.wrapped}
        connection.execute(update(table).where(mine).values(values))
    return Rotated(former, coming.id, len(rows))


_Sealed = tuple[Row[Any], Bound, Any, Any]
"""A row, for whom it is sealed, its table, and what names it there."""


def _registrations(connection: Connection) -> Iterator[_Sealed]:
    table = p1_registration.c
    query = select(table.id, table.tenant_id, table.key_id, table.wrapped, table.sealed)
    for row in connection.execute(query.where(table.sealed.is_not(None)).with_for_update()).all():
        yield row, Bound(row.tenant_id, P1), p1_registration, table.id == row.id


def _own_documents(connection: Connection) -> Iterator[_Sealed]:
    table = own_document.c
    query = select(table.id, table.tenant_id, table.key_id, table.wrapped, table.sealed)
    for row in connection.execute(query.with_for_update()).all():
        yield row, Bound(row.tenant_id, OWN_DOCUMENT), own_document, table.id == row.id


def _patients(connection: Connection) -> Iterator[_Sealed]:
    for row in connection.execute(select(patient_secret).with_for_update()).all():
        yield row, Bound(0, PATIENTS), patient_secret, patient_secret.c.name == row.name
