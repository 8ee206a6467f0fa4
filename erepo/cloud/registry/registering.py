"""Plain submissions in bulk: documents that touch nothing registered before.

Checks against what is there, then inserts. The number of statements does not depend on the number of
submissions in the group (it does on the number of tenants). Submissions are judged in order, each seeing
those accepted before it in the same group. A refused one writes nothing; **a submission is atomic**.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from erepo.blobs.codec import Compressor
from erepo.cloud.registry.jobs import NewDocument, Outcome, Row, SubmissionJob
from erepo.cloud.registry.kinds import Kind
from erepo.cloud.registry.stamping import is_uuid
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.storage.places import INLINE
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

Item = TypeVar("Item")

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
_USED = select(_object.unique_id, _object.sha1, _object.size).where(
    _object.tenant_id == bindparam("tenant"), _object.unique_id.in_(_IDS), _object.unique_id.is_not(None)
)
_TAKEN = select(_object.entry_uuid).where(
    _object.tenant_id == bindparam("tenant"), _object.entry_uuid.in_(_IDS)
)
_STORED = select(_document.unique_id, _document.id, _document.sha1, _document.size, _document.sha256).where(
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
#: A uniqueId of these is used by no other object.
_UNIQUE = frozenset({Kind.SUBMISSION_SET, Kind.FOLDER})
_INSERT = {each: insert(each) for each in (document, document_octets, registry_object, object_value)}


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document that is there."""

    id: int
    sha1: str
    size: int
    sha256: str


@dataclass(slots=True)
class State:
    """What a tenant has, as far as the group asks; grows as submissions are accepted."""

    used_bytes: int
    used_documents: int
    limit_bytes: int
    limit_documents: int
    used: set[str] = field(default_factory=set)
    """uniqueIds of objects of any kind."""
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)
    """SHA-1 and size by the uniqueId of document entries, wherever their octets are."""
    uuids: set[bytes] = field(default_factory=set)
    documents: dict[str, _Stored] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)
    grown: bool = False


@dataclass(slots=True)
class Inserts:
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
        """See `prepare`."""
        prepare(job, self._numbers, self._compressor)

    def apply(self, connection: Connection, jobs: Sequence[SubmissionJob]) -> list[Outcome]:
        """Judge and write a run of submissions; the accounts are locked by the caller."""
        states = load_states(connection, jobs)
        inserts = Inserts()
        outcomes = [_register(states[job.tenant_id], job, inserts) for job in jobs]
        write(connection, inserts, states)
        return outcomes


def prepare(job: SubmissionJob, numbers: Numbers, compressor: Compressor) -> None:
    """Compress what goes into the database and give numbers; both take time before the lock.

    What fails in between may be done again: an object is changed only when nothing can fail any more.
    """
    if job.prepared:
        return
    packed = [compressor.compress(row["xml"]) for row in job.objects]
    for each in job.documents:
        pack(compressor, each)
    job.numbers = numbers.take(len(job.objects) + len(job.documents))
    for row, xml in zip(job.objects, packed, strict=True):
        row["xml"] = xml
    _number(job)
    job.prepared = True


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
        for end in ("source_object", "target_object"):
            if row[end] is not None:
                row[end] += start
    for value in job.values:
        value["object_id"] += start


def load_states(connection: Connection, jobs: Sequence[SubmissionJob]) -> dict[int, State]:
    """Read what these jobs need to know of their accounts."""
    groups: dict[int, list[SubmissionJob]] = {}
    for job in jobs:
        groups.setdefault(job.tenant_id, []).append(job)
    rows = connection.execute(_TENANTS, {"tenants": sorted(groups)})
    states = {row.id: State(*row[1:]) for row in rows}
    for tenant_id, group in groups.items():
        _load_known(connection, tenant_id, group, states[tenant_id])
    return states


def _load_known(connection: Connection, tenant_id: int, jobs: Sequence[SubmissionJob], state: State) -> None:
    asked = {row["unique_id"] for job in jobs for row in job.objects} - {None}
    for some in slices(asked):
        for row in connection.execute(_USED, {"tenant": tenant_id, "ids": some}):
            state.used.add(row.unique_id)
            if row.sha1 is not None:
                state.entries[row.unique_id] = (row.sha1, row.size)
    for some in slices({each for job in jobs for each in job.given}):
        state.uuids.update(connection.scalars(_TAKEN, {"tenant": tenant_id, "ids": some}))
    for some in slices({job.patient_id for job in jobs if job.known_patients_only}):
        state.patients.update(connection.scalars(_PATIENTS, {"tenant": tenant_id, "ids": some}))
    names = {each.unique_id for job in jobs for each in job.documents}
    for some in slices(names.union(*(job.kept_here for job in jobs))):
        for row in connection.execute(_STORED, {"tenant": tenant_id, "ids": some}):
            state.documents[row.unique_id] = _Stored(*row[1:])


def slices(items: Iterable[Item], size: int = 5_000) -> Iterator[list[Item]]:
    """Yield lists that one statement can take: SQLite knows 32,766 variables."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _register(state: State, job: SubmissionJob, inserts: Inserts) -> Outcome:
    new = new_documents(state, job)
    errors = check_known(state, job) or check_quota(state, new)
    if errors:
        return Outcome(tuple(errors), tuple(each.blob_key for each in job.documents if each.blob_key))
    accept(state, job, inserts)
    known = [each for each in job.documents if each not in new]
    return Outcome(unused=tuple(each.blob_key for each in known if each.blob_key))


def new_documents(state: State, job: SubmissionJob) -> list[NewDocument]:
    """Return the documents of a job that are not there yet."""
    return [each for each in job.documents if each.unique_id not in state.documents]


def check_known(state: State, job: SubmissionJob) -> list[RegistryError]:
    """Hold a submission against the ids that are there, and the octets that belong to them."""
    return [*check_ids(state, job), *_check_octets(state, job)]


def check_ids(state: State, job: SubmissionJob) -> list[RegistryError]:
    """Hold a submission against the patients and ids that are there."""
    errors = []
    if job.known_patients_only and job.patient_id not in state.patients:
        errors.append(RegistryError(Xds.UNKNOWN_PATIENT, job.patient_id, location=_set_of(job)))
    for name, row in zip(job.ids, job.objects, strict=True):
        if row["unique_id"] in job.once and row["unique_id"] in state.used and row["kind"] in _UNIQUE:
            errors.append(RegistryError(Xds.DUPLICATE_UNIQUE_ID, row["unique_id"], location=name))
    if not state.uuids.isdisjoint(job.given):
        places = zip(job.ids, job.objects, strict=True)
        taken = [name for name, row in places if row["entry_uuid"] in state.uuids and is_uuid(name)]
        context = "an entryUUID is registered already"
        errors += [RegistryError(Xds.REGISTRY_METADATA, context, location=each) for each in taken]
    return errors


def _set_of(job: SubmissionJob) -> str:
    kinds = zip(job.ids, job.objects, strict=True)
    return next(name for name, row in kinds if row["kind"] == Kind.SUBMISSION_SET)


def _check_octets(state: State, job: SubmissionJob) -> Iterator[RegistryError]:
    """Hold hash and size of documents against those that have the same uniqueId (TF-2 3.42.4.1.3.3.4)."""
    sha256 = {each.unique_id: each.digests.sha256 for each in job.documents}
    for name, row in zip(job.ids, job.objects, strict=True):
        unique_id, sha1, size = row["unique_id"], row["sha1"], row["size"]
        if sha1 is None:
            continue
        known, stored = state.entries.get(unique_id), state.documents.get(unique_id)
        others = [each for each in (known, (stored.sha1, stored.size) if stored else None) if each]
        if any(each[1] != size for each in others):
            yield RegistryError(Xds.NON_IDENTICAL_SIZE, unique_id, location=name)
        other = stored is not None and sha256.get(unique_id, stored.sha256) != stored.sha256
        if other or any(each[0] != sha1 for each in others):
            yield RegistryError(Xds.NON_IDENTICAL_HASH, unique_id, location=name)


def check_quota(state: State, new: Sequence[NewDocument]) -> list[RegistryError]:
    """Hold new documents against the account's limits."""
    return [*_over_quota(state, new)] if new else []


def _over_quota(state: State, new: Sequence[NewDocument]) -> Iterator[RegistryError]:
    size = sum(each.digests.size for each in new)
    if state.used_documents + len(new) > state.limit_documents:
        limit, used = state.limit_documents, state.used_documents
        cause = f"the account's limit of {limit} documents is reached ({used} used)"
        yield RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, cause)
    if state.used_bytes + size > state.limit_bytes:
        cause = f"the account's limit of {state.limit_bytes} bytes is reached ({state.used_bytes} used)"
        yield RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, cause)


def accept(state: State, job: SubmissionJob, inserts: Inserts) -> None:
    """Note the rows of a submission that was judged good, and what later ones must know of it."""
    new = new_documents(state, job)
    numbers = iter(job.numbers[len(job.objects) :])
    for each in new:
        number = next(numbers)
        digests = each.digests
        state.documents[each.unique_id] = _Stored(number, digests.sha1, digests.size, digests.sha256)
        inserts.documents.append(_document_row(job, each, number))
        if each.octets is not None:
            inserts.octets.append({"document_id": number, "tenant_id": job.tenant_id, "octets": each.octets})
    here = {each.unique_id for each in job.documents} | job.kept_here
    for row in job.objects:
        unique_id = row["unique_id"]
        if unique_id is not None:
            state.used.add(unique_id)
        if row["sha1"] is not None:
            state.entries[unique_id] = (row["sha1"], row["size"])
            stored = state.documents.get(unique_id) if unique_id in here else None
            if stored is not None:
                # A copy: the job must stay as it is, in case the transaction is undone.
                row = {**row, "document_id": stored.id}  # noqa: PLW2901
        inserts.objects.append(row)
    inserts.values.extend(job.values)
    if new:
        state.used_documents += len(new)
        state.used_bytes += sum(each.digests.size for each in new)
        state.grown = True
    state.uuids.update(job.given)


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


def write(connection: Connection, inserts: Inserts, states: dict[int, State]) -> None:
    """Write the rows of a run."""
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
