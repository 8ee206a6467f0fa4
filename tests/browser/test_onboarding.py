"""Onboarding by hand in the Prefect UI, in a real browser: trigger, wait, give the certificates, finished."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.support.machine import Machine
from tests.support.waiting import until

CHROMIUM = shutil.which("chromium")
ACCOUNT = "0000000000001003"
#: A run needs a process of its own, on a machine that has others to do.
PATIENCE = 90_000

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(600),  # a minute and a half where nothing else runs
]


class Ui:
    """The pages of Prefect that this test needs."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self.root = root

    def log_in(self, login: str) -> None:
        """Give the login that the UI asks for."""
        self.page.goto(self.root)
        self.page.locator("input[type=password]").fill(login)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("Deployments").first).to_be_visible()

    def field(self, title: str) -> Locator:
        """Return the field of a form by (the beginning of) its label."""
        label = self.page.locator(".schema-form-property__label", has_text=title)
        return self.page.locator(".p-label").filter(has=label).last.locator("textarea, input").first

    def trigger(self, flow: str, fields: Mapping[str, str]) -> None:
        """Start a run by its form, and open its page."""
        self.page.goto(f"{self.root}/deployments")
        row = self.page.get_by_role("row").filter(has_text=flow)
        row.get_by_text("on-demand", exact=True).first.click()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_text("Custom run").click()
        for title, value in fields.items():
            self.field(title).fill(value)
        self.page.get_by_role("button", name="Submit").click()
        self.page.wait_for_url(re.compile("tab=Runs"))
        self.page.goto(f"{self.root}/runs")
        self.page.locator("a[href*='flow-run/']").first.click()

    def state(self, name: str) -> None:
        """Wait until the run is in a state."""
        expect(self.page.get_by_text(name, exact=True).first).to_be_visible()

    def read(self, path: str) -> str:
        """Return the words of an artifact's page."""
        self.page.goto(f"{self.root}{path}")
        expect(self.page.get_by_text(f"Account {ACCOUNT}").first).to_be_visible()
        return self.page.locator("main, body").first.inner_text()

    def open_form(self) -> None:
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
                expect(submit).to_be_hidden(timeout=15_000)
            except AssertionError:
                continue
            return


@pytest.fixture
def ui(machine: Machine, tmp_path: Path) -> Iterator[Ui]:
    """Open a browser on the Prefect of the machine, logged in; what it showed last is kept for a failure."""
    login = (machine.home / "secrets" / "prefect-login").read_text().strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(PATIENCE)
        expect.set_options(PATIENCE)
        pages = Ui(page, f"http://127.0.0.1:{machine.base + 3}")
        pages.log_in(login)
        yield pages
        page.screenshot(path=tmp_path / "last.png")
        browser.close()


@pytest.fixture
def machine(tmp_path: Path, browser_there: None) -> Iterator[Machine]:
    """Run everything, with an office that works by hand and an account that was ordered."""
    machine = Machine(tmp_path)
    with machine.up():
        for command in (("office", "mode", "manual"), ("cloud", "tenant", "add", ACCOUNT)):
            assert machine.run(*command).returncode == 0
        yield machine


@pytest.fixture
def browser_there(request: pytest.FixtureRequest) -> None:
    """Leave the test out where there is no browser, but never in CI."""
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "no chromium: apt-get install chromium"
        pytest.skip("no chromium on this machine")


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


def test_onboarding_by_hand(machine: Machine, ui: Ui, tmp_path: Path) -> None:
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

    ui.open_form()
    expect(ui.page.get_by_text("Certyfikaty dla konta").first).to_be_visible()
    ui.answer(files["WSS"], files["TLS"], authorities)
    until(lambda: told(machine, "certificates", "show", ACCOUNT)["refusal"] is not None, 60)
    ui.page.reload()
    ui.state("Suspended")
    ui.open_form()
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
