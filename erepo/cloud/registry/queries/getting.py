"""Stored queries that begin with ids (TF-2 3.18.4.1.2.3.7.5 to .13): they return objects of any status.

A uniqueId may belong to several document entries (TF-3 4.1.4), among them earlier versions: all are meant.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from erepo.cloud.registry.kinds import Kind
from erepo.cloud.registry.queries.conditions import CONTENTS, DE, DOCUMENTS, FD, SS, filters, types
from erepo.cloud.registry.queries.finding import Handler, Rows
from erepo.cloud.registry.queries.reading import Condition, Found, Reader
from erepo.xds.iti18 import StoredQuery
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import AssociationType

_MEMBER = (str(AssociationType.HAS_MEMBER),)


def _named(reader: Reader, query: StoredQuery, kind: Kind, prefix: str, *conditions: Condition) -> Found:
    """Return the objects that the query names by one of the two kinds of id."""
    return reader.by_ids(
        kind,
        *conditions,
        entry_uuids=query.values(f"{prefix}EntryUUID"),
        unique_ids=query.values(f"{prefix}UniqueId"),
    )


def _narrowed(reader: Reader, query: StoredQuery) -> tuple[Condition, ...]:
    return types(query), *filters(reader, query, DOCUMENTS, CONTENTS)


def _get_documents(reader: Reader, query: StoredQuery) -> Rows:
    return [*_named(reader, query, Kind.DOCUMENT_ENTRY, DE).values()]


def _get_folders(reader: Reader, query: StoredQuery) -> Rows:
    return [*_named(reader, query, Kind.FOLDER, FD).values()]


def _get_associations(reader: Reader, query: StoredQuery) -> Rows:
    return [*reader.touching(reader.numbers_of(query.values("$uuid"))).values()]


def _get_documents_and_associations(reader: Reader, query: StoredQuery) -> Rows:
    documents = _named(reader, query, Kind.DOCUMENT_ENTRY, DE)
    return [*documents.values(), *reader.touching(documents).values()]


def _get_submission_sets(reader: Reader, query: StoredQuery) -> Rows:
    links = reader.links_to(reader.numbers_of(query.values("$uuid")), _MEMBER)
    sets = reader.by_numbers(Kind.SUBMISSION_SET, (link.source_object for link in links.values()))
    # Folders have members too: their associations are not asked for.
    return [*sets.values(), *(link for link in links.values() if link.source_object in sets)]


def _get_submission_set_and_contents(reader: Reader, query: StoredQuery) -> Rows:
    sets = _named(reader, query, Kind.SUBMISSION_SET, SS)
    links = reader.links_from(sets, _MEMBER)
    ends = [link.target_object for link in links.values()]
    documents = reader.by_numbers(Kind.DOCUMENT_ENTRY, ends, *_narrowed(reader, query))
    folders = reader.by_numbers(Kind.FOLDER, ends)
    kept = sets | documents | folders
    inner = _inner_links(reader, sets, links, kept)
    kept |= inner
    return [*kept.values(), *(link for link in links.values() if link.target_object in kept)]


def _inner_links(reader: Reader, sets: Found, links: Found, kept: Found) -> Found:
    """Return associations of the submission between two objects that are returned.

    They are linked to the submission set; between a folder or document and a document that came with it,
    many clients leave that link out: what was registered at the same moment came in the same submission.
    """
    moments = {row.registered_at for row in sets.values()}
    members = {link.target_object for link in links.values()}
    return {
        number: link
        for number, link in reader.links_from(each for each in kept if each not in sets).items()
        if link.target_object in kept and (number in members or link.registered_at in moments)
    }


def _get_folder_and_contents(reader: Reader, query: StoredQuery) -> Rows:
    folders = _named(reader, query, Kind.FOLDER, FD)
    links = reader.links_from(folders, _MEMBER)
    ends = (link.target_object for link in links.values())
    documents = reader.by_numbers(Kind.DOCUMENT_ENTRY, ends, *_narrowed(reader, query))
    kept = [link for link in links.values() if link.target_object in documents]
    return [*folders.values(), *documents.values(), *kept]


def _get_folders_for_document(reader: Reader, query: StoredQuery) -> Rows:
    links = reader.links_to(_named(reader, query, Kind.DOCUMENT_ENTRY, DE), _MEMBER)
    return [*reader.by_numbers(Kind.FOLDER, (link.source_object for link in links.values())).values()]


def _get_related_documents(reader: Reader, query: StoredQuery) -> Rows:
    """The document asked about is among the results when anything is related to it, else nothing is."""
    links = reader.touching(_named(reader, query, Kind.DOCUMENT_ENTRY, DE), query.values("$AssociationTypes"))
    ends = [end for link in links.values() for end in _ends(link)]
    documents = reader.by_numbers(Kind.DOCUMENT_ENTRY, ends, types(query))
    kept = [link for link in links.values() if all(end in documents for end in _ends(link))]
    connected = {end for link in kept for end in _ends(link)}
    return [*(row for number, row in documents.items() if number in connected), *kept]


def _ends(link: Row[Any]) -> tuple[int, int]:
    return link.source_object, link.target_object


GETTERS: Mapping[str, Handler] = {
    QueryId.GET_DOCUMENTS: _get_documents,
    QueryId.GET_FOLDERS: _get_folders,
    QueryId.GET_ASSOCIATIONS: _get_associations,
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: _get_documents_and_associations,
    QueryId.GET_SUBMISSION_SETS: _get_submission_sets,
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: _get_submission_set_and_contents,
    QueryId.GET_FOLDER_AND_CONTENTS: _get_folder_and_contents,
    QueryId.GET_FOLDERS_FOR_DOCUMENT: _get_folders_for_document,
    QueryId.GET_RELATED_DOCUMENTS: _get_related_documents,
}
