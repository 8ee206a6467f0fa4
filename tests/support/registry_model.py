"""A registry in a few lines: what the rules of XDS say, written down a second time, to compare with."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from erepo.xds.model import MetadataSet
from erepo.xds.vocabulary import APPROVED, DEPRECATED
from erepo.xds.vocabulary import AssociationType as Kind

REPLACING = (Kind.REPLACE, Kind.TRANSFORM_REPLACE)


@dataclass(frozen=True)
class Thing:
    """A document, folder or submission set."""

    kind: str
    lid: str
    version: int = 1
    approved: bool = True


@dataclass(frozen=True)
class Link:
    """An association; ends are ids of things or of links."""

    type: str
    source: str
    target: str
    approved: bool = True


@dataclass
class Model:
    """The registry of one patient."""

    things: dict[str, Thing] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    @classmethod
    def of(cls, found: MetadataSet) -> "Model":
        """Return what a registry answered to GetAll."""
        model = cls()
        kinds = (("set", found.submission_sets), ("document", found.documents), ("folder", found.folders))
        for kind, objects in kinds:
            for one in objects:
                thing = Thing(kind, one.lid, one.version or 0, one.status == APPROVED)
                model.things[one.entry_uuid] = thing
        for link in found.associations:
            approved = link.status == APPROVED
            assert link.status in {APPROVED, DEPRECATED}
            model.links[link.entry_uuid] = Link(str(link.type), link.source, link.target, approved)
        return model

    def described(self) -> tuple[dict[str, Thing], Counter[tuple[object, ...]]]:
        """Return everything without the ids of associations, some of which the registry chooses."""

        def name(end: str) -> object:
            inner = self.links.get(end)
            return (inner.type, inner.source, inner.target) if inner else end

        links = Counter((one.type, one.source, name(one.target), one.approved) for one in self.links.values())
        return self.things, links

    def of_kind(self, kind: str) -> list[str]:
        """Return ids of things of a kind, oldest first."""
        return [name for name, one in self.things.items() if one.kind == kind]

    # --- what is asked of it

    def submit(self, own: str, documents: Iterable[str] = (), folders: Iterable[str] = ()) -> None:
        """A submission set with what it brings."""
        self.things[own] = Thing("set", own)
        for kind, ids in (("document", documents), ("folder", folders)):
            for name in ids:
                self.things[name] = Thing(kind, name)
                self.link(Kind.HAS_MEMBER, own, name)

    def link(self, kind: str, source: str, target: str) -> str:
        """Add an association, return its id here."""
        name = f"link {len(self.links)} {kind} {source} {target}"
        self.links[name] = Link(str(kind), source, target)
        return name

    def relate(self, own: str, new: str, kind: str, target: str) -> bool:
        """A submission of a document that stands in a relationship to another."""
        if not self.things[target].approved:
            return False
        grown = set(self._grown_from(target))
        self.submit(own, [new])
        self.link(kind, new, target)
        if kind in REPLACING:
            for name in {target, *grown}:
                self._set(name, approved=False)
            for folder in dict.fromkeys(self._folders_of(target)):
                self.link(Kind.HAS_MEMBER, own, self.link(Kind.HAS_MEMBER, folder, new))
        return True

    def file(self, own: str, document: str, folder: str) -> bool:
        """A submission that puts a document into a folder."""
        if not (self.things[document].approved and self.things[folder].approved):
            return False
        self.submit(own)
        self.link(Kind.HAS_MEMBER, folder, document)
        return True

    def revise(self, own: str, before: str, new: str, previous: int, *, propagate: bool) -> bool:
        """A new version of a document or folder."""
        old = self.things[before]
        if not old.approved or old.version != previous or self._latest(old.lid) != before:
            return False
        self.things[own] = Thing("set", own)
        self.things[new] = Thing(old.kind, old.lid, previous + 1)
        self._set(before, approved=False)
        for one in list(self.links.values()) if propagate else ():
            if before not in (one.source, one.target) or not one.approved:
                continue
            source, target = (new if end == before else end for end in (one.source, one.target))
            holder = self.things[source]
            if holder.kind == "set" or (holder.kind == "folder" and not holder.approved):
                continue
            link = self.link(one.type, source, target)
            if holder.kind == "folder":
                self.link(Kind.HAS_MEMBER, own, link)
        self.link(Kind.HAS_MEMBER, own, new)
        return True

    def turn(self, own: str, name: str, *, approve: bool) -> bool:
        """A change of status to what it is not."""
        one = self.things[name]
        if self._latest(one.lid) != name or one.approved == approve:
            return False
        if approve and any(self.things[other].approved for other in self._replaced_or_replacing(name)):
            return False
        self.things[own] = Thing("set", own)
        self._set(name, approved=approve)
        return True

    def remove(self, ids: set[str]) -> bool:
        """Removal of exactly these."""
        staying = {name: one for name, one in self.links.items() if name not in ids}
        if any({one.source, one.target} & ids for one in staying.values()):
            return False
        ends = {end for name in ids & self.links.keys() for end in self._ends(name)} - ids
        for end in ends & self.things.keys():
            holders = [
                one
                for one in staying.values()
                if end == one.source or (end == one.target and self.things[one.source].kind == "set")
            ]
            wanted = [one for one in holders if (self.things[end].kind == "set") == (one.source == end)]
            if not wanted:
                return False
        self.links = staying
        self.things = {name: one for name, one in self.things.items() if name not in ids}
        return True

    def check(self) -> None:
        """Assert what always holds."""
        everything = self.things.keys() | self.links.keys()
        assert all({one.source, one.target} <= everything for one in self.links.values())
        for one in self.links.values():
            if one.type in REPLACING and one.approved:
                assert not (self.things[one.source].approved and self.things[one.target].approved)
        held = {one.target for one in self.links.values() if self.things[one.source].kind == "set"}
        assert {name for name, one in self.things.items() if one.kind != "set"} <= held
        versions = Counter((one.lid, one.version) for one in self.things.values())
        assert set(versions.values()) <= {1}
        current = Counter(one.lid for one in self.things.values() if one.approved)
        assert set(current.values()) <= {1}

    # --- how it looks at itself

    def _set(self, name: str, *, approved: bool) -> None:
        self.things[name] = replace(self.things[name], approved=approved)

    def _ends(self, name: str) -> tuple[str, str]:
        return self.links[name].source, self.links[name].target

    def _latest(self, lid: str) -> str:
        versions = {one.version: name for name, one in self.things.items() if one.lid == lid}
        return versions[max(versions)]

    def _grown_from(self, name: str) -> Iterator[str]:
        for one in self.links.values():
            if one.type in (Kind.APPEND, Kind.TRANSFORM) and one.target == name:
                yield one.source
                yield from self._grown_from(one.source)

    def _folders_of(self, document: str) -> Iterator[str]:
        for one in list(self.links.values()):
            source = self.things[one.source]
            if one.target == document and source.kind == "folder" and source.approved:
                yield one.source

    def _replaced_or_replacing(self, name: str) -> Iterator[str]:
        for one in self.links.values():
            if one.type in REPLACING and name in (one.source, one.target):
                yield one.source if one.target == name else one.target
