"""Removing metadata for good (ITI-62, supplement RMD).

The objects of a request go together or not at all, and only as a closed set:

* every id is there (UnresolvedReferenceException; an object of another account is not there);
* no association that stays begins or ends at an object that goes (ReferencesExistException);
* no object that stays loses what holds it (XDSUnreferencedObjectException): a document or a folder its last
  submission set, a submission set its last association.

A document's octets stay in the repository until ITI-86 removes them; each version of an object goes by its
own entryUUID.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.holdings import Held, Holdings
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.registry.kinds import Kind
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: What is told of one request: nobody reads more.
_MOST_ERRORS = 100


class Removal:
    """A request to remove objects, ready for the writer."""

    def __init__(self, tenant_id: int, entry_uuids: Sequence[str], evidence: Evidence) -> None:
        self._tenant_id, self._evidence = tenant_id, evidence
        self._wanted = tuple(uuid.UUID(each).bytes for each in entry_uuids)

    def change(self) -> Change:
        """Return it as the writer takes it."""
        return Change(evidence=self._evidence, apply=self._apply)

    def _apply(self, connection: Connection) -> Outcome:
        holdings = Holdings(connection, self._tenant_id)
        found = holdings.by_uuids(self._wanted)
        unknown = [_error(Xds.UNRESOLVED_REFERENCE, each) for each in self._wanted if each not in found]
        going = {each.id: each for each in found.values()}
        errors = unknown or [*_check_references(holdings, going)] or [*_check_left(holdings, going)]
        if errors:
            return Outcome(tuple(errors[:_MOST_ERRORS]))
        holdings.remove(going)
        return Outcome()


def _check_references(holdings: Holdings, going: Mapping[int, Held]) -> Iterator[RegistryError]:
    for link in _touching(holdings, going):
        if link.id not in going:
            held = going.get(link.source_object or 0) or going[link.target_object or 0]
            yield _error(Xds.REFERENCES_EXIST, held.entry_uuid)


def _check_left(holdings: Holdings, going: Mapping[int, Held]) -> Iterator[RegistryError]:
    links = [each for each in going.values() if each.kind == Kind.ASSOCIATION]
    ends = {end for link in links for end in (link.source_object, link.target_object)}
    left = holdings.by_numbers(ends - going.keys())
    staying = [link for link in _touching(holdings, left) if link.id not in going]
    held_by = _holders(holdings, staying)
    for each in left.values():
        if each.kind != Kind.ASSOCIATION and each.id not in held_by:
            yield _error(Xds.UNREFERENCED_OBJECT, each.entry_uuid)


def _holders(holdings: Holdings, links: Sequence[Held]) -> set[int]:
    """Return what is held: members of submission sets, and sets that have an association."""
    sources = holdings.by_numbers(link.source_object for link in links)
    held: set[int] = set()
    for link in links:
        source = sources.get(link.source_object or 0)
        if source is not None and source.kind == Kind.SUBMISSION_SET:
            held.add(source.id)
            if link.is_membership:
                held.add(link.target_object or 0)
    return held


def _touching(holdings: Holdings, numbers: Iterable[int]) -> list[Held]:
    known = list(numbers)
    return list({link.id: link for link in (*holdings.links_from(known), *holdings.links_to(known))}.values())


def _error(code: Xds, entry_uuid: bytes) -> RegistryError:
    urn = uuid.UUID(bytes=entry_uuid).urn
    return RegistryError(code, urn, location=urn)
