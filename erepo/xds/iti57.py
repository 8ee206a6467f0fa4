"""ITI-57 Update Document Set: new versions of metadata, changes of status (supplement Metadata Update, 3.57).

A request is a submission whose associations from its submission set say what is to be done:

* HasMember with slot PreviousVersion: the document or folder is a new version of the one with its `lid`;
* UpdateAvailabilityStatus with slots OriginalStatus and NewStatus: the status of a registered object;
* SubmitAssociation: a further association, which stands in the message, is registered.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.xds.ebrim import Rules
from erepo.xds.errors import MetadataError, RegistryError
from erepo.xds.forms import is_entry_uuid
from erepo.xds.iti42 import objects_of
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.submitting import UPDATE_TYPES, Registration, read_submit, write_submit
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ORIGINAL, AssociationType, Slot, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2010:UpdateDocumentSet"
RESPONSE_ACTION: Final = f"{ACTION}Response"

_STATUSES = frozenset({APPROVED, DEPRECATED})
_MOST_PROBLEMS = 100
_YES_NO = {"": True, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class NewVersion:
    """An object takes the place of the latest version with its `lid`.

    Attributes:
        entry: its whole new metadata; `lid` is that of the registered object, `entry_uuid` a new id.
        previous_version: what the sender believes to be the latest version.
        propagate: whether associations of the previous version are given to this one.
        member: the HasMember association that asked for it.
    """

    entry: DocumentEntry | Folder
    previous_version: int
    propagate: bool
    member: Association


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The status of a registered document, folder or association changes.

    Attributes:
        target: entryUUID of the object, or the id of a document or folder of the same request.
        original: status that it must have now.
        new: status that it shall get.
        association: the UpdateAvailabilityStatus association that asked for it.
    """

    target: str
    original: str
    new: str
    association: Association


@dataclass(frozen=True, slots=True)
class NewAssociation:
    """An association is registered; `by` is the SubmitAssociation that asked for it.

    Its ends are entryUUIDs, or ids of new versions in the same request.
    """

    association: Association
    by: Association


Operation = NewVersion | StatusChange | NewAssociation


@dataclass(frozen=True, slots=True)
class Update:
    """What one request asks for; all of it happens or nothing."""

    submission_set: SubmissionSet
    operations: tuple[Operation, ...]

    def metadata(self) -> MetadataSet:
        """Return all objects as they stand in the message."""
        entries = [one.entry for one in self.operations if isinstance(one, NewVersion)]
        return MetadataSet(
            (self.submission_set,),
            tuple(one for one in entries if isinstance(one, DocumentEntry)),
            tuple(one for one in entries if isinstance(one, Folder)),
            tuple(each for one in self.operations for each in _associations(one)),
        )


def new_version(
    submission_set: SubmissionSet,
    entry: DocumentEntry | Folder,
    previous_version: int,
    *,
    propagate: bool = True,
) -> NewVersion:
    """Return the operation that gives an object new metadata; `entry.lid` names the object."""
    slots = {Slot.PREVIOUS_VERSION.value: (str(previous_version),)}
    if not propagate:
        slots[Slot.ASSOCIATION_PROPAGATION.value] = ("no",)
    member = Association(
        entry_uuid=new_entry_uuid(),
        type=AssociationType.HAS_MEMBER,
        source=submission_set.entry_uuid,
        target=entry.entry_uuid,
        submission_set_status=ORIGINAL if isinstance(entry, DocumentEntry) else "",
        extra_slots=slots,
    )
    return NewVersion(entry, previous_version, propagate, member)


def status_change(submission_set: SubmissionSet, target: str, original: str, new: str) -> StatusChange:
    """Return the operation that changes the status of the object with entryUUID `target`."""
    association = Association(
        entry_uuid=new_entry_uuid(),
        type=AssociationType.UPDATE_AVAILABILITY,
        source=submission_set.entry_uuid,
        target=target,
        extra_slots={Slot.ORIGINAL_STATUS.value: (original,), Slot.NEW_STATUS.value: (new,)},
    )
    return StatusChange(target, original, new, association)


def new_association(submission_set: SubmissionSet, association: Association) -> NewAssociation:
    """Return the operation that registers an association."""
    by = Association(
        entry_uuid=new_entry_uuid(),
        type=AssociationType.SUBMIT_ASSOCIATION,
        source=submission_set.entry_uuid,
        target=association.entry_uuid,
    )
    return NewAssociation(association, by)


def write_request(update: Update) -> etree._Element:
    """Write the body of a request."""
    return write_submit(update.metadata())


def read_request(verified: "Verified") -> Update:
    """Read a request into its operations, in the order of their associations.

    Whether the objects exist, and in which version and status, is checked by who keeps the registry.

    Raises:
        MessageShapeWrong: the payload is no such request.
        MetadataError: metadata breaks a rule, or an operation cannot be understood
            (XDSMetadataUpdateOperationError) or its version is no number (XDSMetadataVersionError).
    """
    registration = read_submit(objects_of(verified), Rules.REGISTER, UPDATE_TYPES)
    reading = _Reading(registration)
    operations = tuple(reading.operations())
    reading.check_rest()
    reading.check_propagation(operations)
    if reading.problems:
        raise MetadataError(reading.problems[:_MOST_PROBLEMS])
    return Update(registration.submission_set, operations)


def _associations(operation: Operation) -> tuple[Association, ...]:
    match operation:
        case NewVersion():
            return (operation.member,)
        case StatusChange():
            return (operation.association,)
        case NewAssociation():
            return (operation.association, operation.by)


class _Reading:
    """Takes the objects of a request one by one; what nobody took is a problem."""

    def __init__(self, registration: Registration) -> None:
        self.own = registration.submission_set.entry_uuid
        self.problems: list[RegistryError] = []
        entries: list[DocumentEntry | Folder] = [*registration.documents, *registration.folders]
        self._entries = {one.entry_uuid: one for one in entries}
        self._all = registration.associations
        # Those that start elsewhere are brought by a SubmitAssociation.
        self._brought = {one.entry_uuid: one for one in self._all if one.source != self.own}

    def operations(self) -> Iterator[Operation]:
        readers = {
            AssociationType.HAS_MEMBER: self._new_version,
            AssociationType.UPDATE_AVAILABILITY: self._status_change,
            AssociationType.SUBMIT_ASSOCIATION: self._new_association,
        }
        for one in self._all:
            if one.source != self.own:
                continue
            reader = readers.get(one.type)  # type: ignore[call-overload]  # a plain string equals its member
            if reader is None:
                self._complain(one, "associationType is none of an update")
            elif (operation := reader(one)) is not None:
                yield operation

    def check_rest(self) -> None:
        """Complain of what no operation asked for."""
        context = "no association of the submission set says what is to be done with the object"
        for name in (*self._entries, *self._brought):
            self.problems.append(RegistryError(Xds.METADATA_UPDATE, context, location=name))

    def check_propagation(self, operations: Iterable[Operation]) -> None:
        """Complain of an association made by hand where propagation makes them (CP-ITI-1029)."""
        by_hand = [one.association for one in operations if isinstance(one, NewAssociation)]
        ends = {end for one in by_hand for end in (one.source, one.target)}
        for one in operations:
            if isinstance(one, NewVersion) and one.propagate and ends & {one.entry.entry_uuid, one.entry.lid}:
                self._complain(one.member, "AssociationPropagation beside a SubmitAssociation of the object")

    def _new_version(self, one: Association) -> NewVersion | None:
        previous, propagation = _slot(one, Slot.PREVIOUS_VERSION), _slot(one, Slot.ASSOCIATION_PROPAGATION)
        entry = self._entries.pop(one.target, None)
        propagate = _YES_NO.get(propagation.lower())
        if entry is None:
            self._complain(one, "targetObject is not in the request")
        elif not is_entry_uuid(entry.lid) or entry.lid == entry.entry_uuid:
            self._complain(entry, "logicalID is not that of a registered object", Xds.METADATA_UPDATE)
        elif not previous:
            self._complain(one, "PreviousVersion is missing or there twice", Xds.METADATA_UPDATE)
        elif not previous.isascii() or not previous.isdigit() or len(previous) > 9:
            self._complain(one, "PreviousVersion is no number", Xds.METADATA_VERSION)
        elif propagate is None:
            self._complain(one, "AssociationPropagation is neither yes nor no")
        else:
            return NewVersion(entry, int(previous), propagate, one)
        return None

    def _status_change(self, one: Association) -> StatusChange | None:
        original, new = _slot(one, Slot.ORIGINAL_STATUS), _slot(one, Slot.NEW_STATUS)
        if original not in _STATUSES or new not in _STATUSES:
            self._complain(one, "OriginalStatus or NewStatus is neither Approved nor Deprecated")
        else:
            return StatusChange(one.target, original, new, one)
        return None

    def _new_association(self, one: Association) -> NewAssociation | None:
        brought = self._brought.pop(one.target, None)
        if brought is None:
            self._complain(one, "targetObject is no association of the request")
            return None
        return NewAssociation(brought, one)

    def _complain(
        self,
        one: Association | DocumentEntry | Folder,
        what: str,
        code: Xds = Xds.METADATA_UPDATE_OPERATION,
    ) -> None:
        self.problems.append(RegistryError(code, what, location=one.entry_uuid))


def _slot(one: Association, name: Slot) -> str:
    values = one.extra_slots.get(name, ())
    return values[0].strip() if len(values) == 1 else ""
