"""What the service itself asks of a submission before its transaction (TF-2 3.41.4.1.3).

The forms of values are checked by `erepo.xds`; here the objects of a submission are held against each other,
the received octets against their metadata, and what this registry does not take yet is refused. What needs
the registry's state is checked inside the writer's transaction (`registering`).
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from erepo.content import Digests
from erepo.xds.iti41 import Submission
from erepo.xds.model import Code, DocumentEntry, Folder, SubmissionSet
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import AssociationType, Xds

_LONGEST_PATIENT = 256
_LONGEST_MIME_TYPE = 128
_LONGEST_CODE = 256


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


def check_together(submission: Submission) -> list[RegistryError]:
    """Hold the objects of a submission against each other."""
    return [
        *_check_repeated(submission),
        *_check_patients(submission),
        *_check_members(submission),
        *_check_times(submission),
    ]


def check_supported(submission: Submission) -> list[RegistryError]:
    """Refuse what this registry cannot keep."""
    return [*_check_uuids(submission), *_check_lengths(submission), *_check_kinds(submission)]


def _wrong(entry: DocumentEntry, context: str, code: Xds = Xds.REGISTRY_METADATA) -> RegistryError:
    return RegistryError(code, context, location=entry.entry_uuid)


def _repeated(texts: Iterable[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


def _check_repeated(submission: Submission) -> Iterator[RegistryError]:
    entries = [entry for entry, _ in submission.entries]
    named: list[SubmissionSet | DocumentEntry | Folder] = [submission.submission_set, *entries]
    named += submission.folders
    ids = [each.entry_uuid for each in named] + [each.entry_uuid for each in submission.associations]
    for identifier in _repeated(ids):
        yield RegistryError(Xds.REGISTRY_METADATA, "two objects with one id", location=identifier)
    for unique_id in _repeated(each.unique_id for each in named):
        yield RegistryError(Xds.REPOSITORY_DUPLICATE_IN_MESSAGE, unique_id)


def _check_patients(submission: Submission) -> Iterator[RegistryError]:
    patient = submission.submission_set.patient_id
    members: list[DocumentEntry | Folder] = [*(entry for entry, _ in submission.entries), *submission.folders]
    for each in members:
        if each.patient_id != patient:
            yield RegistryError(Xds.PATIENT_MISMATCH, str(each.patient_id), location=each.entry_uuid)


def _check_members(submission: Submission) -> Iterator[RegistryError]:
    own = submission.submission_set.entry_uuid
    members = {
        each.target
        for each in submission.associations
        if each.type == AssociationType.HAS_MEMBER and each.source == own
    }
    for entry, _ in submission.entries:
        if entry.entry_uuid not in members:
            yield _wrong(entry, "no HasMember association from the submission set")


def _check_times(submission: Submission) -> Iterator[RegistryError]:
    for entry, _ in submission.entries:
        # Of two precisions, the coarser decides: a stay that began in March 2021 may end "in 2021".
        shared = min(len(entry.service_start), len(entry.service_stop))
        if entry.service_start[:shared] > entry.service_stop[:shared]:
            yield _wrong(entry, "serviceStartTime is after serviceStopTime")


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
        if any(len(f"{code.code}^^{code.scheme}") > _LONGEST_CODE for code in _codes(entry)):
            yield _wrong(entry, "a code is too long")


def _codes(entry: DocumentEntry) -> Iterator[Code]:
    yield from entry.confidentiality
    yield from entry.event_codes
    single = entry.class_code, entry.type_code, entry.format_code, entry.facility_type, entry.practice_setting
    yield from (code for code in single if code is not None)


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
