"""From a checked submission to rows: what of each object is searched, and the XML that is given back."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.jobs import NewDocument, Row, SubmissionJob
from erepo.cloud.registry.kinds import Kind, Status, Value
from erepo.cloud.registry.stamping import Facts, Stamped
from erepo.cloud.storage.tables import registry_object
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.model import Association, Author, Code, DocumentEntry, Folder, SubmissionSet
from erepo.xds.submitting import Registration

# executemany wants the same keys in every row.
_EMPTY: Row = {column.name: None for column in registry_object.columns}


def make_job(
    tenant: Tenant,
    registration: Registration,
    stamped: Sequence[Stamped],
    evidence: Evidence,
    documents: Sequence[NewDocument] = (),
    facts: Mapping[str, Facts] | None = None,
) -> SubmissionJob:
    """Return the rows of a submission, still without numbers.

    Args:
        tenant: whose it is.
        registration: as read; what it does not hold of `stamped` is not kept.
        stamped: its objects as they are kept, by the ids of the message.
        evidence: who sent it.
        documents: its octets, if it brought any.
        facts: hash and size of those octets, by the ids of their entries.
    """
    models = _models(registration)
    kept = [each for each in stamped if each.id in models]
    places = {each.id: place for place, each in enumerate(kept)}
    now = datetime.now(UTC).replace(tzinfo=None)
    objects: list[Row] = []
    values: list[Row] = []
    for place, each in enumerate(kept):
        columns = _columns(models[each.id], places, now, (facts or {}).get(each.id))
        objects.append(_EMPTY | _common(tenant.id, each, now) | columns)
        values.extend(_values(tenant, place, models[each.id]))
    here = tenant.repository_unique_id
    return SubmissionJob(
        tenant_id=tenant.id,
        evidence=evidence,
        patient_id=str(registration.submission_set.patient_id),
        known_patients_only=tenant.patients == "registered",
        objects=objects,
        ids=tuple(places),
        values=values,
        once=(registration.submission_set.unique_id, *(each.unique_id for each in registration.folders)),
        documents=list(documents),
        kept_here=frozenset(
            each.unique_id for each in registration.documents if each.repository_unique_id == here
        ),
        given=tuple(each.entry_uuid.bytes for each in kept if each.given),
    )


_Model = DocumentEntry | SubmissionSet | Folder | Association


def _models(registration: Registration) -> Mapping[str, _Model]:
    objects: list[_Model] = [registration.submission_set, *registration.documents]
    objects += [*registration.folders, *registration.associations]
    return {each.entry_uuid: each for each in objects}


def _common(tenant_id: int, stamped: Stamped, now: datetime) -> Row:
    return {
        "tenant_id": tenant_id,
        "entry_uuid": stamped.entry_uuid.bytes,
        "lid": stamped.lid.bytes,
        "version": stamped.version,
        "status": int(Status.APPROVED),
        "xml": stamped.xml,
        "registered_at": now,
    }


def _columns(model: _Model, places: Mapping[str, int], now: datetime, facts: Facts | None) -> Row:
    match model:
        case DocumentEntry():
            sha1, size = (facts.sha1, facts.size) if facts else (model.hash.lower() or None, model.size)
            return _document_columns(model) | {"sha1": sha1, "size": size}
        case SubmissionSet():
            return _set_columns(model)
        case Folder():
            return {
                "kind": int(Kind.FOLDER),
                "unique_id": model.unique_id,
                "patient_id": str(model.patient_id),
                # lastUpdateTime is the registry's, whatever was sent (TF-2 3.42.4.1.3.6).
                "created": hl7_time(now),
            }
        case Association():
            return {
                "kind": int(Kind.ASSOCIATION),
                "association_type": str(model.type),
                # Places until the writer gives numbers; ends outside the message are found in the
                # transaction (`changing`).
                "source_object": places.get(model.source),
                "target_object": places.get(model.target),
            }


def association_row(
    tenant_id: int, number: int, entry_uuid: uuid.UUID, kind: str, ends: tuple[int, int], xml: bytes
) -> Row:
    """Return the row of an association that the registry makes itself; `ends` are numbers of its objects."""
    stamped = Stamped("", entry_uuid, False, entry_uuid, 1, xml)  # noqa: FBT003
    source, target = ends
    columns = {"association_type": kind, "source_object": source, "target_object": target}
    now = datetime.now(UTC).replace(tzinfo=None)
    return _EMPTY | _common(tenant_id, stamped, now) | {"id": number, "kind": int(Kind.ASSOCIATION)} | columns


def hl7_time(moment: datetime) -> str:
    """Return a time as HL7 writes it, to the second."""
    return moment.strftime("%Y%m%d%H%M%S")


def _document_columns(entry: DocumentEntry) -> Row:
    return {
        "kind": int(Kind.DOCUMENT_ENTRY),
        "unique_id": entry.unique_id,
        "patient_id": str(entry.patient_id),
        "object_type": uuid.UUID(entry.object_type).bytes,
        "created": entry.creation_time or None,
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
            (Value.REFERENCE_ID, [each.received or str(each) for each in model.reference_ids]),
        ]
    elif isinstance(model, SubmissionSet):
        found = [(Value.AUTHOR_PERSON, _persons(model.authors))]
    elif isinstance(model, Folder):
        found = [(Value.FOLDER_CODE, [code_text(code) or "" for code in model.codes])]
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
    return [author.received or str(author.person) for author in authors if author.person is not None]


def code_text(code: Code | None) -> str | None:
    """Return a code as queries write it: `code^^scheme`."""
    return f"{code.code}^^{code.scheme}" if code is not None else None
