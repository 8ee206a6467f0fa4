"""Onboarding by hand in the Prefect UI, in a real browser: trigger, wait, give the certificates, finished."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.machine import Machine
from tests.support.prefect_ui import Ui, address_of, browsing, login_of, need_browser
from tests.support.waiting import until

ACCOUNT = "0000000000001003"

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(1200),  # a minute and a half where nothing else runs
]


class Pages(Ui):
    """The pages of Prefect that this test needs."""

    def read(self, path: str) -> str:
        """Return the words of an artifact's page."""
        self.page.goto(f"{self.root}{path}")
        expect(self.page.get_by_text(f"Account {ACCOUNT}").first).to_be_visible()
        return self.page.locator("main, body").first.inner_text()

    def open_question(self) -> None:
        """Press Resume."""
        self.page.get_by_role("button", name="Resume", exact=True).click()
        expect(self.field("Certyfikat TLS")).to_be_visible()

    def answer(self, tls: str, wss: str, authorities: str) -> None:
        """Fill the certificates into the form and send it off."""
        self.field("Certyfikat TLS").fill(tls)
        self.field("Certyfikat WSS").fill(wss)
        self.field("Urzędy").fill(authorities)
        submit = self.page.get_by_role("button", name="Submit").last
        for _ in range(5):  # Prefect on SQLite may say that its database is locked: a person presses again
            submit.click()
            try:
                expect(submit).to_be_hidden(timeout=30_000)
            except AssertionError:
                continue
            return
        raise AssertionError("Prefect did not take the answer")


@pytest.fixture
def ui(machine: Machine, tmp_path: Path) -> Iterator[Pages]:
    """Open a browser on the Prefect of the machine, logged in."""
    with browsing(machine, tmp_path) as page:
        pages = Pages(page, address_of(machine))
        pages.log_in(login_of(machine))
        yield pages


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Run everything, with an office that works by hand and an account that was ordered."""
    need_browser()
    machine = Machine(tmp_path)
    with machine.up():
        for command in (("office", "mode", "manual"), ("cloud", "tenant", "add", ACCOUNT)):
            assert machine.run(*command).returncode == 0
        yield machine


def told(machine: Machine, *arguments: str) -> Any:
    """Return what a command prints as JSON."""
    done = machine.run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def issued(machine: Machine, folder: Path) -> dict[str, str]:
    """Have the office issue what waits; return the texts of its files by the start of their names."""
    (request,) = told(machine, "office", "list")
    assert request["account"] == ACCOUNT
    told(machine, "office", "issue", request["number"], "--out", str(folder))
    return {file.name[:3]: file.read_text() for file in folder.iterdir()}


def test_onboarding_by_hand(machine: Machine, ui: Pages, tmp_path: Path) -> None:
    """A run waits suspended, refuses swapped certificates with the reason, takes the right ones, finishes."""
    for name in ("new", "cur", "tmp"):
        (tmp_path / "nobody" / name).mkdir(parents=True)
    ui.trigger(
        "onboard-clinic",
        {
            "ID konta": ACCOUNT,
            "Organizacja (O)": "Przychodnia Testowa",
            "Skrzynka z odpowiedziami": str(tmp_path / "nobody"),
            "Najpierw sprawdzaj skrzynkę": "0",
        },
    )
    ui.state("Suspended")
    files = issued(machine, tmp_path / "issued")
    authorities = files["iss"] + files["ca."]

    ui.open_question()
    expect(ui.page.get_by_text("Certyfikaty dla konta").first).to_be_visible()
    ui.answer(files["WSS"], files["TLS"], authorities)
    until(lambda: told(machine, "certificates", "show", ACCOUNT)["refusal"] is not None)
    ui.page.reload()
    ui.state("Suspended")
    ui.open_question()
    expect(ui.page.get_by_text("Ostatnio nie przyjęto").first).to_be_visible()
    expect(ui.page.get_by_text("pki.wrong-purpose").first).to_be_visible()

    ui.answer(files["TLS"], files["WSS"], authorities)
    ui.state("Completed")
    ui.page.reload()
    ui.page.get_by_text("Artifacts", exact=True).first.click()
    facts = told(machine, "certificates", "show", ACCOUNT)
    assert (facts["step"], facts["refusal"]) == ("active", None)
    # One page each time the run waited, and one at its end.
    links = ui.page.locator("a[href*='/artifacts/artifact/']")
    expect(links).to_have_count(3)
    paths = [str(link.get_attribute("href")) for link in links.all()]
    pages = [ui.read(path) for path in paths]
    repository = facts["technical"]["repositoryUniqueId"]
    assert sum(repository in page for page in pages) == 1, pages
