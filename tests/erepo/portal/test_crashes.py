"""A process that dies while somebody signs in leaves nothing open, and nothing that cannot be done again."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from erepo.acting import Detached
from erepo.cloud.patients import links
from erepo.cloud.patients.content import Contact, Invited
from erepo.cloud.patients.messages import Message
from erepo.cloud.storage.tables_portal import portal_challenge, portal_message, portal_session
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.tenants import Order
from erepo.identifiers import CX
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from erepo.portal import signing_in
from erepo.portal.errors import CodeRefused
from erepo.portal.office import Office
from tests.erepo.portal.test_sending import Desk, desk_of
from tests.support.crashing import Crash, fail_at
from tests.support.portal import PESEL

WHO = CX(PESEL, PESEL_ROOT)
STEPS = [(Office, "change"), (signing_in, "_compare")]


def prepare(desk: Desk) -> None:
    """Let a clinic vouch for the person."""
    database = desk.office.cloud.database
    with database.everyone("a test", write=True) as connection:
        tenants.order(connection, Order("0000000000001003"))
        number = tenants.find(connection, "0000000000001003").id
    invited = Invited("5b0e", WHO, Contact("email", "jan@poczta.example"), "pl", b"{}")
    with database.write(number) as connection:
        links.invite(connection, number, invited, Detached("a..b", "c"), desk.office.keys, desk.at)
    with database.everyone("a test", write=True) as connection:
        connection.exec_driver_sql("UPDATE tenant SET state = 'active'")


def code_of(desk: Desk) -> str:
    """Return the code of the newest message, as its sender sees it."""
    table = portal_message.c
    with desk.office.cloud.database.read() as connection:
        query = select(table.sealed).where(table.state == "waiting", table.kind == "code")
        sealed = connection.scalars(query.order_by(table.id.desc())).first()
    assert sealed is not None
    return Message.opened(desk.office.keys, bytes(sealed)).code


def count(desk: Desk, table: object) -> int:
    """Return how many rows a table has."""
    with desk.office.cloud.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_crash_while_signing_in_costs_a_try_and_nothing_else(tmp_path: Path, step: int, when: str) -> None:
    """Asking, counting, comparing, beginning: afterwards one asks again, and has one session more at most."""
    with desk_of(tmp_path) as desk:
        prepare(desk)
        asyncio.run(_crash(desk, step, when))


async def _ask_and_type(desk: Desk, asked: list[str]) -> None:
    asked.append((await signing_in.ask(desk.office, WHO, "192.0.2.1")).challenge)
    assert await signing_in.sign_in(desk.office, asked[-1], code_of(desk), "cookie", "192.0.2.1")


async def _crash(desk: Desk, step: int, when: str) -> None:
    desk.office.cloud.start()
    asked: list[str] = []
    try:
        with pytest.MonkeyPatch.context() as patch:
            failed = fail_at(step, when, patch, STEPS)
            with pytest.raises(Crash):
                await _ask_and_type(desk, asked)
            assert failed()
        begun = (step, when) == (4, "after")
        assert count(desk, portal_session) == begun
        assert count(desk, portal_challenge) == ((step, when) != (1, "before"))
        if step > 1:
            # The challenge that was answered lives on until its code is used.
            again = signing_in.sign_in(desk.office, asked[0], code_of(desk), "cookie", "192.0.2.1")
            if begun:
                with pytest.raises(CodeRefused):
                    await again
            else:
                assert await again
        await _ask_and_type(desk, asked)
        assert count(desk, portal_session) == 1 + (step > 1)
    finally:
        await desk.office.cloud.stop()
