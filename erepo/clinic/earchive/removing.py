"""Removing from the eArchiwum: metadata as a closed set (ITI-62), then octets (ITI-86); all of it or nothing.

The record of the removal is the commit point. Files and the words of older records go after it, those of a
crash when the archive is opened again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.index import blobs_of, obj, objects_where, read_rows
from erepo.clinic.earchive.records import Record
from erepo.xds.errors import RegistryError, failure
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.vocabulary import AssociationType, Xds


def remove_metadata(archive: Archive, entry_uuids: Sequence[str]) -> None:
    """Remove objects of the registry.

    Raises:
        XdsRefused: UnresolvedReferenceException, ReferencesExistException, XDSUnreferencedObjectException.
        FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: nothing was removed.
        StoringUnknown: it may have been removed; ask.
    """
    wanted = tuple(dict.fromkeys(entry_uuids))

    def draft(connection: sa.Connection, number: int) -> Record:
        errors = [*_check_closed(connection, wanted)]
        if errors:
            raise failure(errors)
        return Record(number, archive.stamp(), removed_objects=wanted)

    archive.change(draft)
    archive.clear()


def remove_documents(archive: Archive, requests: Sequence[DocumentRequest]) -> None:
    """Remove octets of documents.

    Raises:
        XdsRefused: XDSUnknownRepositoryId, XDSDocumentUniqueIdError.
        FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: nothing was removed.
        StoringUnknown: they may have been removed; ask.
    """
    repository = archive.place.mark.repository_unique_id
    strange = [one for one in requests if one.repository_unique_id != repository]
    if strange:
        ids = [one.document_unique_id for one in strange]
        raise failure([RegistryError(Xds.UNKNOWN_REPOSITORY, "no such id", location=one) for one in ids])
    wanted = tuple(dict.fromkeys(one.document_unique_id for one in requests))

    def draft(connection: sa.Connection, number: int) -> Record:
        known = blobs_of(connection, wanted)
        missing = [one for one in wanted if one not in known]
        if missing:
            raise failure([RegistryError(Xds.DOCUMENT_UNIQUE_ID, one, location=one) for one in missing])
        return Record(number, archive.stamp(), removed_documents=wanted)

    archive.change(draft)
    archive.clear()


def _check_closed(connection: sa.Connection, wanted: Sequence[str]) -> Iterator[RegistryError]:
    going = {row.entry_uuid: row for row in objects_where(connection, obj.c.entry_uuid, wanted)}
    unknown = [one for one in wanted if one not in going]
    if unknown:
        yield from (RegistryError(Xds.UNRESOLVED_REFERENCE, one, location=one) for one in unknown)
        return
    for row in _touching(connection, wanted):
        if row.entry_uuid not in going:
            held = row.source if row.source in going else row.target
            yield RegistryError(Xds.REFERENCES_EXIST, held, location=held)
    yield from _check_left(connection, going)


def _check_left(connection: sa.Connection, going: dict[str, Any]) -> Iterator[RegistryError]:
    """No document or folder that stays loses its last submission set, and no set its last member."""
    ends = {end for row in going.values() for end in (row.source, row.target) if end} - going.keys()
    left = [row for row in objects_where(connection, obj.c.entry_uuid, ends) if row.kind != "associations"]
    links = read_rows(_touching(connection, [row.entry_uuid for row in left])).associations
    staying = [one for one in links if one.entry_uuid not in going and one.type == AssociationType.HAS_MEMBER]
    held = {one.source for one in staying} | {one.target for one in staying}
    for row in left:
        if row.entry_uuid not in held:
            yield RegistryError(Xds.UNREFERENCED_OBJECT, row.entry_uuid, location=row.entry_uuid)


def _touching(connection: sa.Connection, ids: Sequence[str]) -> list[Any]:
    rows = [*objects_where(connection, obj.c.source, ids), *objects_where(connection, obj.c.target, ids)]
    return list({row.id: row for row in rows}.values())
