"""Associations of a change held against the registry, and what follows from them (TF-2 3.42.4.1.3.3, .4).

* A relationship's source lies in the submission, or is registered and Approved (ITI-57). RPLC, XFRM_RPLC and
  IsSnapshotOf point at a registered document, the others at any; a registered target is Approved.
* RPLC and XFRM_RPLC deprecate their target and whatever transforms or appends it, and put the replacement
  into every Approved folder of the target. **A document is replaced once**: what a submission deprecates, it
  may not relate to in any other way.
* A folder takes Approved documents while it is Approved itself, and is then updated "now".
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from erepo.cloud.registry.holdings import Held, Holdings
from erepo.cloud.registry.kinds import Kind
from erepo.xds.model import Association
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import RELATIONSHIPS, TARGET_REGISTERED, AssociationType, Xds

REPLACING = frozenset({AssociationType.REPLACE, AssociationType.TRANSFORM_REPLACE})
_GROWN_FROM = frozenset({AssociationType.TRANSFORM, AssociationType.APPEND})


@dataclass(frozen=True, slots=True)
class Ends:
    """An association with both of its ends found."""

    association: Association
    source: Held
    target: Held

    @property
    def replaces(self) -> bool:
        """Whether the source takes the place of the target."""
        return self.association.type in REPLACING

    @property
    def files(self) -> bool:
        """Whether it puts a document into a folder."""
        return self.source.is_folder and self.target.is_document


@dataclass(slots=True)
class Consequences:
    """What a change does to registered objects, beside its own rows."""

    deprecated: set[int] = field(default_factory=set)
    filed: set[tuple[Held, Held]] = field(default_factory=set)
    """New memberships: folder and document."""
    touched: set[int] = field(default_factory=set)
    """Folders that were registered before and have a new member."""


class Relations:
    """The associations of one change.

    Args:
        holdings: the account's registry.
        own: id of the submission set in the message.
        patient: whose submission it is.
        here: objects of the message by their ids there, with their numbers.
    """

    def __init__(self, holdings: Holdings, own: str, patient: str, here: Mapping[str, Held]) -> None:
        self._holdings, self._own, self._patient, self._here = holdings, own, patient, here
        self.found: list[Ends] = []
        self.errors: list[RegistryError] = []

    def judge(self, associations: Sequence[Association], *, sources_registered: bool = False) -> None:
        """Find the ends of associations and hold them against the rules; see `errors`.

        Args:
            associations: of the message.
            sources_registered: whether a relationship may begin at a registered document (ITI-57).
        """
        ends = {end for one in associations for end in (one.source, one.target)} - self._here.keys()
        registered = {uuid.UUID(bytes=key).urn: held for key, held in self._look_up(ends).items()}
        known = {**registered, **self._here}
        for one in associations:
            missing = [end for end in (one.source, one.target) if end not in known]
            if missing:
                self._unresolved(one, missing)
                continue
            link = Ends(one, known[one.source], known[one.target])
            self.found.append(link)
            self.errors += self._judge_one(link, sources_registered=sources_registered)
        self.errors += self._judge_replacements()

    def _look_up(self, ends: set[str]) -> dict[bytes, Held]:
        return self._holdings.by_uuids(uuid.UUID(end).bytes for end in ends if end.startswith("urn:uuid:"))

    def _unresolved(self, one: Association, names: Sequence[str]) -> None:
        self.errors += [
            RegistryError(Xds.UNRESOLVED_REFERENCE, name, location=one.entry_uuid) for name in names
        ]

    def _judge_one(self, link: Ends, *, sources_registered: bool) -> Iterator[RegistryError]:
        one, source, target = link.association, link.source, link.target
        # A document included by reference may be another patient's: of a mother's submission, her child's
        # (TF-3 4.2.2.1.1).
        by_reference = one.source == self._own and target.is_document
        for end in () if by_reference else {source.id: source, target.id: target}.values():
            if end.registered and end.patient_id not in {None, self._patient}:
                yield RegistryError(Xds.PATIENT_MISMATCH, end.patient_id or "", location=one.entry_uuid)
        if one.type == AssociationType.HAS_MEMBER:
            yield from self._judge_member(link)
        elif one.type in RELATIONSHIPS:
            yield from _judge_relationship(link, sources_registered=sources_registered)

    def _judge_member(self, link: Ends) -> Iterator[RegistryError]:
        one, source, target = link.association, link.source, link.target
        if one.source == self._own:
            # Documents, folders, and memberships of folders that the submission made.
            if target.kind == Kind.SUBMISSION_SET or (
                target.kind == Kind.ASSOCIATION and not target.is_membership
            ):
                yield _wrong(one, "a submission set cannot have this member")
        elif not link.files:
            yield _wrong(
                one, "HasMember does not lead from the submission set, nor from a folder to a document"
            )
        elif not (source.approved and target.approved):
            yield _deprecated(one, source if not source.approved else target)

    def _judge_replacements(self) -> Iterator[RegistryError]:
        """What this change deprecates may have one replacement, and no other new association."""
        replaced: dict[int, Held] = {}
        if not any(link.replaces for link in self.found):
            return
        gone = self._grown_from({link.target.id for link in self.found if link.replaces})
        for link in self.found:
            if link.replaces:
                other = replaced.setdefault(link.target.id, link.source)
                if other is not link.source:
                    yield _deprecated(link.association, link.target)
        for link in self.found:
            relates = link.association.type in RELATIONSHIPS and not link.replaces
            if (relates or link.files) and link.target.id in replaced.keys() | gone:
                yield _deprecated(link.association, link.target)

    def consequences(self) -> Consequences:
        """Return what follows from associations that were judged good."""
        result = Consequences()
        result.touched |= {link.source.id for link in self.found if link.files and link.source.registered}
        replacements = [link for link in self.found if link.replaces]
        targets = {link.target.id for link in replacements}
        result.deprecated = targets | self._grown_from(targets)
        folders = self.folders_of(targets)
        filed = {(link.source.id, link.target.id) for link in self.found if link.files}
        for link in replacements:
            for folder in folders.get(link.target.id, ()):
                if (folder.id, link.source.id) not in filed:
                    filed.add((folder.id, link.source.id))
                    result.filed.add((folder, link.source))
                    result.touched.add(folder.id)
        return result

    def folders_of(self, documents: set[int]) -> dict[int, list[Held]]:
        """Return the Approved folders that each of these documents lies in."""
        links = [
            each
            for each in self._holdings.links_to(documents)
            if each.association_type == AssociationType.HAS_MEMBER and each.approved
        ]
        sources = self._holdings.by_numbers(each.source_object for each in links)
        found: dict[int, list[Held]] = {}
        for each in links:
            source = sources.get(each.source_object or 0)
            if source is not None and source.is_folder and source.approved:
                found.setdefault(each.target_object or 0, []).append(source)
        return found

    def _grown_from(self, documents: set[int]) -> set[int]:
        """Return the numbers of the documents that transform or append these, however far."""
        # A replacement that itself appends what it replaces lives on, and with it what grows from it.
        seen = documents | {link.source.id for link in self.found if link.replaces}
        found: set[int] = set()
        edge = set(documents)
        while edge:
            links = self._holdings.links_to(edge)
            edge = {
                each.source_object
                for each in links
                if each.association_type in _GROWN_FROM and each.approved and each.source_object
            } - seen
            seen |= edge
            found |= edge
        return found


def _judge_relationship(link: Ends, *, sources_registered: bool) -> Iterator[RegistryError]:
    one, source, target = link.association, link.source, link.target
    if not source.is_document or not target.is_document:
        yield _wrong(one, "a relationship leads from a document to a document")
    elif source.id == target.id and one.type not in TARGET_REGISTERED:
        yield _wrong(one, "a document cannot stand in a relationship to itself")
    elif one.type == AssociationType.SNAPSHOT_OF and (source.on_demand or not target.on_demand):
        yield _wrong(one, "a stable document is a snapshot of an on-demand one")
    if source.registered and not sources_registered:
        yield RegistryError(Xds.UNRESOLVED_REFERENCE, one.source, location=one.entry_uuid)
    if not target.registered and one.type in TARGET_REGISTERED:
        yield RegistryError(Xds.UNRESOLVED_REFERENCE, one.target, location=one.entry_uuid)
    for end in {source.id: source, target.id: target}.values():
        if end.is_document and not end.approved:
            yield _deprecated(one, end)


def _wrong(one: Association, context: str) -> RegistryError:
    return RegistryError(Xds.REGISTRY_METADATA, context, location=one.entry_uuid)


def _deprecated(one: Association, end: Held) -> RegistryError:
    context = uuid.UUID(bytes=end.entry_uuid).urn
    return RegistryError(Xds.DEPRECATED_DOCUMENT, context, location=one.entry_uuid)
