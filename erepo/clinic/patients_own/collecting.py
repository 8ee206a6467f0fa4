"""Collecting: fetch, check, take in, read back, and only then tell the service that it need not keep it.

    octets here, SHA-256 equal → content durable → **commit**: document and ledger row → read back equal →
    the service is told → **commit**: the ledger knows that it was

A crash before the first commit: fetched again, the same octets are the same document. Between the commits:
the ledger knows the document, it is read back and the service told (again: that is idempotent). What cannot
be taken lies in `patients-own/refused` first, then the ledger, then the service hears why in general words.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.cda.attachments import embedded_files
from erepo.cda.header import is_cda
from erepo.clinic.chain.noting import PATIENT
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Received, Receiver, Status
from erepo.clinic.patients_own import ledger
from erepo.clinic.patients_own.errors import OwnDocumentDiffers, OwnDocumentRemoved
from erepo.clinic.patients_own.ledger import REFUSED, TAKEN, Entry
from erepo.clinic.patients_own.preparing import Prepared, prepare, reason_of
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.rest.patients_own import OwnDocument
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.content import FileContent, read_all
from erepo.durable import write_durably
from erepo.errors import ErepoError, IntegrityError, InvalidInput
from erepo.settings import Settings

#: Whom the history names for what patients brought, and where their documents come from.
ACTOR, ORIGIN = "patient", PATIENT
_UNKNOWN, _SETTLED = "own-document.unknown", "own-document.settled"


@dataclass(slots=True)
class Collected:
    """Counts of one collection; nothing in it tells a patient.

    Attributes:
        taken: new documents.
        known: those whose octets were here already.
        refused: put aside, by the code of the reason in `reasons`.
        failed: neither; the service keeps them for the next time.
        told: how many the service was told about.
        reasons: how often each code was the reason.
    """

    taken: int = 0
    known: int = 0
    refused: int = 0
    failed: int = 0
    told: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        counts = {name: getattr(self, name) for name in ("taken", "known", "refused", "failed", "told")}
        return counts | {"reasons": dict(self.reasons)}


@dataclass(frozen=True)
class Collector:
    """What collecting works with.

    Attributes:
        client: of the account's REST services, with a person.
        account: 16 digits.
        database: the clinic's.
        settings: home and limits.
    """

    client: AccountClient
    account: str
    database: Database
    settings: Settings

    @property
    def aside(self) -> Path:
        """Where refused ones lie, under the service's names for them."""
        return self.settings.clinic_home / "patients-own" / "refused"


def collect(desk: Collector) -> Collected:
    """Collect what waits; one that cannot be taken never stops the others. May be repeated at any moment.

    Args:
        desk: see there.

    Returns:
        What became of all.

    Raises:
        RetryableError, RemoteRefused: the service does not answer, or not us; what was taken stays.
        OSError: our own disk refused; the service keeps what was not taken.
    """
    done, store, seen = Collected(), ContentStore.at(desk.settings), set[str]()
    for offer in _offers(desk):
        seen.add(offer.id)
        _one(desk, store, offer, done)
    with desk.database.read() as connection:
        left = [one for one in ledger.unsettled(connection, desk.account) if one.id not in seen]
    for entry in left:  # the answer was lost, or we were ended before it came
        _guarded(desk, store, entry, done)
    return done


def _offers(desk: Collector) -> Iterator[OwnDocument]:
    after = 0
    while True:
        page = desk.client.own_documents(after)
        yield from page.documents
        if not page.more:
            return
        after = page.next


def _one(desk: Collector, store: ContentStore, offer: OwnDocument, done: Collected) -> None:
    with desk.database.read() as connection:
        entry = ledger.find(connection, desk.account, offer.id)
    if entry is None:
        try:
            entry = _take(desk, store, offer, done)
        except (IntegrityError, ServiceRefusal) as error:
            _failed(done, error)
            return
    # Whatever the ledger says: what is offered is something that the service does not know to be here.
    _guarded(desk, store, entry, done)


def _guarded(desk: Collector, store: ContentStore, entry: Entry, done: Collected) -> None:
    """Settle one; what is damaged here keeps only itself from being confirmed."""
    try:
        _settle(desk, store, entry)
        done.told += 1
    except (IntegrityError, ServiceRefusal) as error:
        _failed(done, error)


def _failed(done: Collected, error: ErepoError) -> None:
    done.failed += 1
    code = error.data["code"] if isinstance(error, ServiceRefusal) else error.code
    done.reasons[str(code)] += 1


def _take(desk: Collector, store: ContentStore, offer: OwnDocument, done: Collected) -> Entry:
    """Bring one document here, or put it aside; when this returns the ledger knows it.

    Raises:
        OwnDocumentDiffers: other octets came than were announced.
        ServiceRefusal: the service does not give it, or not any more.
    """
    octets = _fetch(desk, store, offer)
    entry = Entry(desk.account, offer.id, offer.sha256, offer.size, TAKEN, offer.given_at)
    try:
        with desk.database.read() as connection:
            prepared = prepare(connection, desk.account, offer, octets, desk.settings.limits.document)
    except InvalidInput as error:
        return _put_aside(desk, entry, octets, error, done)
    return _take_in(desk, entry, octets, prepared, done)


def _fetch(desk: Collector, store: ContentStore, offer: OwnDocument) -> bytes:
    receiver = Receiver(store, offer.size)
    try:
        desk.client.own_document(offer.id, receiver.write)
        content, digests = receiver.finish()
    except InvalidInput:  # more octets than were announced, or none
        raise OwnDocumentDiffers(what="size") from None
    finally:
        receiver.abandon()
    try:
        if (digests.sha256, digests.size) != (offer.sha256, offer.size):
            raise OwnDocumentDiffers(what="hash")
        return content.path.read_bytes() if isinstance(content, Draft) else read_all(content)
    finally:
        if isinstance(content, Draft):
            store.discard(content)


def _take_in(desk: Collector, entry: Entry, octets: bytes, prepared: Prepared, done: Collected) -> Entry:
    def also(connection: sa.Connection, public_ids: Mapping[str, str]) -> None:
        # Empty where another process was quicker: the row is written below.
        for public_id in public_ids.values():
            ledger.keep(connection, replace(entry, public_id=public_id))

    received = Received.of(prepared.octets, prepared.known, actor=ACTOR, origin=ORIGIN)
    outcome = Intake.at(desk.database, desk.settings).take_received(received, also=also)
    if outcome.status is Status.REFUSED:
        reason = outcome.reason or InvalidInput()
        return _put_aside(desk, entry, octets, reason, done)
    if outcome.status is Status.TAKEN:
        done.taken += 1
    elif _is_removed(desk, outcome.public_id):
        return _put_aside(desk, entry, octets, OwnDocumentRemoved(), done)
    else:
        done.known += 1
        with desk.database.begin() as connection:
            ledger.keep(connection, replace(entry, public_id=outcome.public_id))
    return replace(entry, public_id=outcome.public_id)


def _is_removed(desk: Collector, public_id: str) -> bool:
    with desk.database.read() as connection:
        wanted = sa.select(document.c.state).where(document.c.public_id == public_id)
        return connection.scalar(wanted) == State.DELETED.value


def _put_aside(desk: Collector, entry: Entry, octets: bytes, error: ErepoError, done: Collected) -> Entry:
    write_durably(desk.aside / entry.id, [octets])
    entry = replace(entry, state=REFUSED, reason=reason_of(error), code=error.code)
    with desk.database.begin() as connection:
        ledger.keep(connection, entry)
    done.refused += 1
    done.reasons[error.code] += 1
    return entry


def _settle(desk: Collector, store: ContentStore, entry: Entry) -> None:
    """Prove that we have it, tell the service, and note that it knows.

    Raises:
        IntegrityError: what lies here is not what the patient gave: the service goes on keeping it.
        ServiceRefusal: the service holds something else to be true.
    """
    _prove(desk, store, entry)
    try:
        desk.client.settle_own_document(entry.id, entry.sha256, entry.reason)
    except ServiceRefusal as refusal:
        # It ended there without us, or was forgotten with a restored database: telling again helps nobody.
        if refusal.data["code"] not in (_UNKNOWN, _SETTLED):
            raise
    with desk.database.begin() as connection:
        ledger.note_settled(connection, entry)


def _prove(desk: Collector, store: ContentStore, entry: Entry) -> None:
    """Read back what will be the only copy.

    Raises:
        ContentDamaged, OwnDocumentDiffers: it is not equal.
    """
    if entry.state == REFUSED:
        kept = desk.aside / entry.id
        if not kept.is_file() or sha256(kept.read_bytes()).hexdigest() != entry.sha256:
            raise OwnDocumentDiffers(what="copy")
        return
    with desk.database.read() as connection:
        columns = (document.c.sha256, document.c.state)
        row = connection.execute(sa.select(*columns).where(document.c.public_id == entry.public_id)).one()
    if not State(row.state).keeps_content:
        return  # it is in the repository, read back from there before it was purged here
    store.check(row.sha256)
    octets = read_all(FileContent(store.path(row.sha256)))
    if not _holds(octets, entry.sha256):
        raise OwnDocumentDiffers(what="copy")


def _holds(octets: bytes, wanted: str) -> bool:
    """Tell whether a document is, or holds, the octets of a SHA-256."""
    if sha256(octets).hexdigest() == wanted:
        return True
    inside = embedded_files(octets, len(octets)) if is_cda(octets) else []
    return any(sha256(each.octets).hexdigest() == wanted for each in inside)
