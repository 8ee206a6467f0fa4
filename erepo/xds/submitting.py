"""`lcm:SubmitObjectsRequest`, which ITI-41, ITI-42 and ITI-57 share (IHE ITI TF-2 3.41, 3.42; TF-3 4.2.1)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects, write_object_list
from erepo.xds.ebrim_objects import Problems
from erepo.xds.errors import MessageShapeWrong, MetadataError, RegistryError
from erepo.xds.forms import is_entry_uuid
from erepo.xds.model import Association, DocumentEntry, Folder, MetadataSet, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import (
    LCM,
    ORIGINAL,
    REFERENCE,
    RELATIONSHIPS,
    RIM,
    RS,
    AssociationType,
    Xds,
)

SUBMIT: Final = f"{{{LCM}}}SubmitObjectsRequest"
#: Associations that ITI-41 and ITI-42 know (TF-3 table 4.2.2-1).
SUBMITTED_TYPES: Final = RELATIONSHIPS | {AssociationType.HAS_MEMBER}
#: Those of ITI-57.
UPDATE_TYPES: Final = SUBMITTED_TYPES | {
    AssociationType.UPDATE_AVAILABILITY,
    AssociationType.SUBMIT_ASSOCIATION,
}
_MAP = {"lcm": LCM, "rim": RIM, "rs": RS}
_IDENTIFIABLE = f"{{{RIM}}}Identifiable"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
#: Elements by the names of their types in OASIS' rim.xsd.
_TYPES = {
    "ExtrinsicObjectType": "ExtrinsicObject",
    "RegistryPackageType": "RegistryPackage",
    "AssociationType1": "Association",
    "ClassificationType": "Classification",
    "ObjectRefType": "ObjectRef",
}

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
    """Return the one `rim:RegistryObjectList` of a SubmitObjectsRequest.

    Whoever keeps the objects takes them from here too: a list that was not read must never be the one kept.

    Raises:
        MessageShapeWrong: the element is another, or has no list or several; with `code` and what was
            `expected`.
    """
    lists = submit.findall(OBJECT_LIST) if submit is not None and submit.tag == SUBMIT else []
    if len(lists) != 1:
        raise MessageShapeWrong([RegistryError(code, expected)])
    for element in lists[0].iterchildren(_IDENTIFIABLE):
        _name(element)
    return lists[0]


def _name(element: _Element) -> None:
    """Give an object its own name where it has that of its group and says by `xsi:type` what it is.

    The schema of ebRIM allows it, and bindings without substitution groups (zeep) write nothing else.
    """
    prefix, _, local = element.get(_XSI_TYPE, "").strip().rpartition(":")
    if element.nsmap.get(prefix or None) == RIM and local in _TYPES:
        element.tag = f"{{{RIM}}}{_TYPES[local]}"
        del element.attrib[_XSI_TYPE]


def read_submit(listed: _Element, rules: Rules, types: Collection[str] = SUBMITTED_TYPES) -> Registration:
    """Read the objects of a submission and hold them against each other.

    Args:
        listed: the `rim:RegistryObjectList`.
        rules: of the transaction.
        types: associations that the transaction knows.

    Raises:
        MetadataError: with every problem found, each with code, context and the id of its object as location.
    """
    metadata = read_objects(listed, rules)
    problems = Problems(rules)
    for name in _repeated(metadata):
        problems.add(name, "two objects with one id")
    if len(metadata.submission_sets) != 1:
        problems.add("", "exactly one submission set expected")
    else:
        _check_associations(metadata, types, problems)
    if problems.found:
        raise MetadataError(problems.found)
    return Registration(
        metadata.submission_sets[0], metadata.documents, metadata.folders, metadata.associations
    )


def _repeated(metadata: MetadataSet) -> list[str]:
    ids = Counter(one.entry_uuid for one in metadata.documents)
    ids.update(one.entry_uuid for one in metadata.submission_sets)
    ids.update(one.entry_uuid for one in metadata.folders)
    ids.update(one.entry_uuid for one in metadata.associations)
    return [name for name, count in ids.items() if count > 1]


def _check_associations(metadata: MetadataSet, types: Collection[str], problems: Problems) -> None:
    own = metadata.submission_sets[0].entry_uuid
    documents = {one.entry_uuid for one in metadata.documents}
    folders = {one.entry_uuid for one in metadata.folders}
    here = documents | folders | {one.entry_uuid for one in metadata.associations} | {own}
    for one in metadata.associations:
        if one.type not in types:
            problems.add(one.entry_uuid, "Association.associationType is none of this transaction")
        for name, end in (("sourceObject", one.source), ("targetObject", one.target)):
            # What is not in the submission must be registered, and only UUIDs are (TF-3 4.2.1.5).
            if end not in here and not is_entry_uuid(end):
                context = f"Association.{name} is neither in the submission nor an entryUUID"
                problems.add(one.entry_uuid, context, Xds.UNRESOLVED_REFERENCE)
        if one.source == own and one.type == AssociationType.HAS_MEMBER:
            _check_membership(one, one.target in documents, problems)


def _check_membership(one: Association, by_value: bool, problems: Problems) -> None:
    status = one.submission_set_status
    if status not in {"", ORIGINAL, REFERENCE}:
        problems.add(one.entry_uuid, "Association.SubmissionSetStatus is neither Original nor Reference")
    elif by_value and status != ORIGINAL:
        context = "Association.SubmissionSetStatus of a document in the submission is not Original"
        problems.add(one.entry_uuid, context)
