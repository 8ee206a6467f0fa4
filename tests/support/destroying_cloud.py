"""The model of a repository with the rules of removal that destruction leans on."""

from collections.abc import Sequence
from dataclasses import dataclass

from erepo.errors import RemoteUnavailable
from erepo.xds.errors import RegistryError, failure
from erepo.xds.iti18 import QueryResult, StoredQuery
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.model import Association, MetadataSet
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import AssociationType, ResponseStatus, Xds
from tests.support.fake_cloud import ADDRESS, FakeCloud


@dataclass
class RemovingCloud(FakeCloud):
    """ITI-62 and ITI-86 of a `FakeCloud`; a submission goes with its last entry."""

    async def query(self, query: StoredQuery) -> QueryResult:
        """Answer with associations; the rest as before."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        if query.id == QueryId.GET_ASSOCIATIONS:
            wanted = set(query.values("$uuid"))
            links = [one for one in (*self.links, *self._members()) if wanted & {one.source, one.target}]
            return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet((), (), (), tuple(links)), ())
        return await super().query(query)

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Give documents back; name what is not there."""
        found = await super().retrieve(requests)
        absent = [one.document_unique_id for one in requests if one.document_unique_id not in self.octets]
        errors = tuple(RegistryError(Xds.DOCUMENT_UNIQUE_ID, "", location=one) for one in absent)
        return RetrieveResult(found.status, errors, found.documents)

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove a closed set."""
        going = set(entry_uuids)
        links = [*self.links, *self._members()]
        if any({one.source, one.target} & going and one.entry_uuid not in going for one in links):
            raise failure([RegistryError(Xds.REFERENCES_EXIST, "")])
        self.links = [one for one in self.links if one.entry_uuid not in going]
        self.entries = {name: one for name, one in self.entries.items() if name not in going}

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets; none if one of them is not there."""
        absent = [one.document_unique_id for one in requests if one.document_unique_id not in self.octets]
        if absent:
            raise failure([RegistryError(Xds.DOCUMENT_UNIQUE_ID, "", location=one) for one in absent])
        for one in requests:
            del self.octets[one.document_unique_id]

    def _members(self) -> list[Association]:
        return [
            Association(
                entry_uuid=f"member of {name}",
                type=AssociationType.HAS_MEMBER,
                source=self.sets[own].entry_uuid,
                target=name,
            )
            for name, (own, _) in self.entries.items()
        ]
