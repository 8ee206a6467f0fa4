"""What bounds questions to P1: one registration at a time, answers about one patient, an end of asking."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from erepo.cloud.national.abroad import Abroad
from erepo.cloud.national.errors import P1Overdue, P1RegistrationBusy
from erepo.cloud.national.indexing.p1 import P1Index
from erepo.cloud.national.indexing.port import Acting, Provider
from erepo.cloud.national.searching.errors import AbroadOverrun
from erepo.cloud.national.searching.narrowing import narrowed
from erepo.cloud.national.searching.p1 import P1Abroad
from erepo.cloud.national.searching.port import Window
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX
from erepo.p1.errors import P1Overrun
from erepo.settings import Settings
from erepo.xds.model import DocumentEntry
from tests.support.xds import PATIENT, document

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)


async def test_other_calls_do_not_hide_a_registration_that_has_not_come_back() -> None:
    """A registration that nobody waits for any more keeps the next one out, whatever was asked since."""
    calls, end = Abroad(0.05), threading.Event()
    try:
        async with calls.turn(7):
            with pytest.raises(P1Overdue):
                await calls.change(7, end.wait)
        assert await calls.call(lambda: "a token") == "a token"
        with pytest.raises(P1RegistrationBusy):
            async with calls.turn(7):
                raise AssertionError("two registrations at once")
    finally:
        end.set()
        calls.close()


async def test_a_slow_question_keeps_no_registration_out() -> None:
    """What only asks, a token or a decision, changes nothing that a registration could be in the way of."""
    calls, end = Abroad(0.05), threading.Event()
    try:
        with pytest.raises(P1Overdue):
            await calls.call(end.wait)
        async with calls.turn(7):
            pass
    finally:
        end.set()
        calls.close()


class Answering(P1Abroad):
    """P1 answers with these entries, whoever was asked about."""

    def __init__(self, *entries: DocumentEntry) -> None:
        calls = Abroad()
        super().__init__(Settings(), calls, P1Index(Settings(), calls))
        self.entries = entries

    async def _token(self, provider: Provider, acting: Acting) -> Any:
        return None

    @asynccontextmanager
    async def _edm(self, provider: Provider) -> AsyncIterator[Any]:
        async def query(*_: Any) -> Any:
            return SimpleNamespace(metadata=SimpleNamespace(documents=self.entries))

        yield SimpleNamespace(query=query)


async def test_the_same_number_of_another_register_is_another_patient() -> None:
    """P1's answer counts for register and number together: a passport may have the digits of a PESEL."""
    mine, other = document(), document(patient_id=CX(PATIENT.id, "2.16.840.1.113883.4.330.616"))
    acting = Acting("0", "0-1", ("1", "2"), "medical doctor", "TREAT", (oids.PESEL, PATIENT.id))
    found = await Answering(mine, other).find(Provider(1, "", None), acting, (), Window())  # type: ignore[arg-type]
    assert found == (mine,)


async def test_a_search_ends_when_its_time_is_over() -> None:
    """Windows that P1 answers slowly count as well: the clinic does not wait for more than two minutes."""
    clock = [0.0]

    async def slow(window: Window) -> tuple[DocumentEntry, ...]:
        clock[0] += 24
        if window.since is None or window.until is None or window.until - window.since > timedelta(days=40):
            raise P1Overrun
        return ()

    with pytest.raises(AbroadOverrun):
        await narrowed(slow, Window(NOW - timedelta(days=300), NOW), NOW, lambda: clock[0])
    assert clock[0] < 120
