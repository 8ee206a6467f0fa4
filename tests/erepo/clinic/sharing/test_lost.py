"""Lost answers, revocations under way, a service that is down: nothing is given twice, nothing forgotten."""

from datetime import timedelta

import pytest

from erepo.clinic.sharing import Channel, ConsentState, ledger, order_revocation
from erepo.clinic.sharing.ledger import GRACE
from erepo.identifiers import oids
from tests.support.crashing import Crash, fail_at
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.ports import free_port
from tests.support.sharing import consent_of
from tests.support.sharing_desk import FROM, LOGIN, PESEL, SECOND, SharingDesk

S = ConsentState
FAULTS = (Fault.ANSWER_LOST, Fault.LOGIN_PAGE, Fault.MANY_TIMES)


def once(fault: Fault, end: str) -> tuple[list[str], object]:
    """Return a decision: the first request whose path has an end meets the fault, all others pass."""
    met: list[str] = []

    def decide(path: bytes) -> Fault:
        if end in path.decode() and not met:
            met.append(end)
            return fault
        return Fault.NONE

    return met, decide


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
async def test_a_lost_answer_to_the_consent(desk: SharingDesk, fault: Fault) -> None:
    """Whatever the answer was: it is there once, in the end by itself, with the octets of the first time."""
    [one] = desk.local()
    name = desk.draft([one])
    met, decide = once(fault, "/consents")
    async with FaultProxy(desk.world.cloud, desk.world.owner, decide) as proxy:  # type: ignore[arg-type]
        first = await desk.share(name, proxy.port)
        body = desk.row(name).body
        assert met
        if not first.done:
            assert first.state is S.SENT
            assert first.problem is not None
            again = await desk.settle(proxy.port)
            assert (again.open, again.consents) == (0, {name: "active"})
    assert desk.row(name).body == body
    assert (desk.state(name), desk.sees(one)) == (S.ACTIVE, True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
async def test_a_lost_answer_to_the_revocation(desk: SharingDesk, fault: Fault) -> None:
    """It stands until the service has confirmed it; the next run does that."""
    name, [one] = await desk.given()
    met, decide = once(fault, f"/consents/{name}")
    async with FaultProxy(desk.world.cloud, desk.world.owner, decide) as proxy:  # type: ignore[arg-type]
        first = await desk.revoke(name, proxy.port)
        assert met
        if first.state is not S.REVOKED:
            assert (first.state, first.problem is not None) == (S.REVOKING, True)
            assert (await desk.settle(proxy.port)).consents == {name: "revoked"}
    assert (desk.state(name), desk.sees(one)) == (S.REVOKED, False)


async def test_nobody_is_there(desk: SharingDesk) -> None:
    """The service is down: order and revocation are written down, tell why, and are finished later."""
    kept, [one] = await desk.given()
    [two] = desk.local()
    new, nowhere = desk.draft([two]), free_port()
    sent = await desk.share(new, nowhere)
    assert (sent.state, sent.problem is not None and sent.problem.retryable) == (S.ORDERED, True)
    gone = await desk.revoke(kept, nowhere)
    assert (gone.state, gone.problem is not None and gone.problem.retryable) == (S.REVOKING, True)
    left = await desk.settle(nowhere)
    assert (left.open, left.problem is not None) == (2, True)
    assert (await desk.settle()).consents == {kept: "revoked", new: "active"}
    assert (desk.sees(one), desk.sees(two)) == (False, True)


async def test_revoked_while_it_is_on_its_way(desk: SharingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person revokes while the consent is being sent: whoever brings it there ends it at once."""
    [one] = desk.local()
    name = desk.draft([one])
    real = Channel.give

    async def give(self: Channel, body: bytes, signature: str, login: str | None) -> object:
        order_revocation(desk.clinic.database, name, LOGIN, at=desk.moment)
        return await real(self, body, signature, login)

    monkeypatch.setattr(Channel, "give", give)
    assert (await desk.share(name)).state is S.REVOKED
    assert not desk.sees(one)
    told = desk.remote(name)
    assert told is not None
    assert told["state"] == "revoked"


async def test_what_the_service_does_not_know_stays_until_nothing_can_come(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its request arrived, then revoked: not done before a late request would be refused."""
    [one] = desk.local()
    name = desk.draft([one])
    with monkeypatch.context() as patch:
        fail_at(1, "before", patch, [(Channel, "give")])
        with pytest.raises(Crash):
            await desk.share(name)
    assert (desk.row(name).attempts, desk.remote(name)) == (1, None)
    first = await desk.revoke(name)
    assert first.problem is not None
    assert (first.state, first.problem.code) == (S.REVOKING, "sharing.revocation-unconfirmed")
    desk.at(FROM + GRACE)
    assert (await desk.settle()).open == 1
    desk.at(FROM + GRACE + SECOND)
    assert (await desk.settle()).consents == {name: "revoked"}


async def test_a_late_request_is_ended_all_the_same(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consent arrives after the first revocation was told that nothing is there: the next run ends it."""
    [one] = desk.local()
    name = desk.draft([one])
    with monkeypatch.context() as patch:
        fail_at(1, "before", patch, [(Channel, "give")])
        with pytest.raises(Crash):
            await desk.share(name)
    assert (await desk.revoke(name)).state is S.REVOKING
    assert desk.world.give(body=desk.row(name).body).status_code == 201
    assert desk.sees(one)
    assert (await desk.settle()).consents == {name: "revoked"}
    assert not desk.sees(one)


async def test_another_consent_has_its_id(desk: SharingDesk) -> None:
    """After the clinic's database came back from an older backup: refused, and the other one can be ended."""
    [one] = desk.local()
    name = desk.draft([one])
    other, [two] = await desk.given()
    patient = {"root": oids.PESEL, "extension": PESEL}
    body = consent_of(desk.unique_id(two), id=name, patient=patient)
    assert desk.world.give(body=body).is_success
    done = await desk.share(name)
    assert done.problem is not None
    assert done.state is S.REFUSED
    assert desk.row(name).reason["code"] == "rest.service-refusal"
    assert (await desk.revoke(name)).state is S.REVOKED
    told = desk.remote(name)
    assert told is not None
    assert told["state"] == "revoked"
    assert desk.state(other) is S.ACTIVE


async def test_expired_by_the_clock_alone(desk: SharingDesk) -> None:
    """What was sent and never confirmed, and what held: both are over once their time is, nobody is asked."""
    held, _ = await desk.given()
    [one] = desk.local()
    name = desk.draft([one])
    async with FaultProxy(
        desk.world.cloud, desk.world.owner, lambda path: Fault.NONE if b"xds" in path else Fault.RESET_AT_ONCE
    ) as proxy:
        assert (await desk.share(name, proxy.port)).state is S.SENT
    desk.at(FROM + timedelta(days=8))
    done = await desk.settle(free_port())
    assert (done.expired >= 2, done.open) == (True, 0)
    assert (desk.row(held).state, desk.row(name).state) == ("expired", "expired")


async def test_a_clock_that_ran_ahead_keeps_nothing_shown(desk: SharingDesk) -> None:
    """What a wrong clock called expired is still shown by the service: it can be revoked, or goes on."""
    desk.at(FROM + timedelta(hours=1))
    first, [shown] = await desk.given()
    second, _ = await desk.given()
    ledger.advance(desk.clinic.database, FROM + timedelta(days=400))
    assert (desk.row(first).state, desk.row(second).state) == ("expired", "expired")
    assert desk.sees(shown)
    assert (await desk.revoke(first)).state is S.REVOKED
    assert not desk.sees(shown)
    await desk.settle()
    assert desk.row(second).state == "active"
