"""A migration ordered by hand in Prefect's UI, in a real browser: form filled in, sent, and worked off."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from erepo.cli.trigger import Prefect
from tests.support.machine import Machine
from tests.support.prefect_ui import Ui, address_of, browsing, login_of, need_browser, newest_run

STRUCTURE = Path(__file__).parents[2] / "docs" / "reference" / "structure-example.json"
LOGIN = "archiwum"
FIELDS = (
    "Użytkownik",
    "Identyfikatory dokumentów",
    "Rodzaje dokumentów",
    "Numer pacjenta",
    "Wystawione od",
    "Wszystkie dokumenty",
    "Próba: tylko policz",
    "Potwierdzam usunięcie z repozytorium",
)

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(1200),  # a minute where nothing else runs
]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Run everything, with documents in the clinic's eArchiwum, and somebody who may migrate."""
    need_browser()
    machine, share, folder = Machine(tmp_path), tmp_path / "share", str(tmp_path / "in")
    share.mkdir()
    with machine.up():
        for command in (
            ("structure", "load", str(STRUCTURE)),
            ("structure", "user", "set", LOGIN, "--permission", "migrate"),
            ("earchive", "init", str(share)),
            ("samples", folder, "--count", "5", "--kind", "lab_result"),
            ("import", folder),
            ("archive",),
        ):
            done = machine.run(*command)
            assert done.returncode == 0, done.stderr
        assert states(machine) == {"archived": 5}
        yield machine


@pytest.fixture
def ui(machine: Machine, tmp_path: Path) -> Iterator[Ui]:
    """Open a browser on the Prefect of the machine, logged in."""
    with browsing(machine, tmp_path, height=2400) as page:
        pages = Ui(page, address_of(machine))
        pages.log_in(login_of(machine))
        yield pages


def states(machine: Machine) -> dict[str, int]:
    """Count the documents by state."""
    done = machine.run("status", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["states"]
    return {state: one["documents"] for state, one in told.items()}


@pytest.fixture
def prefect(machine: Machine) -> Iterator[Prefect]:
    """A client of the machine's Prefect."""
    with Prefect(address_of(machine), login_of(machine)) as client:
        yield client


def look_at_the_run(prefect: Prefect, ui: Ui) -> None:
    """Wait for the good end of the run that was ordered last, and look at its page."""
    run = newest_run(ui.root, ui.login, "migrate-documents")
    assert prefect.wait(run, 400).state == "COMPLETED"
    ui.open_run(run)
    ui.state("Completed")


def test_migration_by_hand(machine: Machine, prefect: Prefect, ui: Ui, tmp_path: Path) -> None:
    """As it stands the form only counts; switched over and confirmed, the documents come back and stay."""
    deployment = prefect.find("migrate-documents/on-demand")["id"]
    ui.open_form(deployment)
    for title in FIELDS:
        expect(ui.page.locator(".schema-form-property__label", has_text=title)).to_be_visible()
    ui.field("Użytkownik").fill(LOGIN)
    ui.switch("Wszystkie dokumenty", on=True)
    ui.submit()
    look_at_the_run(prefect, ui)
    assert states(machine) == {"archived": 5}

    ui.open_form(deployment)
    ui.field("Użytkownik").fill(LOGIN)
    ui.switch("Wszystkie dokumenty", on=True)
    ui.switch("Próba: tylko policz", on=False)
    ui.switch("Potwierdzam usunięcie z repozytorium", on=True)
    ui.page.screenshot(path=tmp_path / "form.png", full_page=True)
    ui.submit()
    look_at_the_run(prefect, ui)
    assert states(machine) == {"blocked": 5}
    assert [path for path in (tmp_path / "share" / "blobs").rglob("*") if path.is_file()] == []
    assert len(list((machine.home / "clinic" / "content").glob("??/*"))) == 5
    ui.page.screenshot(path=tmp_path / "run.png")
