"""The model of a repository, with removal: closed sets whole or not at all, octets only of what is there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from erepo.content import MemoryContent
from erepo.errors import RemoteUnavailable
from erepo.xds.errors import RegistryError, XdsRefused
from erepo.xds.iti18 import OBJECT_REF, QueryResult, StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument, RetrieveResult
from erepo.xds.model import Association, MetadataSet, new_entry_uuid
from erepo.xds.queries import DOCUMENT_UNIQUE_ID, DOCUMENT_UUID, QueryId
from erepo.xds.vocabulary import AssociationType, ResponseStatus, Xds
from tests.support.fake_cloud import ADDRESS, FakeCloud


@dataclass
class RemovingCloud(FakeCloud):
    """A repository that also removes, and gives every submission set its associations.

    Attributes:
        members: every membership, by its id; replacements stand in `links`.
        removed: uniqueIds whose octets were removed, in order.
        spoilt: octets given out instead of the stored ones, by uniqueId.
        guard: called with the uniqueIds of documents whose entries or octets are about to go.
    """

    members: dict[str, Association] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    spoilt: dict[str, bytes] = field(default_factory=dict)
    guard: Callable[[Sequence[str]], None] = lambda _: None

    @property
    def associations(self) -> dict[str, Association]:
        """Every association, by its id."""
        return self.members | {one.entry_uuid: one for one in self.links}

    def store(self, submission: Submission) -> None:
        """Store, with a membership for each document."""
        super().store(submission)
        own = f"urn:set:{submission.submission_set.unique_id}"
        for entry, _ in submission.entries:
            one = Association(
                entry_uuid=new_entry_uuid(),
                type=AssociationType.HAS_MEMBER,
                source=own,
                target=entry.entry_uuid,
            )
            self.members[one.entry_uuid] = one

    async def query(self, query: StoredQuery) -> QueryResult:
        """Answer what removing asks; the rest as before."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        if query.id == QueryId.GET_ASSOCIATIONS:
            wanted = set(query.values("$uuid"))
            found = tuple(one for one in self.associations.values() if {one.source, one.target} & wanted)
            return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(associations=found), ())
        if query.id != QueryId.GET_DOCUMENTS or not (
            query.return_type == OBJECT_REF or query.values(DOCUMENT_UUID)
        ):
            return await super().query(query)
        names, ids = set(query.values(DOCUMENT_UNIQUE_ID)), set(query.values(DOCUMENT_UUID))
        entries = [one for _, one in self.entries.values() if one.unique_id in names or one.entry_uuid in ids]
        refs = tuple(one.entry_uuid for one in entries)
        if query.return_type == OBJECT_REF:
            return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(), refs)
        return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(documents=tuple(entries)), ())

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove a closed set."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        going = set(entry_uuids)
        sets = {f"urn:set:{name}": name for name in self.sets}
        if going - self.entries.keys() - self.associations.keys() - sets.keys():
            raise _refused(Xds.UNRESOLVED_REFERENCE)
        staying = [one for name, one in self.associations.items() if name not in going]
        if any({one.source, one.target} & going for one in staying):
            raise _refused(Xds.REFERENCES_EXIST)
        if set(sets) - going - {one.source for one in staying}:
            raise _refused(Xds.UNREFERENCED_OBJECT)
        self.guard([self.entries[name][1].unique_id for name in going if name in self.entries])
        for name in going:
            self.entries.pop(name, None)
            self.members.pop(name, None)
            self.sets.pop(sets.get(name, ""), None)
        self.links = [one for one in self.links if one.entry_uuid not in going]

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets, all or none."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        names = [one.document_unique_id for one in requests]
        if missing := [name for name in names if name not in self.octets]:
            raise _refused(Xds.DOCUMENT_UNIQUE_ID, *missing)
        self.guard(names)
        for name in names:
            del self.octets[name]
            self.removed.append(name)

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Give documents back, and name those that are not there."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        names = [one.document_unique_id for one in requests]
        there = {
            **self.octets,
            **{name: octets for name, octets in self.spoilt.items() if name in self.octets},
        }
        found = tuple(
            RetrievedDocument(self.repository_unique_id, name, "text/xml", MemoryContent(there[name]))
            for name in names
            if name in there
        )
        missing = (name for name in names if name not in there)
        errors = tuple(RegistryError(Xds.DOCUMENT_UNIQUE_ID, "", location=name) for name in missing)
        return RetrieveResult(ResponseStatus.SUCCESS, errors, found)


def _refused(code: Xds, *locations: str) -> XdsRefused:
    return XdsRefused([RegistryError(code, "", location=one) for one in locations or ("",)])
