"""Registry objects put straight into the tables, in any state: what no client may do, a test may need."""

import itertools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lxml import etree
from sqlalchemy import insert

from erepo.blobs.codec import Compressor
from erepo.cloud.registry.kinds import Kind, Status, Value
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import object_value, registry_object, tenant
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.ebrim import write_objects
from erepo.xds.model import (
    Association,
    Author,
    Code,
    DocumentEntry,
    Folder,
    MetadataSet,
    RegistryObject,
    SubmissionSet,
)
from erepo.xds.vocabulary import DEPRECATED

HOME = "urn:oid:1.2.3.4.5"
_EMPTY: dict[str, Any] = {column.name: None for column in registry_object.columns}
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: In which list of a `MetadataSet` each kind stands.
_PLACES = {
    DocumentEntry: "documents",
    SubmissionSet: "submission_sets",
    Folder: "folders",
    Association: "associations",
}


@dataclass(frozen=True)
class Registered:
    """An object as it is registered: with its entryUUID and status, and in which submission it came."""

    model: RegistryObject
    submission: int = 0

    @property
    def id(self) -> str:
        """Its entryUUID."""
        return self.model.entry_uuid

    @property
    def status(self) -> str:
        """Its availability."""
        return self.model.status


class Rows:
    """Writes objects of tenants into one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._numbers = itertools.count(1)
        self._tenants = itertools.count(1)
        self._compressor = Compressor()

    def new_tenant(self) -> Tenant:
        """Add an account."""
        number = next(self._tenants)
        row = {
            "id": number,
            "account": f"{number:016}",
            "state": "active",
            "security": "mtls",
            "repository_unique_id": f"1.2.{number}",
            "source_id": "1.2.3",
            "limit_bytes": 1,
            "limit_documents": 1,
            "used_bytes": 0,
            "used_documents": 0,
            "patients": "open",
            "codes": "open",
            "users": "optional",
            "created_at": _BEGIN,
        }
        with self.database.everyone("a test's account", write=True) as connection:
            connection.execute(insert(tenant), row)
        return Tenant(
            number, row["account"], "active", "mtls", row["repository_unique_id"], HOME, "1.2.3", 1, 1,
            date(2099, 1, 1), frozenset(),
        )  # fmt: skip

    def add(self, owner: Tenant, objects: Sequence[Registered]) -> None:
        """Register objects; ends of associations stand before them, or are no objects at all."""
        numbers = {each.id: next(self._numbers) for each in objects}
        rows = [self._row(owner, each, numbers) for each in objects]
        values = [row for each in objects for row in _values(owner, numbers[each.id], each.model)]
        with self.database.write(owner.id) as connection:
            if rows:
                connection.execute(insert(registry_object), rows)
            if values:
                connection.execute(insert(object_value), values)

    def _row(self, owner: Tenant, each: Registered, numbers: dict[str, int]) -> dict[str, Any]:
        listed: dict[str, Any] = {_PLACES[type(each.model)]: (each.model,)}
        element = write_objects(MetadataSet(**listed))[0]
        xml = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
        return {
            **_EMPTY,
            "id": numbers[each.id],
            "tenant_id": owner.id,
            "entry_uuid": uuid.UUID(each.id).bytes,
            "lid": uuid.UUID(each.id).bytes,
            "version": 1,
            "status": int(Status.DEPRECATED if each.status == DEPRECATED else Status.APPROVED),
            "xml": self._compressor.compress(xml),
            "registered_at": _BEGIN + timedelta(seconds=each.submission),
            **_columns(each.model, numbers),
        }


def _columns(model: RegistryObject, numbers: dict[str, int]) -> dict[str, Any]:
    match model:
        case Association():
            return {
                "kind": int(Kind.ASSOCIATION),
                "association_type": model.type,
                "source_object": numbers.get(model.source),
                "target_object": numbers.get(model.target),
            }
        case DocumentEntry():
            kind, more = Kind.DOCUMENT_ENTRY, _document(model)
        case SubmissionSet():
            more = {
                "created": model.submission_time,
                "class_code": text(model.content_type),
                "source_system": model.source_id,
            }
            kind = Kind.SUBMISSION_SET
        case Folder():
            kind, more = Kind.FOLDER, {"created": model.last_update_time}
    return {"kind": int(kind), "unique_id": model.unique_id, "patient_id": str(model.patient_id), **more}


def _document(model: DocumentEntry) -> dict[str, Any]:
    return {
        "object_type": uuid.UUID(model.object_type).bytes,
        "created": model.creation_time,
        "service_start": model.service_start or None,
        "service_stop": model.service_stop or None,
        "class_code": text(model.class_code),
        "type_code": text(model.type_code),
        "format_code": text(model.format_code),
        "facility_type": text(model.facility_type),
        "practice_setting": text(model.practice_setting),
    }


def text(code: Code | None) -> str | None:
    """Write a code as queries do."""
    return f"{code.code}^^{code.scheme}" if code else None


def _values(owner: Tenant, number: int, model: RegistryObject) -> Iterable[dict[str, Any]]:
    found: list[tuple[Value, list[str | None]]] = []
    if isinstance(model, DocumentEntry):
        found = [
            (Value.CONFIDENTIALITY, [*map(text, model.confidentiality)]),
            (Value.EVENT_CODE, [*map(text, model.event_codes)]),
            (Value.REFERENCE_ID, [str(each) for each in model.reference_ids]),
        ]
    if isinstance(model, Folder):
        found = [(Value.FOLDER_CODE, [*map(text, model.codes)])]
    if isinstance(model, DocumentEntry | SubmissionSet):
        found.append((Value.AUTHOR_PERSON, _persons(model.authors)))
    for name, texts in found:
        for position, value in enumerate(texts):
            yield {
                "object_id": number,
                "name": int(name),
                "position": position,
                "tenant_id": owner.id,
                "value": value,
            }


def _persons(authors: Sequence[Author]) -> list[str | None]:
    return [str(author.person) for author in authors if author.person]
