"""The one decision, over a generated matrix, against a slow reference that knows nothing of it."""

import contextlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from erepo.cloud.consents import Consent, Kind, NothingVisible, Reader, State, check, state_of, visible
from erepo.cloud.consents.decision import documents_seen
from erepo.cloud.consents.visibility import shared_with
from erepo.cloud.registry.kinds import Kind as Object
from erepo.cloud.registry.kinds import Status
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import document as document_table
from erepo.cloud.storage.tables import registry_object, tenant
from erepo.cloud.storage.tables_consents import consent, consent_document
from erepo.cloud.tenancy.tenants import suspend
from tests.support.audit import FIRST, SECOND, new_database

START = datetime.fromisoformat("2031-05-01T08:00:00")
SECOND_LONG = timedelta(seconds=1)
_OID = "2.16.840.1.113883.3.4424.1.1.616"
READERS = (
    Reader.account("0000000000002004"),
    Reader.account("0000000000003005"),
    Reader.patient(_OID, "80051212357"),
    Reader.person(_OID, "80051212357"),
    Reader.person(_OID, "44051401359"),
    Reader.provider(_OID, "80051212357"),
)
PATIENTS = (f"80051212357^^^&{_OID}&ISO", f"44051401359^^^&{_OID}&ISO")
DOCUMENTS = ("1.2.1", "1.2.2", "1.2.3", "1.2.4")
#: (from, until) in days behind START, revoked
WINDOWS = ((0, 7, False), (3, 10, False), (0, 7, True), (7, 8, False))
MOMENTS = sorted(
    {
        START + timedelta(days=day) + shift * SECOND_LONG
        for day in {edge for window in WINDOWS for edge in window[:2]}
        for shift in (-1, 0, 1)
    }
)


@dataclass(frozen=True)
class Row:
    """A consent in plain words."""

    tenant: int
    number: int
    reader: Reader
    patient: str
    window: tuple[int, int, bool]
    documents: tuple[str, ...]


def rows() -> Iterator[Row]:
    """Generate consents: every recipient with every window and patient, some documents each, two owners."""
    chosen = random.Random(6)
    combinations = itertools.product((FIRST, SECOND), READERS[:5], PATIENTS, WINDOWS)
    for number, (owner, reader, patient, window) in enumerate(combinations, 1):
        if chosen.random() < 0.7:
            documents = tuple(chosen.sample(DOCUMENTS, chosen.randint(1, 3)))
            yield Row(owner, number, reader, patient, window, documents)


ROWS = tuple(rows())
#: What the registry has: (owner, uniqueId) and whose it is; one document is registered nowhere.
REGISTERED = {
    (owner, unique_id): PATIENTS[place % 2]
    for owner in (FIRST, SECOND)
    for place, unique_id in enumerate(DOCUMENTS[:3])
}


def slow(owner: int, reader: Reader, moment: datetime) -> set[str]:
    """Say what a reader sees, one question after the other."""
    seen = set()
    for row in ROWS:
        for document in row.documents:
            first, last, revoked = row.window
            seconds = (moment - START).total_seconds()
            if row.tenant != owner or revoked:
                continue
            if (row.reader.kind, row.reader.key) != (reader.kind, reader.key):
                continue
            if seconds < first * 86400 or seconds >= last * 86400:
                continue
            if REGISTERED.get((owner, document)) == row.patient:
                seen.add(document)
    return seen


def given(row: Row) -> Consent:
    """Return a row as the decision takes it."""
    first, last, revoked = row.window
    start, end = START + timedelta(days=first), START + timedelta(days=last)
    documents = frozenset(row.documents)
    return Consent(
        row.number, str(row.number), row.tenant, row.patient, row.reader, start, end, revoked, documents
    )


def test_the_pure_decision() -> None:
    """Recipient, document, patient, time and revocation: exactly what the reference says."""
    granted = 0
    for owner, reader, moment in itertools.product((FIRST, SECOND), READERS, MOMENTS):
        pairs = documents_seen([given(row) for row in ROWS if row.tenant == owner], reader, moment)
        seen = {document for patient, document in pairs if REGISTERED.get((owner, document)) == patient}
        assert seen == slow(owner, reader, moment)
        granted += len(seen)
    assert granted > 100


def test_states_at_their_edges() -> None:
    """The first moment of the window is inside, the last outside; a revocation is for good."""
    row = Row(FIRST, 1, READERS[0], PATIENTS[0], (0, 7, False), DOCUMENTS)
    end = START + timedelta(days=7)
    told = [state_of(given(row), at) for at in (START - SECOND_LONG, START, end - SECOND_LONG, end)]
    assert told == [State.SCHEDULED, State.ACTIVE, State.ACTIVE, State.EXPIRED]
    revoked = given(Row(FIRST, 1, READERS[0], PATIENTS[0], (0, 7, True), DOCUMENTS))
    assert {state_of(revoked, at) for at in MOMENTS} == {State.REVOKED}


def an_account(number: int) -> dict[str, object]:
    """Return the row of an active account."""
    words = {"security": "wss", "patients": "open", "codes": "open", "users": "optional"}
    counts = dict.fromkeys(("limit_bytes", "limit_documents", "used_bytes", "used_documents"), 0)
    ids = {"repository_unique_id": f"1.2.{number}", "source_id": f"1.3.{number}"}
    account = {"id": number, "account": f"{number:016}", "state": "active", "created_at": START}
    return {**account, **words, **counts, **ids}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Database]:
    """A database with all consents and registered documents."""
    with new_database(tmp_path_factory.mktemp("consents"), stores) as opened:
        with opened.everyone("two accounts", write=True) as connection:
            for number in (FIRST, SECOND):
                connection.execute(insert(tenant), an_account(number))
        with opened.write(FIRST, SECOND) as connection:
            for number, ((owner, unique_id), patient) in enumerate(REGISTERED.items(), 1):
                entry = {
                    "id": number,
                    "tenant_id": owner,
                    "kind": int(Object.DOCUMENT_ENTRY),
                    "entry_uuid": number.to_bytes(16, "big"),
                    "lid": number.to_bytes(16, "big"),
                    "version": 1,
                    "status": int(Status.APPROVED),
                    "unique_id": unique_id,
                    "patient_id": patient,
                    "xml": b"",
                    "registered_at": START,
                }
                connection.execute(insert(registry_object), entry)
            for row in ROWS:
                each = given(row)
                values = {
                    "number": each.number,
                    "tenant_id": each.tenant_id,
                    "id": each.id,
                    "patient_id": each.patient,
                    "recipient_kind": each.recipient.kind.value,
                    "recipient": each.recipient.key,
                    "valid_from": each.valid_from,
                    "valid_until": each.valid_until,
                    "body": b"{}",
                    "signature": "-",
                    "signer": "-",
                    "created_at": START,
                    "revoked_at": START if each.revoked else None,
                }
                connection.execute(insert(consent), values)
                same = {"tenant_id": each.tenant_id, "patient_id": each.patient}
                documents = [
                    {**same, "consent_number": each.number, "unique_id": one} for one in row.documents
                ]
                connection.execute(insert(consent_document), documents)
        yield opened


def test_the_decision_in_the_database(database: Database) -> None:
    """What the condition finds, and what `check` grants, is what the reference says; never another's."""
    for owner, reader, moment in itertools.product((FIRST, SECOND), READERS, MOMENTS):
        wanted = slow(owner, reader, moment)
        with database.read(owner) as connection:
            view = visible(connection, owner, reader, moment)
            query = select(registry_object.c.unique_id)
            query = query.where(registry_object.c.tenant_id == owner, view.condition)
            assert set(connection.scalars(query)) == wanted
            checked = set()
            for document in (*DOCUMENTS, "9.9"):
                try:
                    found = check(connection, owner, reader, document, moment)
                except NothingVisible:
                    continue
                assert found.recipient == reader
                checked.add(document)
            assert checked == wanted


def test_a_closed_account_shows_nothing(database: Database) -> None:
    """What its operator has suspended shows nothing to anybody, also to whom a consent is open."""

    def shown(owner: int) -> bool:
        with database.read(owner) as connection:
            seen = [visible(connection, owner, reader, moment) for reader in READERS for moment in MOMENTS]
        return any(seen)

    assert shown(FIRST)
    with database.everyone("a test", write=True) as connection:
        suspend(connection, f"{FIRST:016}")
    try:
        assert (shown(FIRST), shown(SECOND)) == (False, True)
    finally:
        with database.everyone("a test", write=True) as connection:
            connection.execute(update(tenant).where(tenant.c.id == FIRST).values(state="active"))


def test_nobody_is_shown_what_is_not_stored(database: Database) -> None:
    """A person's list joins what is registered with what is stored: here nothing is."""
    with database.everyone("a person's documents") as connection:
        assert shared_with(connection, [READERS[2]], START) == ([], False)
    assert Kind.PROVIDER not in {row.reader.kind for row in ROWS}


class _Undone(Exception):
    """The test's rows go again."""


def stored(number: int, owner: int, unique_id: str) -> dict[str, object]:
    """Return the row of a document's octets."""
    ids = {"id": number, "tenant_id": owner, "unique_id": unique_id, "blob_key": "1/x", "stored_at": START}
    return {**ids, "sha1": "", "sha256": "", "size": number, "mime_type": "text/xml", "coding": "raw"}


def test_a_persons_list_is_what_is_decided_and_bounded(database: Database) -> None:
    """Of all accounts or of some, each document once; what is beyond the bound is said to be."""
    rows = [stored(number, *key) for number, key in enumerate(REGISTERED, 1)]
    with contextlib.suppress(_Undone), database.everyone("a person's documents", write=True) as connection:
        connection.execute(insert(document_table), rows)
        for reader, moment in itertools.product(READERS, MOMENTS):
            seen = {owner: slow(owner, reader, moment) for owner in (FIRST, SECOND)}
            wanted = {(f"{owner:016}", each) for owner, names in seen.items() for each in names}
            listed, more = shared_with(connection, [reader], moment)
            told = [(each.account, each.unique_id) for each in listed]
            assert (set(told), len(told), more) == (wanted, len(wanted), False)
            some, _ = shared_with(connection, [reader], moment, [SECOND])
            assert {each.unique_id for each in some} == seen[SECOND]
            first, more = shared_with(connection, [reader], moment, most=1)
            assert (len(first), more) == (min(len(wanted), 1), len(wanted) > 1)
        raise _Undone
