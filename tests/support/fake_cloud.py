"""A repository in memory that keeps the contract of `erepo.clinic.repository.Cloud`, with faults on demand.

It is the reference model of the crash tests: every rule of XDS that archiving leans on, in a few lines.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from erepo.clinic.archiving.errors import AccountMissing
from erepo.content import MemoryContent, digest
from erepo.errors import OutcomeUnknown, RemoteBusy, RemoteUnavailable
from erepo.settings import Settings
from erepo.soap.errors import BadRequestAnswer, ForbiddenAnswer
from erepo.xds.errors import RegistryError, XdsRefused, failure
from erepo.xds.iti18 import OBJECT_REF, QueryResult, StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument, RetrieveResult
from erepo.xds.iti57 import NewAssociation, StatusChange, Update
from erepo.xds.model import Association, DocumentEntry, MetadataSet, SubmissionSet
from erepo.xds.queries import DOCUMENT_UNIQUE_ID, DOCUMENT_UUID, SET_UNIQUE_ID, QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ResponseStatus

ADDRESS = {"address": "https://127.0.0.1:1"}

Fault = Callable[["FakeCloud", Submission], Awaitable[None]]


async def unreachable(cloud: "FakeCloud", submission: Submission) -> None:
    """Nothing arrives."""
    raise RemoteUnavailable(**ADDRESS)


async def lost_request(cloud: "FakeCloud", submission: Submission) -> None:
    """The request does not arrive, and the sender cannot know it."""
    raise OutcomeUnknown(**ADDRESS)


async def lost_answer(cloud: "FakeCloud", submission: Submission) -> None:
    """The request is processed, the answer is lost."""
    cloud.store(submission)
    raise OutcomeUnknown(**ADDRESS)


async def late(cloud: "FakeCloud", submission: Submission) -> None:
    """The connection breaks; the request is processed after the sender has asked about it."""
    cloud.late.append(submission)
    raise OutcomeUnknown(**ADDRESS)


async def busy(cloud: "FakeCloud", submission: Submission) -> None:
    """503."""
    raise RemoteBusy(**ADDRESS)


async def forbidden(cloud: "FakeCloud", submission: Submission) -> None:
    """403."""
    raise ForbiddenAnswer(status=403, **ADDRESS)


async def bad_request(cloud: "FakeCloud", submission: Submission) -> None:
    """400."""
    raise BadRequestAnswer(status=400, **ADDRESS)


def registry_says(code: str) -> Fault:
    """Refuse with an XDS code; the context holds what must never get out."""

    async def fault(cloud: "FakeCloud", submission: Submission) -> None:
        raise failure([RegistryError(code, "patient 44051401359")])

    return fault


@dataclass
class FakeCloud:
    """A repository with registry.

    Attributes:
        settings: of the sender.
        faults: taken from the front, one per submission sent; None or an empty list means none.
        rotten: uniqueIds of documents that are refused for good.
        sets: what was stored, by the submission's uniqueId.
        entries: every entry, by its id.
        late: requests still on their way.
        requests: uniqueIds of submissions, in the order they were sent.
        down: nobody answers, questions included.
    """

    settings: Settings
    source_id: str = "2.16.840.1.113883.3.4424.2.7.927722"
    repository_unique_id: str = "2.16.840.1.113883.3.4424.7.24.1"
    faults: list[Fault | None] = field(default_factory=list)
    rotten: set[str] = field(default_factory=set)
    sets: dict[str, SubmissionSet] = field(default_factory=dict)
    entries: dict[str, tuple[str, DocumentEntry]] = field(default_factory=dict)
    octets: dict[str, bytes] = field(default_factory=dict)
    links: list[Association] = field(default_factory=list)
    late: list[Submission] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    questions: int = 0
    down: bool = False

    async def provide(self, submission: Submission) -> None:
        """Store, or do what the next fault says."""
        self.requests.append(submission.submission_set.unique_id)
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            await fault(self, submission)
            return
        self.store(submission)

    def store(self, submission: Submission) -> None:
        """Store all or nothing, by the rules of ITI-41 and ITI-42."""
        own = submission.submission_set
        if own.unique_id in self.sets:
            raise _refused("XDSDuplicateUniqueIdInRegistry")
        patients = {entry.patient_id for entry, _ in submission.entries} | {own.patient_id}
        if len(patients) > 1:
            raise _refused("XDSPatientIdDoesNotMatch")
        for entry, content in submission.entries:
            found = digest(content)
            if (found.sha1, found.size) != (entry.hash, entry.size):
                raise _refused("XDSRepositoryMetadataError")
            if entry.entry_uuid in self.entries:
                raise _refused("XDSRegistryMetadataError")
            if entry.unique_id in self.rotten:
                raise _refused("InvalidDocumentContent")
        self._judge_links(submission.associations, own)
        self.sets[own.unique_id] = own
        for entry, content in submission.entries:
            self.entries[entry.entry_uuid] = (own.unique_id, replace(entry, status=APPROVED))
            self.octets[entry.unique_id] = b"".join(content.chunks())
        self._link(submission.associations)

    def _judge_links(self, links: Sequence[Association], own: SubmissionSet) -> None:
        """RPLC needs a registered, approved target, and one document replaces it (TF-2 3.42.4.1.3.3)."""
        targets = [one.target for one in links]
        for target in targets:
            if target not in self.entries:
                raise _refused("UnresolvedReferenceException")
            if self.entries[target][1].patient_id != own.patient_id:
                raise _refused("XDSPatientIdDoesNotMatch")
            if self.entries[target][1].status != APPROVED or targets.count(target) > 1:
                raise _refused("XDSRegistryDeprecatedDocumentError")

    def _link(self, links: Sequence[Association]) -> None:
        self.links += links
        for one in links:
            self.deprecate(one.target)

    def deprecate(self, target: str) -> None:
        """Set the status of an entry."""
        name, entry = self.entries[target]
        self.entries[target] = (name, replace(entry, status=DEPRECATED))

    async def update(self, update: Update) -> None:
        """Register an association, or deprecate an entry (ITI-57)."""
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        for one in update.operations:
            match one:
                case NewAssociation(association=link):
                    self._judge_links([link], update.submission_set)
                    if self.entries[link.source][1].status != APPROVED:
                        raise _refused("XDSRegistryDeprecatedDocumentError")
                    self._link([link])
                case StatusChange(target=target):
                    self.deprecate(target)
                case _:
                    raise NotImplementedError

    def deliver_late(self) -> None:
        """Let the requests arrive that were still on their way."""
        waiting, self.late = self.late, []
        for submission in waiting:
            try:
                self.store(submission)
            except XdsRefused:
                continue

    async def query(self, query: StoredQuery) -> QueryResult:
        """Answer the questions that archiving asks."""
        self.questions += 1
        if self.down:
            raise RemoteUnavailable(**ADDRESS)
        if unique_id := query.value(SET_UNIQUE_ID):
            sets = tuple(one for name, one in self.sets.items() if name == unique_id)
            documents = tuple(entry for name, entry in self.entries.values() if name == unique_id)
        elif query.id == QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS:
            names = set(query.values(DOCUMENT_UUID))
            documents = tuple(entry for name, (_, entry) in self.entries.items() if name in names)
            links = tuple(one for one in self.links if names & {one.source, one.target})
            return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet((), documents, (), links), ())
        else:
            wanted, sets = set(query.values(DOCUMENT_UNIQUE_ID)), ()
            if query.return_type == OBJECT_REF:
                refs = tuple(name for name, (_, one) in self.entries.items() if one.unique_id in wanted)
                return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(), refs)
            documents = tuple(entry for _, entry in self.entries.values() if entry.unique_id in wanted)
            if len({entry.patient_id for entry in documents}) > 1:
                raise _refused("XDSResultNotSinglePatient")
        return QueryResult(ResponseStatus.SUCCESS, (), MetadataSet(sets, documents), ())

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Give documents back."""
        if self.down:
            raise AccountMissing(what="down")
        found = tuple(
            RetrievedDocument(
                one.repository_unique_id, one.document_unique_id, "text/xml", MemoryContent(octets)
            )
            for one in requests
            if (octets := self.octets.get(one.document_unique_id)) is not None
        )
        return RetrieveResult(ResponseStatus.SUCCESS, (), found)

    def copies(self) -> list[str]:
        """Return the uniqueId of every entry, repeated where there are several."""
        return sorted(entry.unique_id for _, entry in self.entries.values())


def _refused(code: str) -> XdsRefused:
    error = failure([RegistryError(code, "patient 44051401359")])
    assert isinstance(error, XdsRefused)
    return error
