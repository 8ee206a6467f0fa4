"""Changing what the eArchiwum has registered (ITI-57): a further replacement, or a status."""

import sqlalchemy as sa

from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.index import obj, objects_where, to_xml
from erepo.clinic.earchive.records import Record
from erepo.clinic.earchive.storing import check_links, normal_links, refuse, replaced_by
from erepo.xds.errors import RegistryError, failure
from erepo.xds.iti57 import NewAssociation, Operation, StatusChange, Update
from erepo.xds.model import MetadataSet
from erepo.xds.vocabulary import APPROVED, DEPRECATED, Xds


def update(archive: Archive, wanted: Update) -> None:
    """Register associations between documents that are there, and deprecate documents; all or nothing.

    The record of the change is the commit point. The update's own submission set is not kept: it holds no
    documents, and nothing asks for it.

    Raises:
        XdsRefused: by the rules of ITI-57, with the codes that the service answers with; operations that the
            clinic does not need are refused with XDSMetadataUpdateOperationError.
        FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: nothing was changed.
        StoringUnknown: it may have been changed; ask.
    """
    links = normal_links(one.association for one in wanted.operations if isinstance(one, NewAssociation))
    metadata = MetadataSet((wanted.submission_set,), (), (), links)
    ended = [_deprecated(one) for one in wanted.operations if not isinstance(one, NewAssociation)]

    def draft(connection: sa.Connection, number: int) -> Record:
        refuse([*check_links(connection, metadata), *_check_approved(connection, ended)])
        objects = to_xml(MetadataSet((), (), (), links)) if links else ""
        deprecates = tuple(dict.fromkeys([*replaced_by(connection, metadata), *ended]))
        return Record(number, archive.stamp(), objects, (), deprecates)

    archive.change(draft)


def _deprecated(operation: Operation) -> str:
    if isinstance(operation, StatusChange) and (operation.original, operation.new) == (APPROVED, DEPRECATED):
        return operation.target
    raise failure(
        [RegistryError(Xds.METADATA_UPDATE_OPERATION, "the eArchiwum deprecates and links, nothing else")]
    )


def _check_approved(connection: sa.Connection, ids: list[str]) -> list[RegistryError]:
    only = obj.c.kind == "documents"
    there = {row.entry_uuid: row.status for row in objects_where(connection, obj.c.entry_uuid, ids, only)}
    unknown = [RegistryError(Xds.UNRESOLVED_REFERENCE, one, location=one) for one in ids if one not in there]
    wrong = [one for one in ids if there.get(one, APPROVED) != APPROVED]
    return unknown + [
        RegistryError(Xds.METADATA_UPDATE_OPERATION, "the status is another", location=one) for one in wrong
    ]
