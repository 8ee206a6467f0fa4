"""Several at one moment, in one process and in two, on both databases."""

import asyncio

import httpx
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.cloud.audit.events import Result
from tests.erepo.cloud.panel.conftest import said
from tests.support.audit import Record
from tests.support.cloud import RunningCloud, TenantCredentials, second_process
from tests.support.panel import FIRST, LOGIN, SECOND, person
from tests.support.ports import free_port


async def test_two_processes_make_one_administrator_and_count_together(
    cloud: RunningCloud, tenant: TenantCredentials
) -> None:
    """Requests at one moment through two processes make one login; failures count wherever they came in."""
    port = free_port()
    with second_process(cloud, port):
        moved = TenantCredentials(tenant.folder)
        service = str(tenant.facts["service"])
        moved.__dict__["facts"] = {
            **tenant.facts,
            "service": service.replace(f":{cloud.settings.cloud_port}/", f":{port}/"),
        }
        async with person(tenant) as here, person(moved) as there:
            answers = await asyncio.gather(here.create(), there.create(), here.create(), there.create())
            assert {answer.status_code for answer in answers} == {200}
            others = await asyncio.gather(here.create("other"), there.create("another"))
            assert {answer.status_code for answer in others} == {409}
            wrong = "to nie jest to haslo"
            statuses = [(await one.log_in(password=wrong)).status_code for one in (here, there) * 3]
            assert statuses == [403] * 5 + [429]
            assert (await here.log_in(password=FIRST)).status_code == 429


async def test_guesses_at_one_moment_learn_no_more(tenant: TenantCredentials) -> None:
    """Nine guesses at once: five are judged, the others are locked out."""
    async with person(tenant) as admin:
        await admin.create()
        await admin.get("/login")

        async def guess() -> int:
            fields = {"token": admin.token, "login": LOGIN, "password": "to nie jest to haslo"}
            return (await admin.http.post(f"{admin.base}/login", data=fields)).status_code

        statuses = await asyncio.gather(*(guess() for _ in range(9)))
        assert sorted(statuses) == [403] * 5 + [429] * 4


async def test_the_first_password_is_not_guessed_beside_the_page(
    tenant: TenantCredentials, record: Record
) -> None:
    """Asking for another administrator again and again is counted and locked; nobody is told who exists."""
    async with person(tenant) as admin:
        await admin.create()
        record.new()
        for login in (LOGIN, "nobody"):
            answers = [await admin.create(login, f"to nie jest haslo {n}x") for n in range(5)]
            assert {answer.status_code for answer in answers} == {409}
            locked = await admin.create(login, FIRST)
            assert (locked.status_code, locked.json()["code"]) == (429, "panel.login-locked")
        assert (await admin.log_in(password=FIRST)).status_code == 303  # the page counts for itself
    codes = [codes for name, _, codes, _ in said(record) if name == "administrator"]
    assert codes == [*[("panel.administrator-exists",)] * 5, ("panel.login-locked",)] * 2


async def test_the_operator_gives_a_new_one_time_password(
    cloud: RunningCloud, tenant: TenantCredentials, record: Record
) -> None:
    """`erepo cloud panel reset` ends sessions and locks, shows the password once, and is recorded."""
    runner = CliRunner(env={**cloud.environment, "EREPO_LANGUAGE": "pl"})
    async with person(tenant) as admin, person(tenant) as locked:
        await admin.settle()
        for _ in range(6):
            await locked.log_in(password="to nie jest to haslo")
        record.new()
        done = runner.invoke(app, ["panel", "reset", tenant.account, LOGIN, "--json"])
        assert done.exit_code == 0, done.output
        password = httpx.Response(200, text=done.stdout).json()["password"]
        assert (await admin.get("/account")).headers["location"].endswith("/login")
        assert (await admin.log_in(password=SECOND)).status_code == 403
        assert (await admin.log_in(password=password)).status_code == 303
        assert (await admin.get("/account")).headers["location"].endswith("/password")
    events = said(record)
    assert events[0][:3] == ("operator: panel reset", Result.SUCCESS, ())
    unknown = runner.invoke(app, ["panel", "reset", tenant.account, "nobody"])
    assert unknown.exit_code == 1
    assert LOGIN in unknown.stderr
    shown = runner.invoke(app, ["panel", "reset", tenant.account, LOGIN])
    assert "tylko teraz" in shown.stdout
