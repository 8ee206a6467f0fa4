"""Prefect's UI in a real browser: what a person sees, fills in and presses."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from erepo.cli.trigger import Prefect
from tests.support.machine import Machine

CHROMIUM = shutil.which("chromium")
#: A run needs a process of its own, on a machine that has others to do.
PATIENCE = 90_000


class Ui:
    """The pages of Prefect that tests need."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self.root = root
        self.login = ""

    def log_in(self, login: str) -> None:
        """Give the login that the UI asks for."""
        self.login = login
        self.page.goto(self.root)
        self.page.locator("input[type=password]").fill(login)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("Deployments").first).to_be_visible()

    def field(self, title: str) -> Locator:
        """Return the field of a form by (the beginning of) its label."""
        return self._property(title).locator("textarea, input").first

    def switch(self, title: str, *, on: bool) -> None:
        """Switch a yes or no of a form."""
        found = self._property(title).get_by_role("switch")
        if (found.get_attribute("aria-checked") == "true") is not on:
            found.click()
        expect(found).to_have_attribute("aria-checked", str(on).lower())

    def _property(self, title: str) -> Locator:
        label = self.page.locator(".schema-form-property__label", has_text=title)
        return self.page.locator(".p-label").filter(has=label).last

    def open_form(self, deployment: str) -> None:
        """Open the form of a run of a deployment, by the deployment's id: the list of them has pages."""
        self.page.goto(f"{self.root}/deployments/deployment/{deployment}/run")
        expect(self.page.get_by_role("button", name="Submit")).to_be_visible()

    def submit(self) -> None:
        """Send the form off, and again while Prefect stays on it: SQLite may have been locked.

        Prefect takes no second press while the first is under way, and leaves the form once it succeeded.
        """
        for _ in range(5):
            self.page.get_by_role("button", name="Submit").click()
            try:
                self.page.wait_for_url(re.compile("tab=Runs"), timeout=PATIENCE / 3, wait_until="commit")
            except TookTooLong:
                continue
            return
        raise AssertionError("Prefect did not take the form")

    def open_run(self, run: str) -> None:
        """Open the page of a run by its id."""
        self.page.goto(f"{self.root}/runs/flow-run/{run}")

    def trigger(self, flow: str, fields: Mapping[str, str]) -> None:
        """Start a run by its form from the list of deployments, and open its page."""
        self.page.goto(f"{self.root}/deployments")
        row = self.page.get_by_role("row").filter(has_text=flow)
        row.get_by_text("on-demand", exact=True).first.click()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_text("Custom run").click()
        for title, value in fields.items():
            self.field(title).fill(value)
        self.submit()
        self.open_run(newest_run(self.root, self.login, flow))

    def state(self, name: str) -> None:
        """Wait until the run is in a state."""
        expect(self.page.get_by_text(name, exact=True).first).to_be_visible()


def newest_run(root: str, login: str, flow: str) -> str:
    """Return the id of the run of a flow that was ordered last: schedules order runs of others meanwhile."""
    wanted = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC", "limit": 1}
    with Prefect(root, login) as prefect:
        (run,) = prefect.request("POST", "flow_runs/filter", wanted)
    return str(run["id"])


def need_browser() -> None:
    """Leave the test out where there is no browser, but never in CI."""
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "no chromium: apt-get install chromium"
        pytest.skip("no chromium on this machine")


@contextmanager
def browsing(machine: Machine, folder: Path, height: int = 1400) -> Iterator[Page]:
    """Open a browser for the Prefect of a machine; what it showed last is kept for a failure."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.set_default_timeout(PATIENCE)
        expect.set_options(PATIENCE)
        yield page
        page.screenshot(path=folder / "last.png")
        browser.close()


def login_of(machine: Machine) -> str:
    """Return the login of a machine's Prefect."""
    return (machine.home / "secrets" / "prefect-login").read_text().strip()


def address_of(machine: Machine) -> str:
    """Return where a machine's Prefect is."""
    return f"http://127.0.0.1:{machine.base + 3}"
