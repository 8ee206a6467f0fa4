"""Stored queries answered by going through a list: slow, and plain enough to be believed (TF-2 3.18.4.1.2.3).

Nothing of this is shared with the service: parameters are read here as the profile's text says.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from erepo.xds.iti18 import OBJECT_REF, StoredQuery
from erepo.xds.model import Association, Author, Code, DocumentEntry, Folder, RegistryObject, SubmissionSet
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED
from tests.support.registry_rows import Registered

STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
Groups = Sequence[Sequence[str]]


class Refused(Exception):
    """The answer is an error of this code."""


@dataclass
class ReferenceRegistry:
    """One tenant's registry."""

    objects: Sequence[Registered]

    def ask(self, query: StoredQuery) -> set[str]:
        """Return the ids of the objects in the answer.

        Raises:
            Refused: with the code of the error.
        """
        found = _QUERIES[QueryId(query.id)](self, query)
        patients = {
            str(each.patient_id) for each in map(self.get, found) if not isinstance(each, Association)
        }
        by_id = query.id in _BY_ID
        if by_id and query.return_type != OBJECT_REF and len(patients) > 1:
            raise Refused("XDSResultNotSinglePatient")
        return found

    def get(self, identifier: str) -> RegistryObject:
        """Return an object by its entryUUID."""
        return next(each.model for each in self.objects if each.id == identifier)

    def of(self, kind: type) -> list[Registered]:
        """Return all objects of a kind."""
        return [each for each in self.objects if isinstance(each.model, kind)]

    @property
    def links(self) -> list[Association]:
        """All associations."""
        return [each.model for each in self.objects if isinstance(each.model, Association)]

    def submission(self, identifier: str) -> int:
        """Return the number of the submission that an object came in."""
        return next(each.submission for each in self.objects if each.id == identifier)


def _values(query: StoredQuery, name: str) -> list[str]:
    return [value for group in query.parameters.get(name, ()) for value in group]


def _status(query: StoredQuery, name: str, each: Registered) -> bool:
    known = [value for value in _values(query, name) if value in (APPROVED, DEPRECATED)]
    if not known:
        raise Refused("XDSStoredQueryMissingParam")
    return each.status in known


def _codes(query: StoredQuery, name: str, codes: Iterable[Code | None]) -> bool:
    """(a or b) and (c or d), for the codes of one attribute."""
    written = {f"{code.code}^^{code.scheme}" for code in codes if code}
    return all(any(value in written for value in group) for group in query.parameters.get(name, ()))


def _like(query: StoredQuery, name: str, texts: Iterable[str]) -> bool:
    known = list(texts)
    return all(
        any(_matches(pattern, text) for pattern in group for text in known)
        for group in query.parameters.get(name, ())
    )


def _matches(pattern: str, text: str) -> bool:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(letter) or re.escape(letter) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _moment(time: str) -> str:
    return time + "00000101000000"[len(time) :]


def _time(query: StoredQuery, name: str, time: str) -> bool:
    start, end = _values(query, f"{name}From"), _values(query, f"{name}To")
    if not time:
        return True
    return not (start and _moment(time) < _moment(start[0])) and not (
        end and _moment(time) >= _moment(end[0])
    )


def _persons(authors: Iterable[Author]) -> list[str]:
    return [str(author.person) for author in authors if author.person]


def _kept(query: StoredQuery, entry: DocumentEntry) -> bool:
    """What narrows the contents of folders and submission sets, and GetAll."""
    return (
        entry.object_type in (_values(query, "$XDSDocumentEntryType") or [STABLE])
        and _codes(query, "$XDSDocumentEntryFormatCode", [entry.format_code])
        and _codes(query, "$XDSDocumentEntryConfidentialityCode", entry.confidentiality)
    )


def _find_documents(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    name = "$XDSDocumentEntry"

    def wanted(each: Registered) -> bool:
        entry = each.model
        assert isinstance(entry, DocumentEntry)
        on_demand = entry.object_type == ON_DEMAND
        return (
            _status(query, f"{name}Status", each)
            and str(entry.patient_id) in _values(query, f"{name}PatientId")
            and _kept(query, entry)
            and _codes(query, f"{name}ClassCode", [entry.class_code])
            and _codes(query, f"{name}TypeCode", [entry.type_code])
            and _codes(query, f"{name}PracticeSettingCode", [entry.practice_setting])
            and _codes(query, f"{name}HealthcareFacilityTypeCode", [entry.facility_type])
            and _codes(query, f"{name}EventCodeList", entry.event_codes)
            and _like(query, f"{name}AuthorPerson", _persons(entry.authors))
            and _like(query, f"{name}ReferenceIdList", map(str, entry.reference_ids))
            and (on_demand or _time(query, f"{name}CreationTime", entry.creation_time))
            and _time(query, f"{name}ServiceStartTime", entry.service_start)
            and _time(query, f"{name}ServiceStopTime", entry.service_stop)
        )

    _check_status(query, f"{name}Status")
    return {each.id for each in registry.of(DocumentEntry) if wanted(each)}


def _check_status(query: StoredQuery, *names: str) -> None:
    for name in names:
        _status(query, name, Registered(DocumentEntry(entry_uuid="", unique_id="", patient_id=None)))  # type: ignore[arg-type]


def _find_sets(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    name = "$XDSSubmissionSet"

    def wanted(each: Registered) -> bool:
        one = each.model
        assert isinstance(one, SubmissionSet)
        sources = _values(query, f"{name}SourceId")
        return (
            _status(query, f"{name}Status", each)
            and str(one.patient_id) in _values(query, f"{name}PatientId")
            and (not sources or one.source_id in sources)
            and _time(query, f"{name}SubmissionTime", one.submission_time)
            and _like(query, f"{name}AuthorPerson", _persons(one.authors))
            and _codes(query, f"{name}ContentType", [one.content_type])
        )

    _check_status(query, f"{name}Status")
    return {each.id for each in registry.of(SubmissionSet) if wanted(each)}


def _find_folders(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    name = "$XDSFolder"

    def wanted(each: Registered) -> bool:
        folder = each.model
        assert isinstance(folder, Folder)
        return (
            _status(query, f"{name}Status", each)
            and str(folder.patient_id) in _values(query, f"{name}PatientId")
            and _time(query, f"{name}LastUpdateTime", folder.last_update_time)
            and _codes(query, f"{name}CodeList", folder.codes)
        )

    _check_status(query, f"{name}Status")
    return {each.id for each in registry.of(Folder) if wanted(each)}


def _touching(registry: ReferenceRegistry, ids: set[str]) -> set[str]:
    return {link.entry_uuid for link in registry.links if link.source in ids or link.target in ids}


def _get_all(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    found = set()
    kinds = (
        (DocumentEntry, "$XDSDocumentEntryStatus"),
        (SubmissionSet, "$XDSSubmissionSetStatus"),
        (Folder, "$XDSFolderStatus"),
    )
    _check_status(query, *(name for _, name in kinds))
    for kind, name in kinds:
        for each in registry.of(kind):
            model = each.model
            assert not isinstance(model, Association)
            of_patient = str(model.patient_id) in _values(query, "$patientId")
            narrowed = not isinstance(model, DocumentEntry) or _kept(query, model)
            if _status(query, name, each) and of_patient and narrowed:
                found.add(each.id)
    return found | _touching(registry, found)


def _named(registry: ReferenceRegistry, query: StoredQuery, kind: type, name: str) -> set[str]:
    uuids, unique_ids = _values(query, f"{name}EntryUUID"), _values(query, f"{name}UniqueId")
    return {
        each.id
        for each in registry.of(kind)
        if each.id in uuids or getattr(each.model, "unique_id", None) in unique_ids
    }


def _get_documents(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    return _named(registry, query, DocumentEntry, "$XDSDocumentEntry")


def _get_folders(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    return _named(registry, query, Folder, "$XDSFolder")


def _get_associations(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    return _touching(registry, set(_values(query, "$uuid")))


def _get_documents_and_associations(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    found = _get_documents(registry, query)
    return found | _touching(registry, found)


def _get_submission_sets(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    found = set()
    for link in registry.links:
        is_set = isinstance(registry.get(link.source), SubmissionSet)
        if link.type == MEMBER and link.target in _values(query, "$uuid") and is_set:
            found |= {link.entry_uuid, link.source}
    return found


def _get_set_and_contents(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    found = _named(registry, query, SubmissionSet, "$XDSSubmissionSet")
    if not found:
        return set()
    (own,) = found
    members = {link.target: link for link in registry.links if link.type == MEMBER and link.source == own}
    for target in members:
        model = registry.get(target)
        if isinstance(model, Folder) or (isinstance(model, DocumentEntry) and _kept(query, model)):
            found.add(target)
    both = {link.entry_uuid for link in registry.links if link.source in found and link.target in found}
    for identifier in both:
        came_along = registry.submission(identifier) == registry.submission(own)
        if registry.get(identifier).source != own and (identifier in members or came_along):  # type: ignore[union-attr]
            found.add(identifier)
    return found | {
        link.entry_uuid
        for link in registry.links
        if link.type == MEMBER and link.source == own and link.target in found
    }


def _get_folder_and_contents(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    folders = _get_folders(registry, query)
    found = set(folders)
    for link in registry.links:
        model = registry.get(link.target)
        kept = isinstance(model, DocumentEntry) and _kept(query, model)
        if link.type == MEMBER and link.source in folders and kept:
            found |= {link.entry_uuid, link.target}
    return found


def _get_folders_for_document(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    documents = _get_documents(registry, query)
    sources = {link.source for link in registry.links if link.type == MEMBER and link.target in documents}
    return {source for source in sources if isinstance(registry.get(source), Folder)}


def _get_related(registry: ReferenceRegistry, query: StoredQuery) -> set[str]:
    asked, found = _get_documents(registry, query), set()
    types = _values(query, "$XDSDocumentEntryType") or [STABLE]
    for link in registry.links:
        ends = [registry.get(end) for end in (link.source, link.target)]
        documents = all(isinstance(end, DocumentEntry) and end.object_type in types for end in ends)
        touches = link.source in asked or link.target in asked
        if touches and documents and link.type in _values(query, "$AssociationTypes"):
            found |= {link.entry_uuid, link.source, link.target}
    return found


_BY_ID: Mapping[QueryId, Callable[[ReferenceRegistry, StoredQuery], set[str]]] = {
    QueryId.GET_DOCUMENTS: _get_documents,
    QueryId.GET_FOLDERS: _get_folders,
    QueryId.GET_ASSOCIATIONS: _get_associations,
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: _get_documents_and_associations,
    QueryId.GET_SUBMISSION_SETS: _get_submission_sets,
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: _get_set_and_contents,
    QueryId.GET_FOLDER_AND_CONTENTS: _get_folder_and_contents,
    QueryId.GET_FOLDERS_FOR_DOCUMENT: _get_folders_for_document,
    QueryId.GET_RELATED_DOCUMENTS: _get_related,
}
_QUERIES: Mapping[QueryId, Callable[[ReferenceRegistry, StoredQuery], set[str]]] = {
    QueryId.FIND_DOCUMENTS: _find_documents,
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: _find_documents,
    QueryId.FIND_SUBMISSION_SETS: _find_sets,
    QueryId.FIND_FOLDERS: _find_folders,
    QueryId.GET_ALL: _get_all,
    **_BY_ID,
}
