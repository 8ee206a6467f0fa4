"""Small pieces of metadata for tests of the registry: entries, folders, associations, whole submissions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from erepo.content import MemoryContent
from erepo.identifiers.hl7 import CX
from erepo.xds import iti18
from erepo.xds.iti41 import Submission
from erepo.xds.iti42 import Registration
from erepo.xds.iti57 import Operation, Update, new_version, status_change
from erepo.xds.model import (
    Association,
    Code,
    DocumentEntry,
    Folder,
    MetadataSet,
    SubmissionSet,
    new_entry_uuid,
)
from erepo.xds.responses import RegistryResponse
from erepo.xds.vocabulary import APPROVED, DEPRECATED, AssociationType, ResponseStatus
from tests.support.cloud_client import PATIENT, CloudClient, make_entry, make_submission, new_oid

OCTETS = b"<ClinicalDocument/>\n"
REPOSITORY = "1.2.3.4.5.6"
"""A repository that is not ours."""


def entry(**changes: object) -> DocumentEntry:
    """Return an entry as ITI-42 wants it: an entryUUID, hash, size and a repository."""
    attributes = {
        "entry_uuid": new_entry_uuid(),
        "hash": hashlib.sha1(OCTETS).hexdigest(),
        "size": len(OCTETS),
        "repository_unique_id": REPOSITORY,
    }
    return make_entry(**(attributes | changes))  # type: ignore[arg-type]


def folder(**changes: object) -> Folder:
    """Return a folder."""
    plain = Folder(
        entry_uuid=new_entry_uuid(),
        unique_id=new_oid(),
        patient_id=PATIENT,
        codes=(Code("F", "1.2.3", "folder"),),
        title="Teczka",
        last_update_time="20010101",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def link(kind: str, source: str, target: str, **changes: object) -> Association:
    """Return an association."""
    plain = Association(entry_uuid=new_entry_uuid(), type=kind, source=source, target=target)
    return replace(plain, **changes)  # type: ignore[arg-type]


def member(source: str, target: str, **changes: object) -> Association:
    """Return a HasMember."""
    return link(AssociationType.HAS_MEMBER, source, target, **changes)


def submission_set(**changes: object) -> SubmissionSet:
    """Return a fresh submission set."""
    patient = changes.get("patient_id", PATIENT)
    assert isinstance(patient, CX)
    return replace(
        make_submission(patient=patient).submission_set,
        **({"entry_uuid": new_entry_uuid()} | changes),  # type: ignore[arg-type]
    )


def registration(*objects: DocumentEntry | Folder | Association, **changes: object) -> Registration:
    """Return a submission of these objects; documents and folders become members of its set when written."""
    return Registration(
        submission_set(**changes),
        tuple(one for one in objects if isinstance(one, DocumentEntry)),
        tuple(one for one in objects if isinstance(one, Folder)),
        tuple(one for one in objects if isinstance(one, Association)),
    )


def revised(one: Any, **changes: object) -> Any:
    """Return the metadata of a next version."""
    return replace(one, entry_uuid=new_entry_uuid(), lid=one.lid or one.entry_uuid, **changes)


def update(own: SubmissionSet, *operations: Operation) -> Update:
    """Return an update of these operations."""
    return Update(own, operations)


def next_version(one: DocumentEntry | Folder, previous: int, **options: Any) -> Update:
    """Return the update that gives one object a new version."""
    own = submission_set(patient_id=one.patient_id)
    return update(own, new_version(own, one, previous, **options))


def to_status(target: str, original: str, new: str, **changes: object) -> Update:
    """Return the update that changes one status."""
    own = submission_set(**changes)
    return update(own, status_change(own, target, original, new))


def provided(given: Registration, octets: bytes = OCTETS) -> Submission:
    """Return the same submission with octets for each document."""
    entries = tuple((one, MemoryContent(octets)) for one in given.documents)
    return Submission(given.submission_set, entries, given.associations, given.folders)


def good(response: RegistryResponse) -> None:
    """Assert a Success."""
    assert response.status == ResponseStatus.SUCCESS, response.errors


def refusals(response: RegistryResponse) -> list[tuple[str, str, str]]:
    """Return code, context and location of each error of a Failure; nothing of a Success."""
    errors = [(str(one.code), one.context, one.location) for one in response.errors]
    assert response.status == (ResponseStatus.FAILURE if errors else ResponseStatus.SUCCESS)
    return errors


@dataclass
class Desk:
    """Asks a registry what became of things."""

    client: CloudClient

    async def register(
        self, *objects: DocumentEntry | Folder | Association, **changes: object
    ) -> Registration:
        """Register objects, assert that it was a Success, and return the submission."""
        given = registration(*objects, **changes)
        good(await self.client.register(given))
        return given

    async def document(self) -> DocumentEntry:
        """Register a document of its own."""
        made = entry()
        await self.register(made)
        return made

    async def filed(self, count: int = 1) -> tuple[Folder, list[DocumentEntry]]:
        """Register a folder with documents in it."""
        made, documents = folder(), [entry() for _ in range(count)]
        links = [member(made.entry_uuid, one.entry_uuid) for one in documents]
        await self.register(made, *documents, *links)
        return made, documents

    async def found(self, entry_uuids: Sequence[str]) -> MetadataSet:
        """Return documents by their ids, with all their associations."""
        wanted = {"$XDSDocumentEntryEntryUUID": (tuple(entry_uuids),)}
        query = iti18.StoredQuery("urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a", wanted)
        return (await self.client.query(query)).metadata

    async def status(self, *ones: DocumentEntry | str) -> list[str]:
        """Return `approved` or `deprecated` of documents, in this order; `gone` where there is none."""
        ids = [one if isinstance(one, str) else one.entry_uuid for one in ones]
        words = {APPROVED: "approved", DEPRECATED: "deprecated"}
        found = {one.entry_uuid: words[one.status] for one in (await self.found(ids)).documents}
        return [found.get(one, "gone") for one in ids]

    async def folder(self, one: Folder | str) -> tuple[Folder, set[str]]:
        """Return a folder as it is now, and the entryUUIDs of its members."""
        name = one if isinstance(one, str) else one.entry_uuid
        wanted = {"$XDSFolderEntryUUID": ((name,),)}
        query = iti18.StoredQuery("urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7", wanted)
        metadata = (await self.client.query(query)).metadata
        return metadata.folders[0], {each.target for each in metadata.associations}

    async def links(self, *entry_uuids: str) -> tuple[Association, ...]:
        """Return all associations of objects of any kind."""
        query = iti18.StoredQuery("urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155", {"$uuid": (entry_uuids,)})
        return (await self.client.query(query)).metadata.associations

    async def submission(self, one: Registration | SubmissionSet) -> MetadataSet:
        """Return what a submission holds."""
        own = one if isinstance(one, SubmissionSet) else one.submission_set
        query = iti18.get_submission_set_and_contents(unique_id=own.unique_id)
        return (await self.client.query(query)).metadata
