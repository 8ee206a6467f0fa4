"""Taking a submission into the eArchiwum: all of it, durably, or nothing (ITI-41)."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from erepo.blobs.store import new_key
from erepo.clinic.archiving.errors import DescriptionUnusable
from erepo.clinic.earchive import index
from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.errors import FolderFaulty, StoringUnknown, typing
from erepo.clinic.earchive.index import blobs_of, obj, objects_where, to_xml
from erepo.clinic.earchive.records import Record, StoredBlob
from erepo.content import Content, digest
from erepo.errors import ErepoError
from erepo.xds.errors import RegistryError, failure
from erepo.xds.forms import is_entry_uuid
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import APPROVED, RELATIONSHIPS, AssociationType, Xds

#: The eArchiwum has one tenant.
_TENANT = 1
_REPLACING = frozenset({AssociationType.REPLACE, AssociationType.TRANSFORM_REPLACE})


def store(archive: Archive, submission: Submission) -> None:
    """Store a submission; durable when this returns.

    Raises:
        XdsRefused: by the rules of ITI-41 and ITI-42, with the codes that the service answers with.
        DescriptionUnusable: a value cannot be written as XML.
        FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: nothing was stored.
        StoringUnknown: it may have been stored; ask.
    """
    refuse([*_check_together(submission.registration())])
    put: list[StoredBlob] = []
    try:
        for entry, content in submission.entries:
            put.append(_put(archive, entry, content))
        metadata = _normal(archive, submission, put)
        try:
            objects = to_xml(metadata)
        except ValueError as error:
            raise DescriptionUnusable(problem=type(error).__name__) from None

        def draft(connection: sa.Connection, number: int) -> Record:
            known = blobs_of(connection, [one.unique_id for one in put])
            refuse([*_check_known(connection, metadata, known, put), *check_links(connection, metadata)])
            new = tuple(one for one in put if one.unique_id not in known)
            _check_there(archive, new)
            return Record(number, archive.stamp(), objects, new, tuple(replaced_by(connection, metadata)))

        record = archive.change(draft)
    except StoringUnknown:
        # Nobody knows whether a record names the octets: they stay.
        raise
    except Exception:
        _drop(archive, put)
        raise
    _drop(archive, [one for one in put if one not in record.blobs])


def refuse(errors: Sequence[RegistryError]) -> None:
    """Raise if there is any reason.

    Raises:
        XdsRefused: with all of them.
    """
    if errors:
        raise failure(errors)


def _put(archive: Archive, entry: DocumentEntry, content: Content) -> StoredBlob:
    """Write octets as they are: whoever has the folder can read a document without this program."""
    key = new_key(_TENANT)
    archive.place.check()
    with typing(archive.place.folder):
        archive.blobs.put(key, content.chunks())
        with contextlib.closing(archive.blobs.open(key)) as file:
            found = digest(_Read(file.read, content.size))
    blob = StoredBlob(entry.unique_id, key, found.sha1, found.sha256, found.size, entry.mime_type)
    errors = [
        RegistryError(Xds.REPOSITORY_METADATA, f"XDSDocumentEntry.{name} differs from the octets",
                      location=entry.entry_uuid)
        for name, given, real in (("hash", entry.hash.lower(), found.sha1), ("size", entry.size, found.size))
        if given not in ("", None, real)
    ]  # fmt: skip
    if errors:
        _drop(archive, [blob])
        raise failure(errors)
    return blob


class _Read:
    """What was written, read back: its fingerprint, not that of the memory it came from, goes on record."""

    def __init__(self, read: object, size: int) -> None:
        self._read, self.size = read, size

    def chunks(self) -> Iterator[bytes]:
        """Yield it once."""
        read = self._read
        assert callable(read)
        while chunk := read(1 << 20):
            yield chunk


def _normal(archive: Archive, submission: Submission, blobs: Sequence[StoredBlob]) -> MetadataSet:
    """Return the objects as a registry keeps them: approved, with hash, size, repository, first version."""
    found = submission.metadata()
    facts = {one.unique_id: one for one in blobs}
    repository = archive.place.mark.repository_unique_id
    documents = tuple(
        replace(
            one,
            hash=facts[one.unique_id].sha1,
            size=facts[one.unique_id].size,
            repository_unique_id=repository,
            status=APPROVED,
            lid=one.entry_uuid,
            version=1,
        )
        for one in found.documents
    )
    sets = tuple(
        replace(one, status=APPROVED, lid=one.entry_uuid, version=1) for one in found.submission_sets
    )
    folders = tuple(replace(one, status=APPROVED, lid=one.entry_uuid, version=1) for one in found.folders)
    return MetadataSet(sets, documents, folders, normal_links(found.associations))


def normal_links(links: Iterable[Association]) -> tuple[Association, ...]:
    """Return associations as a registry keeps them."""
    return tuple(replace(one, status=APPROVED, lid=one.entry_uuid, version=1) for one in links)


def _check_together(registration: Registration) -> Iterator[RegistryError]:
    own = registration.submission_set
    named: list[SubmissionSet | DocumentEntry | Folder] = [
        own,
        *registration.documents,
        *registration.folders,
    ]
    seen: set[str] = set()
    for one in named:
        if one.unique_id in seen:
            yield RegistryError(Xds.REPOSITORY_DUPLICATE_IN_MESSAGE, one.unique_id)
        seen.add(one.unique_id)
    ids = [one.entry_uuid for one in named] + [one.entry_uuid for one in registration.associations]
    if len(set(ids)) != len(ids):
        yield RegistryError(Xds.REGISTRY_METADATA, "two objects with one id")
    if not all(map(is_entry_uuid, ids)):
        yield RegistryError(Xds.REGISTRY_METADATA, "an id is no UUID")
    for one in named[1:]:
        if one.patient_id != own.patient_id:
            yield RegistryError(Xds.PATIENT_MISMATCH, "another patient", location=one.entry_uuid)


def _check_known(
    connection: sa.Connection,
    metadata: MetadataSet,
    known: Mapping[str, StoredBlob],
    put: Iterable[StoredBlob],
) -> Iterator[RegistryError]:
    """Hold a submission against the ids that are there, as the service does."""
    named = {one.unique_id: one.entry_uuid for one in metadata.submission_sets}
    named |= {one.unique_id: one.entry_uuid for one in metadata.folders}
    for row in objects_where(connection, obj.c.unique_id, list(named)):
        yield RegistryError(Xds.DUPLICATE_UNIQUE_ID, row.unique_id, location=named[row.unique_id])
    for row in objects_where(connection, obj.c.entry_uuid, _ids(metadata)):
        context = "an entryUUID is registered already"
        yield RegistryError(Xds.REGISTRY_METADATA, context, location=row.entry_uuid)
    entries = {one.unique_id: one.entry_uuid for one in metadata.documents}
    for blob in put:
        other = known.get(blob.unique_id)
        if other is not None and other.size != blob.size:
            yield RegistryError(Xds.NON_IDENTICAL_SIZE, blob.unique_id, location=entries[blob.unique_id])
        if other is not None and other.sha256 != blob.sha256:
            yield RegistryError(Xds.NON_IDENTICAL_HASH, blob.unique_id, location=entries[blob.unique_id])


def _ids(metadata: MetadataSet) -> set[str]:
    found = {one.entry_uuid for one in metadata.documents}
    found |= {one.entry_uuid for one in metadata.submission_sets}
    found |= {one.entry_uuid for one in metadata.folders}
    return found | {one.entry_uuid for one in metadata.associations}


def check_links(connection: sa.Connection, metadata: MetadataSet) -> Iterator[RegistryError]:
    """Hold relationships against what they point at: registered, approved, of the same patient."""
    here = _ids(metadata)
    ends = {end for one in metadata.associations for end in (one.source, one.target)} - here
    there = {row.entry_uuid: row for row in objects_where(connection, obj.c.entry_uuid, ends)}
    patient = str(metadata.submission_sets[0].patient_id)
    for one in metadata.associations:
        for end in (one.source, one.target):
            if end in here:
                continue
            if end not in there:
                yield RegistryError(Xds.UNRESOLVED_REFERENCE, end, location=one.entry_uuid)
            elif there[end].patient not in (None, patient):
                yield RegistryError(Xds.PATIENT_MISMATCH, "another patient", location=one.entry_uuid)
            elif one.type in RELATIONSHIPS and there[end].status != APPROVED:
                yield RegistryError(Xds.DEPRECATED_DOCUMENT, end, location=one.entry_uuid)


def replaced_by(connection: sa.Connection, metadata: MetadataSet) -> Iterator[str]:
    """Yield what a submission replaces, and what transforms or appends it (TF-2 3.42.4.1.3.3.3)."""
    edge = {one.target for one in metadata.associations if one.type in _REPLACING}
    new = {one.source for one in metadata.associations if one.type in _REPLACING}
    seen = set(new)
    while edge:
        seen |= edge
        yield from sorted(edge)
        rows = index.read_rows(objects_where(connection, obj.c.target, edge, obj.c.kind == "associations"))
        edge = {one.source for one in rows.associations if _grows(one)} - seen


def _grows(one: Association) -> bool:
    return one.type in (AssociationType.TRANSFORM, AssociationType.APPEND)


def _check_there(archive: Archive, blobs: Iterable[StoredBlob]) -> None:
    """A share that came back meanwhile hides what was written while it was away."""
    for one in blobs:
        with typing(archive.place.folder):
            found = archive.blobs.size(one.key)
        if found != one.size:
            folder = archive.place.folder
            raise FolderFaulty(folder=folder, problem=one.key, address=folder)


def _drop(archive: Archive, blobs: Iterable[StoredBlob]) -> None:
    """Remove octets that no record names; those that cannot be removed now are named by `check`."""
    with contextlib.suppress(OSError, ErepoError):
        for one in blobs:
            archive.blobs.delete(one.key)
