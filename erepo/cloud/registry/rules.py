"""What the service itself asks of a submission before its transaction (TF-2 3.41.4.1.3, 3.42.4.1.3).

The forms of values, and which ends an association may name, are checked by `erepo.xds`; here the objects of a
submission are held against each other, the received octets against their metadata, and both against what the
tables can keep. What needs the registry's state is checked inside the writer's transaction (`registering`,
`relating`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from erepo.cloud.tenancy.tenants import Tenant
from erepo.content import Digests
from erepo.xds.code_sets import CODE_SETS, check_codes
from erepo.xds.iti41 import Submission
from erepo.xds.model import Code, DocumentEntry, Folder, SubmissionSet
from erepo.xds.responses import RegistryError
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import AssociationType, Xds

_LONGEST_PATIENT = 256
_LONGEST_CODE = 256
#: Values of one attribute; the tables count them in two octets, and nobody reads a thousand codes.
_MOST_VALUES = 1_000
# RFC 2045: type and subtype, then any parameters.
_MIME_TYPE = re.compile(r"[!-~]+/[ -~]+")
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


def check_together(
    registration: Registration, duplicate: Xds = Xds.DUPLICATE_IN_MESSAGE
) -> list[RegistryError]:
    """Hold the objects of a submission against each other.

    Args:
        registration: as read.
        duplicate: the code for a uniqueId that stands twice: the registry's or the repository's.
    """
    return [
        *_check_repeated(registration, duplicate),
        *_check_patients(registration),
        *_check_members(registration),
        *_check_times(registration.documents),
    ]


def check_supported(tenant: Tenant, registration: Registration) -> list[RegistryError]:
    """Refuse what this registry cannot keep, or what the account does not take."""
    return [
        *_check_patient_length(registration),
        *_check_mime_types(registration.documents),
        *_check_codes(registration),
        *_check_domain(tenant, registration),
    ]


def check_term(tenant: Tenant, code: Xds) -> list[RegistryError]:
    """Refuse to add to an account whose term is over; no waiting helps, so `code` is not retryable."""
    if not tenant.expired:
        return []
    return [RegistryError(code, f"account expired: it was valid until {tenant.valid_until}")]


def _wrong(
    entry: DocumentEntry | Folder | SubmissionSet, context: str, code: Xds = Xds.REGISTRY_METADATA
) -> RegistryError:
    return RegistryError(code, context, location=entry.entry_uuid)


def _repeated(texts: Iterable[str]) -> list[str]:
    return [text for text, count in Counter(texts).items() if count > 1]


def _named(registration: Registration) -> list[SubmissionSet | DocumentEntry | Folder]:
    return [registration.submission_set, *registration.documents, *registration.folders]


def _members(registration: Registration) -> list[DocumentEntry | Folder]:
    return [*registration.documents, *registration.folders]


def _check_repeated(registration: Registration, duplicate: Xds) -> Iterator[RegistryError]:
    named = _named(registration)
    ids = [each.entry_uuid for each in named] + [each.entry_uuid for each in registration.associations]
    for identifier in _repeated(ids):
        yield RegistryError(Xds.REGISTRY_METADATA, "two objects with one id", location=identifier)
    for unique_id in _repeated(each.unique_id for each in named):
        yield RegistryError(duplicate, unique_id)


def _check_patients(registration: Registration) -> Iterator[RegistryError]:
    patient = registration.submission_set.patient_id
    for each in _members(registration):
        if each.patient_id != patient:
            yield RegistryError(Xds.PATIENT_MISMATCH, str(each.patient_id), location=each.entry_uuid)


def _check_members(registration: Registration) -> Iterator[RegistryError]:
    own = registration.submission_set.entry_uuid
    members = {
        each.target
        for each in registration.associations
        if each.type == AssociationType.HAS_MEMBER and each.source == own
    }
    for each in _members(registration):
        if each.entry_uuid not in members:
            yield _wrong(each, "no HasMember association from the submission set")


def _check_times(documents: Iterable[DocumentEntry]) -> Iterator[RegistryError]:
    for entry in documents:
        # Of two precisions, the coarser decides: a stay that began in March 2021 may end "in 2021".
        shared = min(len(entry.service_start), len(entry.service_stop))
        if entry.service_start[:shared] > entry.service_stop[:shared]:
            yield _wrong(entry, "serviceStartTime is after serviceStopTime")


def _check_patient_length(registration: Registration) -> Iterator[RegistryError]:
    own = registration.submission_set
    if len(str(own.patient_id)) > _LONGEST_PATIENT:
        yield _wrong(own, "patientId is too long")


def _check_mime_types(documents: Iterable[DocumentEntry]) -> Iterator[RegistryError]:
    for entry in documents:
        if len(entry.mime_type) > _LONGEST_MIME_TYPE or _MIME_TYPE.fullmatch(entry.mime_type) is None:
            yield _wrong(entry, "XDSDocumentEntry.mimeType is no media type")


def _check_domain(tenant: Tenant, registration: Registration) -> list[RegistryError]:
    code_set = CODE_SETS.get(tenant.codes)
    return check_codes(registration.metadata(), code_set) if code_set else []


def _check_codes(registration: Registration) -> Iterator[RegistryError]:
    for each in _named(registration):
        codes = [*_codes(each)]
        if any(len(f"{code.code}^^{code.scheme}") > _LONGEST_CODE for code in codes):
            yield _wrong(each, "a code is too long")
        references = each.reference_ids if isinstance(each, DocumentEntry) else ()
        authors = () if isinstance(each, Folder) else each.authors
        if max(len(codes), len(references), len(authors)) > _MOST_VALUES:
            yield _wrong(each, f"more than {_MOST_VALUES} codes, authors or reference ids")


def _codes(each: SubmissionSet | DocumentEntry | Folder) -> Iterator[Code]:
    match each:
        case Folder():
            yield from each.codes
        case SubmissionSet():
            yield from (code for code in (each.content_type,) if code is not None)
        case DocumentEntry():
            yield from each.confidentiality
            yield from each.event_codes
            single = each.class_code, each.type_code, each.format_code, each.facility_type
            yield from (code for code in (*single, each.practice_setting) if code is not None)
