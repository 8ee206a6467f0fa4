"""What a reader sees of an account's documents at a moment: the decision, brought to the database.

The rows that name a reader come to `decision`, and only what it granted goes back as a condition. The
registry has the last word: a document that was removed, or is another patient's by now, is not seen. Nor is
anything of an account that the operator has closed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Connection, bindparam, exists, select, true

from erepo.cloud.consents.decision import Consent, Reader, granting
from erepo.cloud.consents.errors import NothingVisible
from erepo.cloud.consents.keeping import read_row
from erepo.cloud.registry.kinds import Kind as Object
from erepo.cloud.registry.queries.reading import portions, uuids
from erepo.cloud.storage.tables import document, registry_object, tenant
from erepo.cloud.storage.tables_consents import consent, consent_document
from erepo.cloud.tenancy.tenants import is_open

#: Documents of a person's list.
MOST: Final = 2000
#: Consents whose documents are read at once.
_PORTION: Final = 100
_entry = registry_object.c
_SAME = (
    (consent_document.c.tenant_id == _entry.tenant_id)
    & (consent_document.c.unique_id == _entry.unique_id)
    & (consent_document.c.patient_id == _entry.patient_id)
)
#: Numbers of consents, whatever their state, that are about documents as the registry has them now.
_SHOWING = (
    select(consent_document.c.consent_number)
    .join_from(registry_object, consent_document, _SAME)
    .where(_entry.kind == int(Object.DOCUMENT_ENTRY))
)


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees of one account at one moment.

    Attributes:
        tenant_id: whose documents.
        consents: that show them.
        everything: an emergency: all documents, no consent asked.
    """

    tenant_id: int
    consents: Sequence[Consent] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.consents)

    @property
    def condition(self) -> ColumnElement[bool]:
        """What it demands of a row of `registry_object`: an entry of a document of these consents."""
        return (_entry.kind == int(Object.DOCUMENT_ENTRY)) & self._shared()

    def _shared(self) -> ColumnElement[bool]:
        if self.everything:
            return true()
        return exists().where(
            consent_document.c.tenant_id == self.tenant_id,
            consent_document.c.consent_number.in_(self._numbers()),
            consent_document.c.unique_id == _entry.unique_id,
            consent_document.c.patient_id == _entry.patient_id,
        )

    def _numbers(self) -> BindParameter[Any]:
        """Written into the statement: a query has values enough of its own, and databases a bound on them."""
        numbers = [each.number for each in self.consents]
        return bindparam(None, numbers, type_=BigInteger(), expanding=True, literal_execute=True)

    def showing(self, connection: Connection, entry_uuids: Sequence[str]) -> Sequence[Consent]:
        """Return the consents by which document entries are seen, given as `urn:uuid:…`."""
        numbers: set[int] = set()
        for portion in portions(uuids(entry_uuids)):
            query = _SHOWING.where(_entry.tenant_id == self.tenant_id, _entry.entry_uuid.in_(portion))
            numbers.update(connection.scalars(query))
        return [each for each in self.consents if each.number in numbers]

    def patients_of(self, connection: Connection, entry_uuids: Sequence[str]) -> Sequence[str]:
        """Return the patients, as CX, whose document entries these are, given as `urn:uuid:…`."""
        portioned = portions(uuids(entry_uuids))
        found = (self._patients(connection, _entry.entry_uuid.in_(portion)) for portion in portioned)
        return sorted({each for portion in found for each in portion})

    def patients_with(self, connection: Connection, unique_id: str) -> Sequence[str]:
        """Return the patients, as CX, whose document has this uniqueId: one."""
        return sorted(set(self._patients(connection, _entry.unique_id == unique_id)))

    def _patients(self, connection: Connection, which: ColumnElement[bool]) -> Iterable[str]:
        query = select(_entry.patient_id).where(_entry.tenant_id == self.tenant_id, which, self.condition)
        return [each for each in connection.scalars(query) if each]

    def all_shown(self, connection: Connection, entry_uuids: Sequence[str]) -> bool:
        """Tell whether every one of these document entries is seen."""
        wanted = set(uuids(entry_uuids))
        seen: set[bytes] = set()
        for portion in portions(wanted):
            query = select(_entry.entry_uuid).where(
                _entry.tenant_id == self.tenant_id, _entry.entry_uuid.in_(portion), self.condition
            )
            seen.update(map(bytes, connection.scalars(query)))
        return seen == wanted

    def granted(self, connection: Connection, unique_id: str) -> Sequence[Consent]:
        """Return the consents that show a document; in an emergency none is needed.

        Raises:
            NothingVisible: it is not seen, or not there.
        """
        entries = (_entry.tenant_id == self.tenant_id, _entry.unique_id == unique_id)
        if self.everything:
            seen = select(_entry.id).where(*entries, self.condition)
            if connection.execute(seen.limit(1)).first() is None:
                raise NothingVisible
            return ()
        numbers = set(connection.scalars(_SHOWING.where(*entries)))
        consents = [each for each in self.consents if each.number in numbers]
        if not consents:
            raise NothingVisible
        return consents


@dataclass(frozen=True, slots=True)
class Shared:
    """A document that is shared with a person, for lists."""

    account: str
    """Whose it is."""
    consent_id: str
    unique_id: str
    created: str
    """creationTime of the document, as XDS writes it; may be empty."""
    size: int
    valid_until: datetime
    """UTC, naive."""


def visible(connection: Connection, tenant_id: int, reader: Reader, at: datetime) -> Visible:
    """Return what a reader sees of an account's documents.

    Args:
        connection: a transaction on the owner's rows.
        tenant_id: of the owner.
        reader: who asks.
        at: UTC, naive.
    """
    query = select(consent).where(
        is_open(tenant_id),
        consent.c.tenant_id == tenant_id,
        consent.c.recipient_kind == reader.kind.value,
        consent.c.recipient == reader.key,
        *_perhaps(at),
    )
    return Visible(tenant_id, granting(map(read_row, connection.execute(query)), reader, at))


def check(connection: Connection, tenant_id: int, reader: Reader, document_id: str, at: datetime) -> Consent:
    """Return a consent that shows a document to a reader: the one that holds longest.

    Args:
        connection: a transaction on the owner's rows.
        tenant_id: of the owner.
        reader: who asks.
        document_id: uniqueId.
        at: UTC, naive.

    Raises:
        NothingVisible: none does, or there is no such document.
    """
    consents = visible(connection, tenant_id, reader, at).granted(connection, document_id)
    return max(consents, key=lambda each: each.valid_until)


def shared_with(
    connection: Connection,
    readers: Sequence[Reader],
    at: datetime,
    owners: Sequence[int] | None = None,
    most: int = MOST,
) -> tuple[list[Shared], bool]:
    """Return the documents that accounts share with a person, newest consents first, and whether more are.

    Args:
        connection: a transaction on everybody's rows (`Database.everyone`).
        readers: the person, as patient and as somebody else's recipient.
        at: UTC, naive.
        owners: row numbers of the accounts; None: any.
        most: documents.
    """
    found: dict[tuple[str, str], Shared] = {}
    for reader in readers:
        for consents in _portions(_given(connection, reader, at, owners)):
            for shared in _documents(connection, consents):
                found.setdefault((shared.account, shared.unique_id), shared)
            if len(found) > most:
                return list(found.values())[:most], True
    return list(found.values()), False


def _given(
    connection: Connection, reader: Reader, at: datetime, owners: Sequence[int] | None
) -> Sequence[Consent]:
    query = select(consent).where(
        consent.c.recipient_kind == reader.kind.value, consent.c.recipient == reader.key, *_perhaps(at)
    )
    if owners is not None:
        query = query.where(consent.c.tenant_id.in_(owners))
    return granting(map(read_row, connection.execute(query.order_by(consent.c.number.desc()))), reader, at)


def _portions(consents: Sequence[Consent]) -> Iterator[Sequence[Consent]]:
    for start in range(0, len(consents), _PORTION):
        yield consents[start : start + _PORTION]


def _documents(connection: Connection, consents: Sequence[Consent]) -> Iterator[Shared]:
    given = {each.number: each for each in consents}
    number = consent_document.c.consent_number
    query: Any = (
        select(number, tenant.c.account, _entry.unique_id, _entry.created, document.c.size)
        .join_from(consent_document, registry_object, _SAME)
        .join(tenant, tenant.c.id == _entry.tenant_id)
        .join(
            document,
            (document.c.tenant_id == _entry.tenant_id) & (document.c.unique_id == _entry.unique_id),
        )
        .where(
            number.in_(list(given)),
            tenant.c.state == "active",
            _entry.kind == int(Object.DOCUMENT_ENTRY),
        )
        .order_by(number.desc(), _entry.id.desc())
    )
    for row in connection.execute(query):
        one = given[row.consent_number]
        yield Shared(row.account, one.id, row.unique_id, row.created or "", row.size, one.valid_until)


def _perhaps(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """What spares the database rows that cannot be granted; `granting` decides."""
    return consent.c.revoked_at.is_(None), consent.c.valid_from <= at, consent.c.valid_until > at
