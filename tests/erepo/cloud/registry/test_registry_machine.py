"""Any sequence of submissions, replacements, updates and removals, held against a model of the rules."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from erepo.identifiers.hl7 import CX
from erepo.xds import iti18
from erepo.xds.model import DocumentEntry, Folder
from erepo.xds.responses import RegistryResponse
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ResponseStatus
from erepo.xds.vocabulary import AssociationType as Kind
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected, new_oid
from tests.support.registering import (
    entry,
    folder,
    link,
    member,
    next_version,
    registration,
    revised,
    to_status,
)
from tests.support.registry_model import Model

KINDS = st.sampled_from([Kind.REPLACE, Kind.TRANSFORM_REPLACE, Kind.APPEND, Kind.TRANSFORM, Kind.SIGNS])
PICK = st.integers(0, 10**6)
_GET_ALL = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"


class RegistryMachine(RuleBasedStateMachine):
    """One patient's objects in a running service, and the model of them."""

    client: ClassVar[CloudClient]
    runner: ClassVar[asyncio.Runner]

    @initialize()
    def begin(self) -> None:
        """A patient nobody knows."""
        self.patient = CX(new_oid().rpartition(".")[2][:20], "1.2.3")
        self.model = Model()
        self.sent: dict[str, DocumentEntry | Folder] = {}
        self.submit(1, filed=True)

    def run(self, work: Coroutine[Any, Any, RegistryResponse]) -> bool:
        """Send a request and tell whether it was done."""
        return self.runner.run(work).status == ResponseStatus.SUCCESS

    def pick(self, kind: str, place: int) -> str:
        """Return one of the present things of a kind."""
        names = self.model.of_kind(kind)
        return names[place % len(names)]

    def has_documents(self) -> bool:
        """Whether there is something to work on."""
        return bool(self.model.of_kind("document"))

    def has_both(self) -> bool:
        """Whether there is a document and a folder."""
        return self.has_documents() and bool(self.model.of_kind("folder"))

    def note(self, *objects: DocumentEntry | Folder) -> None:
        """Remember metadata, for later versions of it."""
        self.sent |= {one.entry_uuid: one for one in objects}

    @rule(count=st.integers(1, 2), filed=st.booleans())
    def submit(self, count: int, filed: bool) -> None:
        """Documents, perhaps in a new folder."""
        documents = [entry(patient_id=self.patient) for _ in range(count)]
        folders = [folder(patient_id=self.patient)] if filed else []
        links = [member(one.entry_uuid, each.entry_uuid) for one in folders for each in documents]
        given = registration(*documents, *folders, *links, patient_id=self.patient)
        assert self.run(self.client.register(given))
        self.note(*documents, *folders)
        own = given.submission_set.entry_uuid
        self.model.submit(own, [one.entry_uuid for one in documents], [one.entry_uuid for one in folders])
        for one in links:
            self.model.link(one.type, one.source, one.target)

    @precondition(has_documents)
    @rule(kind=KINDS, place=PICK)
    def relate(self, kind: Kind, place: int) -> None:
        """A new document in a relationship to any other."""
        target, new = self.pick("document", place), entry(patient_id=self.patient)
        given = registration(new, link(kind, new.entry_uuid, target), patient_id=self.patient)
        done = self.run(self.client.register(given))
        assert done == self.model.relate(given.submission_set.entry_uuid, new.entry_uuid, kind, target)
        self.note(new)

    @precondition(has_both)
    @rule(one=PICK, two=PICK)
    def file(self, one: int, two: int) -> None:
        """Any document into any folder."""
        document, into = self.pick("document", one), self.pick("folder", two)
        given = registration(member(into, document), patient_id=self.patient)
        done = self.run(self.client.register(given))
        assert done == self.model.file(given.submission_set.entry_uuid, document, into)

    @precondition(has_both)
    @rule(
        kind=st.sampled_from(["document", "folder"]),
        place=PICK,
        off=st.sampled_from([0, 0, 0, 1]),
        propagate=st.booleans(),
    )
    def revise(self, kind: str, place: int, off: int, propagate: bool) -> None:
        """A new version of any version."""
        before = self.pick(kind, place)
        new = revised(self.sent[before], title=f"{place}")
        previous = self.model.things[before].version + off
        given = next_version(new, previous, propagate=propagate)
        done = self.run(self.client.update(given))
        own = given.submission_set.entry_uuid
        latest = self._latest_of(before)
        assert done == self.model.revise(own, latest, new.entry_uuid, previous, propagate=propagate)
        self.note(new)

    def _latest_of(self, name: str) -> str:
        lid = self.model.things[name].lid
        found = [each for each, one in self.model.things.items() if one.lid == lid]
        return max(found, key=lambda each: self.model.things[each].version)

    @precondition(has_both)
    @rule(kind=st.sampled_from(["document", "folder"]), place=PICK, approve=st.booleans())
    def turn(self, kind: str, place: int, approve: bool) -> None:
        """A status, there and back."""
        name = self.pick(kind, place)
        words = (DEPRECATED, APPROVED) if approve else (APPROVED, DEPRECATED)
        given = to_status(name, *words, patient_id=self.patient)
        done = self.run(self.client.update(given))
        assert done == self.model.turn(given.submission_set.entry_uuid, name, approve=approve)

    @precondition(has_documents)
    @rule(
        place=PICK,
        kind=st.sampled_from(["document", "set"]),
        forgotten=st.sampled_from([0, 0, 1]),
        sets=st.booleans(),
    )
    def remove(self, place: int, kind: str, forgotten: int, sets: bool) -> None:
        """Something with its associations, perhaps with its submission set, perhaps not quite closed."""
        name = self.pick(kind, place)
        ids = {name, *(each for each, one in self.model.links.items() if name in (one.source, one.target))}
        if sets:
            ids |= {end for each in ids & self.model.links.keys() for end in (self.model.links[each].source,)}
        ids |= {each for each, one in self.model.links.items() if one.target in ids & self.model.links.keys()}
        wanted = sorted(ids)[forgotten:]
        if wanted:
            done = self.run(self.client.remove_objects(*wanted))
            assert done == self.model.remove(set(wanted))

    @invariant()
    def agree(self) -> None:
        """The registry holds what the model holds, and both what always holds."""
        if not hasattr(self, "model"):
            return
        both = (APPROVED, DEPRECATED)
        names = ("$XDSDocumentEntryStatus", "$XDSSubmissionSetStatus", "$XDSFolderStatus")
        asked = {"$patientId": ((str(self.patient),),), **dict.fromkeys(names, (both,))}
        found = Model.of(self.runner.run(self.client.query(iti18.StoredQuery(_GET_ALL, asked))).metadata)
        assert found.described() == self.model.described()
        found.check()
        # From here on by the registry's own names of associations; things in the order they came.
        self.model.links = found.links


@pytest.mark.timeout(600)
def test_any_sequence_of_requests_agrees_with_the_model(own_cloud: RunningCloud) -> None:
    """What succeeds, what is refused, and what is there afterwards is what the rules say."""
    own_cloud.start()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        class Machine(RegistryMachine):
            client = runner.run(stack.enter_async_context(connected(own_cloud.tenant)))

        Machine.runner = runner
        try:
            run_state_machine_as_test(  # type: ignore[no-untyped-call]
                Machine,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
