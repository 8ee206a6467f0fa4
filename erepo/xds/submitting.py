"""`lcm:SubmitObjectsRequest`, which ITI-41, ITI-42 and ITI-57 share (IHE ITI TF-2 3.41, 3.42; TF-3 4.2.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects, write_object_list
from erepo.xds.errors import MessageShapeWrong, MetadataError, RegistryError
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import LCM, ORIGINAL, RIM, RS, AssociationType, Xds

SUBMIT: Final = f"{{{LCM}}}SubmitObjectsRequest"
_MAP = {"lcm": LCM, "rim": RIM, "rs": RS}

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class Registration:
    """The metadata of one submission, without octets: what a registry is asked to keep."""

    submission_set: SubmissionSet
    documents: tuple[DocumentEntry, ...] = ()
    folders: tuple[Folder, ...] = ()
    associations: tuple[Association, ...] = ()

    def metadata(self) -> MetadataSet:
        """Return all objects; documents and folders without membership get one, documents as Original."""
        own = self.submission_set.entry_uuid
        members = {
            one.target
            for one in self.associations
            if one.source == own and one.type == AssociationType.HAS_MEMBER
        }
        added = (
            *_memberships(own, (one.entry_uuid for one in self.documents), members, ORIGINAL),
            *_memberships(own, (one.entry_uuid for one in self.folders), members, ""),
        )
        return MetadataSet((self.submission_set,), self.documents, self.folders, (*added, *self.associations))


def _memberships(own: str, ids: Iterable[str], members: set[str], status: str) -> Iterable[Association]:
    return (
        Association(
            entry_uuid=new_entry_uuid(),
            type=AssociationType.HAS_MEMBER,
            source=own,
            target=one,
            submission_set_status=status,
        )
        for one in ids
        if one not in members
    )


def write_submit(metadata: MetadataSet, parent: _Element | None = None) -> _Element:
    """Write a SubmitObjectsRequest, by itself or below `parent`."""
    submit = etree.Element(SUBMIT, nsmap=_MAP) if parent is None else etree.SubElement(parent, SUBMIT)
    write_object_list(metadata, submit)
    return submit


def object_list(submit: _Element | None, code: Xds, expected: str) -> _Element:
    """Return the `rim:RegistryObjectList` of a SubmitObjectsRequest.

    Raises:
        MessageShapeWrong: the element is another or has no list; with `code` and what was `expected`.
    """
    listed = submit.find(OBJECT_LIST) if submit is not None and submit.tag == SUBMIT else None
    if listed is None:
        raise MessageShapeWrong([RegistryError(code, expected)])
    return listed


def read_submit(listed: _Element, rules: Rules) -> Registration:
    """Read the objects of a submission.

    Raises:
        MetadataError: with every problem found, each with code, context and the id of its object as location.
    """
    metadata = read_objects(listed, rules)
    if len(metadata.submission_sets) != 1:
        raise MetadataError([RegistryError(Xds.REGISTRY_METADATA, "exactly one submission set expected")])
    return Registration(
        metadata.submission_sets[0], metadata.documents, metadata.folders, metadata.associations
    )
