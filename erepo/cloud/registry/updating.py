"""Updates of registered metadata (ITI-57, supplement XDS Metadata Update).

An update is a submission of its own: its submission set stays, and new versions are members of it. Of its
trigger associations SubmitAssociation stays as HasMember of what it brought; UpdateAvailabilityStatus is done
and not kept.

* **New version** of a document entry or folder: the logical id is known, PreviousVersion is its latest
  version and that one Approved; what identifies the object and its octets stays. The previous version becomes
  Deprecated. Its associations, membership of folders included, are given to the new version, except where
  AssociationPropagation says no.
* **Status**, Approved to Deprecated and back, of the latest version of a document or folder, or of an
  association. A document whose replacement is Approved stays Deprecated: never do both stand as current.
* **Association** between what is registered or brought: as in a submission (`relating`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from erepo.blobs.codec import Compressor
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.drafting import Draft
from erepo.cloud.registry.jobs import Change, Outcome, SubmissionJob
from erepo.cloud.registry.registering import check_ids, prepare
from erepo.cloud.registry.relating import Relations
from erepo.cloud.registry.rows import make_job
from erepo.cloud.registry.rules import check_supported, check_together
from erepo.cloud.registry.stamping import Element, Lineage, stamp
from erepo.cloud.registry.statuses import StatusChanges
from erepo.cloud.registry.versions import Versions
from erepo.cloud.storage.numbers import Numbers
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds.iti57 import NewAssociation, NewVersion, StatusChange, Update
from erepo.xds.model import Association, DocumentEntry, Folder
from erepo.xds.responses import RegistryError
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import RIM, AssociationType, Xds

_ASSOCIATION = f"{{{RIM}}}Association"


def judge(
    numbers: Numbers, tenant: Tenant, update: Update, objects: Element, evidence: Evidence
) -> Change | list[RegistryError]:
    """Check an update; return it ready for the writer, or every reason against it.

    Args:
        numbers: of rows.
        tenant: whose it is.
        update: as read.
        objects: its RegistryObjectList; changed in place.
        evidence: who sent it.
    """
    registration = _kept(update)
    errors = [*check_together(registration), *check_supported(tenant, registration), *_check_twice(update)]
    if errors:
        return errors
    new = [one for one in update.operations if isinstance(one, NewVersion)]
    lineage = {one.entry.entry_uuid: Lineage(one.entry.lid, one.previous_version + 1) for one in new}
    _rename_triggers(objects, registration.associations)
    job = make_job(tenant, registration, stamp(objects, {}, lineage), evidence)
    # A version of a folder has the uniqueId of those before it.
    job.once = (update.submission_set.unique_id,)
    return MetadataUpdate(numbers, update, job).change()


def _kept(update: Update) -> Registration:
    """Return the submission without what is done and not kept."""
    documents: list[DocumentEntry] = []
    folders: list[Folder] = []
    associations: list[Association] = []
    for one in update.operations:
        match one:
            case NewVersion(entry=DocumentEntry() as entry):
                documents.append(entry)
                associations.append(one.member)
            case NewVersion(entry=Folder() as folder):
                folders.append(folder)
                associations.append(one.member)
            case NewAssociation():
                associations += [one.association, replace(one.by, type=AssociationType.HAS_MEMBER)]
    return Registration(update.submission_set, tuple(documents), tuple(folders), tuple(associations))


def _rename_triggers(objects: Element, associations: Sequence[Association]) -> None:
    types = {one.entry_uuid: one.type for one in associations}
    for element in objects.iterchildren(_ASSOCIATION):
        element.set("associationType", types.get(element.get("id", ""), element.get("associationType", "")))


def _check_twice(update: Update) -> Iterator[RegistryError]:
    """An object has one new version and one new status in a request: their order would decide otherwise."""
    seen: set[str] = set()
    for one in update.operations:
        match one:
            case NewVersion():
                name, code, location = one.entry.lid, Xds.METADATA_VERSION, one.entry.entry_uuid
            case StatusChange():
                name, code, location = one.target, Xds.METADATA_UPDATE_OPERATION, one.association.entry_uuid
            case _:
                continue
        # A logical id and the entryUUID of a first version may be the same; they are not the same operation.
        key = f"{type(one).__name__} {name}"
        if key in seen:
            yield RegistryError(code, "a second operation on the same object", location=location)
        seen.add(key)


class MetadataUpdate:
    """An update, ready for the writer."""

    def __init__(self, numbers: Numbers, update: Update, job: SubmissionJob) -> None:
        self._numbers, self._update, self._job = numbers, update, job

    def change(self) -> Change:
        """Return it as the writer takes it."""
        return Change(evidence=self._job.evidence, apply=self._apply, prepare=self._prepare)

    def _prepare(self) -> None:
        prepare(self._job, self._numbers, Compressor())

    def _apply(self, connection: Connection) -> Outcome:
        job, own = self._job, self._update.submission_set.entry_uuid
        operations = self._update.operations
        draft = Draft(connection, self._numbers, job)
        versions = Versions(draft, [one for one in operations if isinstance(one, NewVersion)])
        brought = [one.association for one in operations if isinstance(one, NewAssociation)]
        relations = Relations(draft.holdings, own, job.patient_id, draft.here)
        relations.judge(brought, sources_registered=True)
        changes = StatusChanges(
            draft, [one for one in operations if isinstance(one, StatusChange)], versions.superseded
        )
        errors = [
            *check_ids(draft.state, job),
            *versions.errors,
            *relations.errors,
            *_check_superseded(relations, versions.superseded),
            *changes.errors,
        ]
        if errors:
            return draft.refuse(errors)
        draft.tie(relations.found)
        draft.follow(relations.consequences())
        versions.follow()
        changes.follow()
        errors = [*changes.check_replaced()]
        return draft.refuse(errors) if errors else draft.write(own)


def _check_superseded(relations: Relations, superseded: Mapping[int, object]) -> Iterator[RegistryError]:
    for link in relations.found:
        if {link.source.id, link.target.id} & superseded.keys():
            context = "an end of the association gets a new version in the same request"
            yield RegistryError(Xds.DEPRECATED_DOCUMENT, context, location=link.association.entry_uuid)
