"""From a checked submission to rows: what of each object is searched, and the XML that is given back."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.jobs import NewDocument, Row, SubmissionJob
from erepo.cloud.registry.kinds import Kind, Status, Value
from erepo.cloud.registry.stamping import Stamped
from erepo.cloud.storage.tables import registry_object
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.iti41 import Submission
from erepo.xds.model import Association, Author, Code, DocumentEntry, SubmissionSet

# executemany wants the same keys in every row.
_EMPTY: Row = {column.name: None for column in registry_object.columns}


def make_job(
    tenant: Tenant,
    submission: Submission,
    stamped: Sequence[Stamped],
    documents: list[NewDocument],
    evidence: Evidence,
) -> SubmissionJob:
    """Return the rows of a submission, still without numbers.

    Args:
        tenant: whose it is.
        submission: as read.
        stamped: its objects as they are kept, by the ids of the message.
        documents: its octets.
        evidence: who sent it.
    """
    by_id = {each.id: each for each in stamped}
    places = {each.id: place for place, each in enumerate(stamped)}
    models = _models(submission)
    now = datetime.now(UTC).replace(tzinfo=None)
    objects: list[Row] = []
    values: list[Row] = []
    for place, each in enumerate(stamped):
        objects.append(_EMPTY | _common(tenant, each, now) | _columns(models[each.id], places))
        values.extend(_values(tenant, place, models[each.id]))
    given = tuple(each.entry_uuid.bytes for each in by_id.values() if each.given)
    return SubmissionJob(
        tenant_id=tenant.id,
        evidence=evidence,
        set_unique_id=submission.submission_set.unique_id,
        patient_id=str(submission.submission_set.patient_id),
        known_patients_only=tenant.patients == "registered",
        objects=objects,
        values=values,
        documents=documents,
        given=given,
    )


_Model = DocumentEntry | SubmissionSet | Association


def _models(submission: Submission) -> Mapping[str, _Model]:
    entries = [entry for entry, _ in submission.entries]
    objects: list[_Model] = [submission.submission_set, *entries, *submission.associations]
    return {each.entry_uuid: each for each in objects}


def _common(tenant: Tenant, stamped: Stamped, now: datetime) -> Row:
    return {
        "tenant_id": tenant.id,
        "entry_uuid": stamped.entry_uuid.bytes,
        "lid": stamped.entry_uuid.bytes,
        "version": 1,
        "status": int(Status.APPROVED),
        "xml": stamped.xml,
        "registered_at": now,
    }


def _columns(model: _Model, places: Mapping[str, int]) -> Row:
    match model:
        case DocumentEntry():
            return _document_columns(model)
        case SubmissionSet():
            return _set_columns(model)
        case Association():
            return {
                "kind": int(Kind.ASSOCIATION),
                "association_type": model.type,
                # Places until the writer gives numbers.
                "source_object": places[model.source],
                "target_object": places[model.target],
            }


def _document_columns(entry: DocumentEntry) -> Row:
    return {
        "kind": int(Kind.DOCUMENT_ENTRY),
        "unique_id": entry.unique_id,
        "patient_id": str(entry.patient_id),
        "object_type": uuid.UUID(entry.object_type).bytes,
        "created": entry.creation_time,
        "service_start": entry.service_start or None,
        "service_stop": entry.service_stop or None,
        "class_code": code_text(entry.class_code),
        "type_code": code_text(entry.type_code),
        "format_code": code_text(entry.format_code),
        "facility_type": code_text(entry.facility_type),
        "practice_setting": code_text(entry.practice_setting),
    }


def _set_columns(each: SubmissionSet) -> Row:
    return {
        "kind": int(Kind.SUBMISSION_SET),
        "unique_id": each.unique_id,
        "patient_id": str(each.patient_id),
        "created": each.submission_time,
        "class_code": code_text(each.content_type),
        "source_system": each.source_id,
    }


def _values(tenant: Tenant, place: int, model: _Model) -> Iterator[Row]:
    found: list[tuple[Value, list[str]]] = []
    if isinstance(model, DocumentEntry):
        found = [
            (Value.CONFIDENTIALITY, [code_text(code) or "" for code in model.confidentiality]),
            (Value.EVENT_CODE, [code_text(code) or "" for code in model.event_codes]),
            (Value.AUTHOR_PERSON, _persons(model.authors)),
            (Value.REFERENCE_ID, [str(each) for each in model.reference_ids]),
        ]
    elif isinstance(model, SubmissionSet):
        found = [(Value.AUTHOR_PERSON, _persons(model.authors))]
    for name, texts in found:
        for position, text in enumerate(texts):
            yield {
                "object_id": place,
                "name": int(name),
                "position": position,
                "tenant_id": tenant.id,
                "value": text,
            }


def _persons(authors: Sequence[Author]) -> list[str]:
    return [str(author.person) for author in authors if author.person is not None]


def code_text(code: Code | None) -> str | None:
    """Return a code as queries write it: `code^^scheme`."""
    return f"{code.code}^^{code.scheme}" if code is not None else None
