"""Plain submissions in bulk: documents that touch nothing registered before.

Checks against what is there, then inserts. The number of statements does not depend on the number of
submissions in the group (it does on the number of tenants). Submissions are judged in order, each seeing
those accepted before it in the same group. A refused one writes nothing; **a submission is atomic**.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from erepo.cloud.registry.jobs import NewDocument, Outcome, Row, SubmissionJob
from erepo.cloud.storage.blobs import INLINE
from erepo.cloud.storage.codec import Compressor
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.storage.tables import (
    document,
    document_octets,
    object_value,
    patient,
    registry_object,
    tenant,
)
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

# Made once: building a statement costs as much as running it.
_IDS: BindParameter[list[Any]] = bindparam("ids", expanding=True)
_object, _document = registry_object.c, document.c
_TENANTS = (
    select(
        tenant.c.id,
        tenant.c.used_bytes,
        tenant.c.used_documents,
        tenant.c.limit_bytes,
        tenant.c.limit_documents,
    )
    .where(tenant.c.id.in_(bindparam("tenants", expanding=True)))
    .order_by(tenant.c.id)
)
_USED = select(_object.unique_id).where(
    _object.tenant_id == bindparam("tenant"), _object.unique_id.in_(_IDS), _object.unique_id.is_not(None)
)
_TAKEN = select(_object.entry_uuid).where(
    _object.tenant_id == bindparam("tenant"), _object.entry_uuid.in_(_IDS)
)
_STORED = select(_document.unique_id, _document.id, _document.sha256, _document.size).where(
    _document.tenant_id == bindparam("tenant"), _document.unique_id.in_(_IDS)
)
_PATIENTS = select(patient.c.patient_id).where(
    patient.c.tenant_id == bindparam("tenant"), patient.c.patient_id.in_(_IDS)
)
_USE = (
    update(tenant)
    .where(tenant.c.id == bindparam("tenant"))
    .values(used_bytes=bindparam("used_bytes"), used_documents=bindparam("used_documents"))
)
_INSERT = {each: insert(each) for each in (document, document_octets, registry_object, object_value)}


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document that is there."""

    id: int
    sha256: str
    size: int


@dataclass(slots=True)
class _State:
    """What a tenant has, as far as the group asks; grows as submissions are accepted."""

    used_bytes: int
    used_documents: int
    limit_bytes: int
    limit_documents: int
    sets: set[str] = field(default_factory=set)
    uuids: set[bytes] = field(default_factory=set)
    documents: dict[str, _Stored] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)
    grown: bool = False


@dataclass(slots=True)
class _Inserts:
    """Rows of the whole group, by table."""

    documents: list[Row] = field(default_factory=list)
    octets: list[Row] = field(default_factory=list)
    objects: list[Row] = field(default_factory=list)
    values: list[Row] = field(default_factory=list)


class PlainSubmissions:
    """Prepares and writes submissions; used by the one thread of the writer."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._compressor = Compressor()

    def prepare(self, job: SubmissionJob) -> None:
        """Compress what goes into the database and give numbers; both take time before the lock."""
        if job.prepared:
            return
        for row in job.objects:
            row["xml"] = self._compressor.compress(row["xml"])
        for each in job.documents:
            pack(self._compressor, each)
        job.numbers = self._numbers.take(len(job.objects) + len(job.documents))
        _number(job)
        job.prepared = True

    def apply(self, connection: Connection, jobs: Sequence[SubmissionJob]) -> list[Outcome]:
        """Judge and write a run of submissions; the accounts are locked by the caller."""
        states = _load_states(connection, jobs)
        inserts = _Inserts()
        outcomes = [_register(states[job.tenant_id], job, inserts) for job in jobs]
        _write(connection, inserts, states)
        return outcomes


def pack(compressor: Compressor, each: NewDocument) -> None:
    """Bring octets that go into the database into their final form; smaller ones win."""
    if each.octets is None or each.packed:
        return
    packed = compressor.compress(each.octets)
    if len(packed) < len(each.octets):
        each.octets, each.coding = packed, "zstd"
    else:
        each.octets = bytes(each.octets)
    each.packed = True
    assert len(each.octets) <= INLINE


def _number(job: SubmissionJob) -> None:
    """Turn places into numbers."""
    start = job.numbers.start
    for place, row in enumerate(job.objects):
        row["id"] = start + place
        if row["source_object"] is not None:
            row["source_object"] += start
            row["target_object"] += start
    for value in job.values:
        value["object_id"] += start


def _load_states(connection: Connection, jobs: Sequence[SubmissionJob]) -> dict[int, _State]:
    groups: dict[int, list[SubmissionJob]] = {}
    for job in jobs:
        groups.setdefault(job.tenant_id, []).append(job)
    rows = connection.execute(_TENANTS, {"tenants": sorted(groups)})
    states = {row.id: _State(*row[1:]) for row in rows}
    for tenant_id, group in groups.items():
        _load_known(connection, tenant_id, group, states[tenant_id])
    return states


def _load_known(connection: Connection, tenant_id: int, jobs: Sequence[SubmissionJob], state: _State) -> None:
    sets = {job.set_unique_id for job in jobs}
    state.sets.update(connection.scalars(_USED, {"tenant": tenant_id, "ids": list(sets)}))
    given = {each for job in jobs for each in job.given}
    if given:
        state.uuids.update(connection.scalars(_TAKEN, {"tenant": tenant_id, "ids": list(given)}))
    asked = {job.patient_id for job in jobs if job.known_patients_only}
    if asked:
        state.patients.update(connection.scalars(_PATIENTS, {"tenant": tenant_id, "ids": list(asked)}))
    names = {each.unique_id for job in jobs for each in job.documents}
    if names:
        for row in connection.execute(_STORED, {"tenant": tenant_id, "ids": list(names)}):
            state.documents[row.unique_id] = _Stored(row.id, row.sha256, row.size)


def _register(state: _State, job: SubmissionJob, inserts: _Inserts) -> Outcome:
    new = [each for each in job.documents if each.unique_id not in state.documents]
    errors = [*_check_ids(state, job), *_check_documents(state, job.documents)]
    if not errors:
        errors = [*_check_quota(state, new)]
    if errors:
        return Outcome(tuple(errors), tuple(each.blob_key for each in job.documents if each.blob_key))
    _accept(state, job, new, inserts)
    known = [each for each in job.documents if each not in new]
    return Outcome(unused=tuple(each.blob_key for each in known if each.blob_key))


def _check_ids(state: _State, job: SubmissionJob) -> Iterable[RegistryError]:
    if job.known_patients_only and job.patient_id not in state.patients:
        yield RegistryError(Xds.UNKNOWN_PATIENT, job.patient_id)
    if job.set_unique_id in state.sets:
        yield RegistryError(Xds.DUPLICATE_UNIQUE_ID, job.set_unique_id)
    if state.uuids.intersection(job.given):
        yield RegistryError(Xds.REGISTRY_METADATA, "an entryUUID is registered already")


def _check_documents(state: _State, documents: Sequence[NewDocument]) -> Iterable[RegistryError]:
    for each in documents:
        stored = state.documents.get(each.unique_id)
        if stored is None:
            continue
        if stored.size != each.digests.size:
            yield RegistryError(Xds.NON_IDENTICAL_SIZE, each.unique_id, location=each.entry)
        if stored.sha256 != each.digests.sha256:
            yield RegistryError(Xds.NON_IDENTICAL_HASH, each.unique_id, location=each.entry)


def _check_quota(state: _State, new: Sequence[NewDocument]) -> Iterable[RegistryError]:
    size = sum(each.digests.size for each in new)
    if new and state.used_documents + len(new) > state.limit_documents:
        limit, used = state.limit_documents, state.used_documents
        cause = f"the account's limit of {limit} documents is reached ({used} used)"
        yield RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, cause)
    if new and state.used_bytes + size > state.limit_bytes:
        cause = f"the account's limit of {state.limit_bytes} bytes is reached ({state.used_bytes} used)"
        yield RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, cause)


def _accept(state: _State, job: SubmissionJob, new: Sequence[NewDocument], inserts: _Inserts) -> None:
    numbers = iter(job.numbers[len(job.objects) :])
    for each in new:
        number = next(numbers)
        state.documents[each.unique_id] = _Stored(number, each.digests.sha256, each.digests.size)
        inserts.documents.append(_document_row(job, each, number))
        if each.octets is not None:
            inserts.octets.append({"document_id": number, "tenant_id": job.tenant_id, "octets": each.octets})
    facts = {each.unique_id: _facts(state.documents[each.unique_id].id, each) for each in job.documents}
    # Copies: the job must stay as it is, in case the transaction is undone.
    inserts.objects.extend(row | facts.get(row["unique_id"], {}) for row in job.objects)
    inserts.values.extend(job.values)
    state.used_documents += len(new)
    state.used_bytes += sum(each.digests.size for each in new)
    state.grown = True
    state.sets.add(job.set_unique_id)
    state.uuids.update(job.given)


def _facts(number: int, each: NewDocument) -> Row:
    return {"document_id": number, "sha1": each.digests.sha1, "size": each.digests.size}


def _document_row(job: SubmissionJob, each: NewDocument, number: int) -> Row:
    return {
        "id": number,
        "tenant_id": job.tenant_id,
        "unique_id": each.unique_id,
        "sha1": each.digests.sha1,
        "sha256": each.digests.sha256,
        "size": each.digests.size,
        "mime_type": each.mime_type,
        "coding": each.coding,
        "blob_key": each.blob_key,
        "stored_at": job.objects[0]["registered_at"],
    }


def _write(connection: Connection, inserts: _Inserts, states: dict[int, _State]) -> None:
    for table, rows in (
        (document, inserts.documents),
        (document_octets, inserts.octets),
        (registry_object, inserts.objects),
        (object_value, inserts.values),
    ):
        if rows:
            connection.execute(_INSERT[table], rows)
    for tenant_id, state in states.items():
        if state.grown:
            usage = {"used_bytes": state.used_bytes, "used_documents": state.used_documents}
            connection.execute(_USE, {"tenant": tenant_id, **usage})
