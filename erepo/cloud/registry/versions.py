"""New versions of document entries and folders, and what they take over from the one before (ITI-57)."""

import uuid
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from erepo.blobs.codec import expand
from erepo.cloud.registry.drafting import Draft
from erepo.cloud.registry.holdings import Held
from erepo.cloud.registry.kinds import Kind, Status
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects
from erepo.xds.iti57 import NewVersion
from erepo.xds.model import DocumentEntry
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_MOST_OCTETS = 64 * 1024**2


class Versions:
    """The new versions of one update.

    Attributes:
        superseded: the versions that they follow, by number, each with its successor.
        errors: what stands against them.
    """

    def __init__(self, draft: Draft, operations: Sequence[NewVersion]) -> None:
        self._draft, self._operations = draft, operations
        lids = (uuid.UUID(one.entry.lid).bytes for one in operations)
        self._latest = draft.holdings.latest(lids)
        self.errors = [error for one in operations for error in self._judge(one)]
        self.superseded: Mapping[int, Held] = {
            previous.id: draft.here[one.entry.entry_uuid]
            for one in operations
            if (previous := self._previous(one)) is not None
        }

    def _previous(self, one: NewVersion) -> Held | None:
        return self._latest.get(uuid.UUID(one.entry.lid).bytes)

    def _judge(self, one: NewVersion) -> Iterator[RegistryError]:
        previous, location = self._previous(one), one.entry.entry_uuid
        new = self._draft.here[location]
        if previous is None or previous.kind not in {Kind.DOCUMENT_ENTRY, Kind.FOLDER}:
            context = "logicalID is not that of a registered object"
            yield RegistryError(Xds.METADATA_VERSION, context, location=location)
            return
        if previous.version != one.previous_version:
            context = "PreviousVersion is not the latest version"
            yield RegistryError(Xds.METADATA_VERSION, context, location=location)
        elif not previous.approved:
            context = "the latest version is not Approved"
            yield RegistryError(Xds.METADATA_UPDATE, context, location=location)
        if previous.patient_id != new.patient_id:
            yield RegistryError(Xds.PATIENT_RECONCILIATION, new.patient_id or "", location=location)
        for attribute in [*_changed(previous, new, one), *self._moved(previous, one)]:
            yield RegistryError(Xds.METADATA_UPDATE, f"{attribute} must not change", location=location)

    def _moved(self, previous: Held, one: NewVersion) -> Iterator[str]:
        if isinstance(one.entry, DocumentEntry) and previous.is_document:
            before = etree.fromstring(expand(self._draft.holdings.xml(previous.id), _MOST_OCTETS), _PARSER)
            (document,) = read_objects(_listed(before), Rules.ANSWER).documents
            if document.repository_unique_id != one.entry.repository_unique_id:
                yield "repositoryUniqueId"

    def follow(self) -> None:
        """Deprecate the versions before, and give their associations to the new ones."""
        for one in self._operations:
            previous = self._previous(one)
            if previous is not None:
                self._draft.set_status(previous.id, Status.DEPRECATED)
                if isinstance(one.entry, DocumentEntry):
                    # The octets are the same, so is where they lie.
                    number = self._draft.here[one.entry.entry_uuid].id
                    self._draft.change(number, document_id=previous.document_id)
        self._propagate()

    def _propagate(self) -> None:
        """Link the new versions as those before were; what was linked stays as it is with the old ones."""
        propagating = {
            previous.id
            for one in self._operations
            if one.propagate and (previous := self._previous(one)) is not None
        }
        holdings = self._draft.holdings
        found = (*holdings.links_from(propagating), *holdings.links_to(propagating))
        links = {link.id: link for link in found if link.approved}
        ends = holdings.by_numbers(
            end for link in links.values() for end in (link.source_object, link.target_object)
        )
        for link in links.values():
            source, target = ends.get(link.source_object or 0), ends.get(link.target_object or 0)
            if source is None or target is None or source.kind == Kind.SUBMISSION_SET:
                # The submission set that brought a version keeps that version.
                continue
            source = self._successor(source, propagating)
            target = self._successor(target, propagating)
            if source.is_folder and (not source.approved or source.id in self.superseded):
                continue
            self._draft.link(link.association_type or "", source, target)
            if source.is_folder and source.registered:
                self._draft.touch([source.id])

    def _successor(self, end: Held, propagating: set[int]) -> Held:
        return self.superseded[end.id] if end.id in propagating else end


def _listed(element: etree._Element) -> etree._Element:  # the type lxml gives its elements has no public name
    listed = etree.Element(OBJECT_LIST)
    listed.append(element)
    return listed


def _changed(previous: Held, new: Held, one: NewVersion) -> Iterator[str]:
    """Yield what identifies an object or its octets and differs (RMU calls it unmodifiable)."""
    if previous.kind != new.kind or previous.object_type != new.object_type:
        yield "objectType"
    if previous.unique_id != new.unique_id:
        yield "uniqueId"
    if isinstance(one.entry, DocumentEntry) and previous.kind == new.kind:
        if previous.sha1 != new.sha1:
            yield "hash"
        if previous.size != new.size:
            yield "size"
