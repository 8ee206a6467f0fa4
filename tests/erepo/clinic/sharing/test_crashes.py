"""The process ends at its k-th step of sharing or revoking: what runs by itself brings it to its end."""

import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from erepo.clinic.sharing import Channel, ConsentState, ledger, sending
from tests.support.crashing import Crash, fail_at
from tests.support.sharing_desk import SharingDesk

S = ConsentState
STEPS: list[tuple[Any, str]] = [
    *((ledger, name) for name in ("order", "seal", "attempt", "confirm", "intend_revocation", "revoked")),
    *((sending, name) for name in ("plan", "send_batch")),
    *((Channel, name) for name in ("give", "state", "revoke")),
]


async def every_moment(
    monkeypatch: pytest.MonkeyPatch, when: str, work: Callable[[], Awaitable[Callable[[], Awaitable[None]]]]
) -> int:
    """Prepare and try anew with the crash one step later each time; return how many steps there are.

    `work` prepares, and returns what may crash and must hold afterwards.
    """
    for moment in itertools.count(1):
        tried = await work()
        with monkeypatch.context() as patch:
            failed = fail_at(moment, when, patch, STEPS)
            with contextlib.suppress(Crash):
                await tried()
        if not failed():
            return moment - 1
    raise AssertionError


@pytest.mark.parametrize("when", ["before", "after"])
async def test_sending_ends_well_wherever_it_ended(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Once ordered, a consent arrives exactly once with the very octets that were sealed."""
    names: list[tuple[str, str]] = []

    async def work() -> Callable[[], Awaitable[None]]:
        [one] = desk.local()
        names.append((desk.draft([one]), one))

        async def tried() -> None:
            await desk.share(names[-1][0])

        return tried

    assert await every_moment(monkeypatch, when, work) == 7
    for name, _ in names:
        if desk.state(name) is S.DRAFT:  # ended before the order was on the disk: a person presses again
            await desk.share(name)
    settled = await desk.settle()
    assert (settled.open, settled.problem) == (0, None)
    for name, one in names:
        assert (desk.state(name), desk.sees(one)) == (S.ACTIVE, True)
        told = desk.remote(name)
        assert told is not None
        assert told["documents"] == [desk.unique_id(one)]
        assert desk.events(name).count("consent_confirmed") == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_revocation_is_never_forgotten(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """From its intent on, whatever ends the process: the next run ends the consent, and it stays ended."""
    names: list[tuple[str, str]] = []

    async def work() -> Callable[[], Awaitable[None]]:
        name, [one] = await desk.given()
        names.append((name, one))

        async def tried() -> None:
            await desk.revoke(name)

        return tried

    assert await every_moment(monkeypatch, when, work) == 3
    first, *others = names
    if when == "before":
        assert desk.state(first[0]) is S.ACTIVE  # nothing was ordered yet
        await desk.revoke(first[0])
    assert (await desk.settle()).open == 0
    for name, one in [first, *others]:
        assert (desk.state(name), desk.sees(one)) == (S.REVOKED, False)
        assert desk.events(name).count("consent_revoked") == 1
