"""Changes of availabilityStatus (ITI-57, UpdateAvailabilityStatus)."""

import uuid
from collections.abc import Iterator, Mapping, Sequence

from erepo.cloud.registry.drafting import Draft
from erepo.cloud.registry.holdings import Held
from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.relating import REPLACING
from erepo.xds.iti57 import StatusChange
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import APPROVED, DEPRECATED, Xds

_STATUS = {APPROVED: Status.APPROVED, DEPRECATED: Status.DEPRECATED}


class StatusChanges:
    """The changes of status of one update.

    Args:
        draft: of the update.
        operations: as read.
        superseded: versions that the same update gives successors, by number, each with its successor.

    Attributes:
        errors: what stands against them.
    """

    def __init__(
        self, draft: Draft, operations: Sequence[StatusChange], superseded: Mapping[int, Held]
    ) -> None:
        self._draft = draft
        here = draft.here
        asked = {one.target for one in operations} - here.keys()
        registered = draft.holdings.by_uuids(
            uuid.UUID(each).bytes for each in asked if each.startswith("urn:uuid:")
        )
        known = {uuid.UUID(bytes=key).urn: each for key, each in registered.items()} | dict(here)
        # Of an object that gets a new version at the same time, the new version is meant (3.57.4.1.3.1).
        self._targets = {
            one.target: superseded.get(known[one.target].id, known[one.target])
            for one in operations
            if one.target in known
        }
        self._latest = draft.holdings.latest(
            each.lid for each in registered.values() if each.is_document or each.is_folder
        )
        self._ends = draft.holdings.by_numbers(
            end for each in registered.values() for end in (each.source_object, each.target_object)
        )
        self._operations = operations
        self.errors = [error for one in operations for error in self._judge(one)]

    def _judge(self, one: StatusChange) -> Iterator[RegistryError]:
        target, location = self._targets.get(one.target), one.association.entry_uuid
        if target is None:
            yield RegistryError(Xds.UNRESOLVED_REFERENCE, one.target, location=location)
            return
        if target.kind == Kind.SUBMISSION_SET:
            context = "a submission set has no other status"
            yield RegistryError(Xds.METADATA_UPDATE_OPERATION, context, location=location)
        elif _STATUS[one.original] != target.status:
            # What is about to be registered will be Approved, whatever status it was sent with.
            code = Xds.METADATA_UPDATE_OPERATION if target.registered else Xds.METADATA_UPDATE
            yield RegistryError(code, "OriginalStatus is not the status of the object", location=location)
        elif one.original == one.new:
            context = "NewStatus is OriginalStatus"
            yield RegistryError(Xds.METADATA_UPDATE_OPERATION, context, location=location)
        if target.registered and self._is_old(target):
            context = "the object has a later version"
            yield RegistryError(Xds.METADATA_VERSION, context, location=location)
        patients = {each.patient_id for each in self._belonging(target)} - {None, self._draft.job.patient_id}
        for patient in sorted(patients, key=str):
            yield RegistryError(Xds.PATIENT_MISMATCH, patient or "", location=location)

    def _is_old(self, target: Held) -> bool:
        latest = self._latest.get(target.lid)
        return latest is not None and latest.id != target.id

    def _belonging(self, target: Held) -> list[Held]:
        """Return the objects that say whose patient's matter it is."""
        ends = (self._ends.get(each or 0) for each in (target.source_object, target.target_object))
        return [target, *(each for each in ends if each is not None)]

    def follow(self) -> None:
        """Take the changes over."""
        for one in self._operations:
            target, status = self._targets[one.target], _STATUS[one.new]
            if target.registered:
                self._draft.set_status(target.id, status)
            else:
                self._draft.change(target.id, status=int(status))

    def check_replaced(self) -> Iterator[RegistryError]:
        """Refuse that a document and its replacement are both Approved afterwards."""
        approved = {self._targets[one.target].id: one for one in self._operations if one.new == APPROVED}
        holdings = self._draft.holdings
        touched = [each for each in self._targets.values() if each.id in approved]
        documents = [each.id for each in touched if each.is_document]
        links = [*holdings.links_from(documents), *holdings.links_to(documents)]
        links += [each for each in touched if each.kind == Kind.ASSOCIATION]
        links = [each for each in links if each.association_type in REPLACING]
        ends = holdings.by_numbers(end for each in links for end in (each.source_object, each.target_object))
        for link in links:
            pair = [ends.get(number or 0) for number in (link.source_object, link.target_object)]
            if all(each is not None and self._stands(each) for each in (link, *pair)):
                one = next(approved[each.id] for each in (link, *pair) if each and each.id in approved)
                context = "a document and its replacement cannot both be Approved"
                yield RegistryError(Xds.METADATA_UPDATE, context, location=one.association.entry_uuid)

    def _stands(self, each: Held) -> bool:
        """Tell whether a registered object will be Approved after this update."""
        status = self._draft.status_of(each)
        return status == Status.APPROVED
