"""What the service itself asks of a submission before its transaction (TF-2 3.41.4.1.3).

The forms of values and the objects among each other are checked by `erepo.xds`; here the received octets are
held against their metadata, and what this registry does not take yet is refused. What needs the registry's
state is checked inside the writer's transaction (`registering`).
"""

import uuid
from collections.abc import Iterator, Sequence

from erepo.content import Digests
from erepo.xds.iti41 import Submission
from erepo.xds.model import DocumentEntry
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import AssociationType, Xds

_LONGEST_PATIENT = 256
_LONGEST_MIME_TYPE = 128


def check_contents(submission: Submission, digests: Sequence[Digests]) -> list[RegistryError]:
    """Compare what the metadata says of each document with the octets that came."""
    errors = []
    for (entry, _), found in zip(submission.entries, digests, strict=True):
        if entry.hash and entry.hash.lower() != found.sha1:
            errors.append(
                _wrong(entry, "XDSDocumentEntry.hash differs from the octets", Xds.REPOSITORY_METADATA)
            )
        if entry.size is not None and entry.size != found.size:
            errors.append(
                _wrong(entry, "XDSDocumentEntry.size differs from the octets", Xds.REPOSITORY_METADATA)
            )
    return errors


def check_supported(submission: Submission) -> list[RegistryError]:
    """Refuse what this registry cannot keep."""
    return [*_check_uuids(submission), *_check_lengths(submission), *_check_kinds(submission)]


def _wrong(entry: DocumentEntry, context: str, code: Xds = Xds.REGISTRY_METADATA) -> RegistryError:
    return RegistryError(code, context, location=entry.entry_uuid)


def _check_uuids(submission: Submission) -> Iterator[RegistryError]:
    ids = [submission.submission_set.entry_uuid]
    ids += [entry.entry_uuid for entry, _ in submission.entries]
    ids += [association.entry_uuid for association in submission.associations]
    for identifier in ids:
        if identifier.startswith("urn:uuid:") and not _is_uuid(identifier):
            yield RegistryError(Xds.REGISTRY_METADATA, "an entryUUID is no UUID", location=identifier)


def _is_uuid(identifier: str) -> bool:
    try:
        return uuid.UUID(identifier).urn == identifier
    except ValueError:
        return False


def _check_lengths(submission: Submission) -> Iterator[RegistryError]:
    if len(str(submission.submission_set.patient_id)) > _LONGEST_PATIENT:
        yield RegistryError(Xds.REGISTRY_METADATA, "patientId is too long")
    for entry, _ in submission.entries:
        if len(entry.mime_type) > _LONGEST_MIME_TYPE or not entry.mime_type.isascii():
            yield _wrong(entry, "mimeType is no media type")


def _check_kinds(submission: Submission) -> Iterator[RegistryError]:
    for folder in submission.folders:
        yield RegistryError(Xds.REGISTRY_ERROR, "folders are not supported", location=folder.entry_uuid)
    own = submission.submission_set.entry_uuid
    entries = {entry.entry_uuid for entry, _ in submission.entries}
    for each in submission.associations:
        # Relationships, folders and references to registered documents come with the complete registry.
        if each.type != AssociationType.HAS_MEMBER or each.source != own or each.target not in entries:
            context = "this kind of association is not supported"
            yield RegistryError(Xds.REGISTRY_ERROR, context, location=each.entry_uuid)
