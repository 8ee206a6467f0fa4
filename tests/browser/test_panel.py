"""The panel in a real browser with the account's client certificate; skipped where Chromium is missing."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.cloud import ACCOUNT, RunningCloud, running_cloud
from tests.support.panel import FIRST, LOGIN, SECOND

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Left out where there is no browser, but never in CI.
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"
)
#: In milliseconds; what is there is not waited for.
PATIENCE = 90_000
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
PAGES = {
    "account": ("Konto", "Account"),
    "certificates": ("Certyfikaty", "Certificates"),
    "structure": ("Struktura organizacyjna", "Organisational structure"),
    "p1": ("Rejestracja w systemie P1", "P1 registration"),
    "audit": ("Dziennik zdarzeń", "Event log"),
    "password": ("Zmiana hasła", "Change the password"),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service whose account ends soon and has an administrator."""
    soon = (datetime.now(UTC) + timedelta(days=20)).date()
    with running_cloud(tmp_path_factory.mktemp("cloud"), valid_until=soon) as running:
        tenant = running.tenant
        with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
            body = {"login": LOGIN, "password": FIRST}
            assert http.put(f"{tenant.facts['service']}/administrator", json=body).status_code == 200
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


class Looker:
    """A window with the certificate; notes what the browser complains of and what it asks elsewhere."""

    def __init__(self, browser: Any, cloud: RunningCloud, size: str) -> None:
        width, height = SIZES[size]
        folder = cloud.tenant.folder
        certificate = {"certPath": str(folder / "tls.pem"), "keyPath": str(folder / "tls.key")}
        self.size, self.complaints, self.elsewhere = size, [], []  # type: ignore[var-annotated]
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="en-GB",  # Polish must come first whatever the browser prefers
            ignore_https_errors=True,  # the service's own authority is not in the browser
            client_certificates=[{"origin": cloud.url, **certificate}],
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("request", lambda request: self._note(request.url, cloud.url))
        self.url = f"{cloud.url}/services/{ACCOUNT}"

    def _note(self, asked: str, own: str) -> None:
        if not asked.startswith(own):
            self.elsewhere.append(asked)

    def open(self, path: str) -> None:
        """Go to a page of the account."""
        self.page.goto(self.url + path)

    def keep(self, name: str) -> None:
        """Look: nothing wider than the window; a picture where EREPO_TEST_SCREENSHOTS names a folder."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, f"{name} is wider than the window"
        folder = os.environ.get("EREPO_TEST_SCREENSHOTS")
        if folder:
            self.page.wait_for_load_state("networkidle")
            self.page.screenshot(path=str(Path(folder) / f"{self.size}-{name}.png"), full_page=True)

    def shows(self, element: Any, text: str | re.Pattern[str]) -> None:
        """Wait until an element has this text: a page that was asked for may take its time."""
        sync_api.expect(element).to_have_text(text, timeout=PATIENCE)

    def headed(self, title: str) -> None:
        """Wait for the page with this heading."""
        self.shows(self.page.get_by_role("heading", level=1), title)

    def log_in(self, password: str) -> None:
        """Fill in the login page."""
        self.page.get_by_label("Login").fill(LOGIN)
        self.page.get_by_label("Hasło").fill(password)
        self.page.get_by_role("button", name="Zaloguj się").click()


def test_the_whole_visit(browser: Any, cloud: RunningCloud) -> None:
    """First login with its forced change, every page in both languages and sizes, log out."""
    wide = Looker(browser, cloud, "wide")
    wide.open("/app")
    wide.keep("login")
    wide.log_in("to nie jest to haslo")
    wide.shows(wide.page.get_by_role("alert"), re.compile("^Nieprawidłowy login"))
    wide.keep("login-refused")
    wide.log_in(FIRST)
    wide.headed("Zmiana hasła")
    wide.keep("first-password")
    wide.page.get_by_label("Obecne hasło").fill(FIRST)
    wide.page.get_by_label("Nowe hasło", exact=True).fill(SECOND)
    wide.page.get_by_label("Powtórz nowe hasło").fill(SECOND)
    wide.page.get_by_role("button", name="Zmień hasło").click()
    wide.shows(wide.page.get_by_role("status"), "Hasło zostało zmienione.")
    wide.keep("account-changed")
    narrow = Looker(browser, cloud, "narrow")
    narrow.open("/app/audit")
    narrow.log_in(SECOND)
    for looker in (wide, narrow):
        walk(looker)
        assert looker.elsewhere == []
        # The refused login is an answer with status 403, which the browser mentions.
        assert [each for each in looker.complaints if "403" not in each] == []
        looker.context.close()


def walk(looker: Looker) -> None:
    """See every page in both languages, by the links that people have, then leave."""
    for number, language in enumerate(("pl", "en")):
        if number:
            looker.page.get_by_role("link", name="English").click()
            looker.page.locator("html[lang=en]").wait_for()
        for name, titles in PAGES.items():
            looker.page.locator(f"nav a[href$='/{name}']").click()
            looker.headed(titles[number])
            assert looker.page.locator("html").get_attribute("lang") == language
            assert looker.page.locator("nav a[aria-current=page]").count() == 1
            looker.keep(f"{name}-{language}")
    looker.open("/e-survey-gui/#/login")
    looker.shows(looker.page.locator("main"), re.compile("not part of this service"))
    looker.keep("survey-en")
    looker.open("/app")
    looker.page.get_by_role("button", name="Log out").click()
    looker.headed("Log in")
    looker.page.go_back()
    assert looker.page.get_by_role("button", name="Log out").count() == 0


def test_without_the_certificate_there_is_nothing(browser: Any, cloud: RunningCloud) -> None:
    """A browser without a certificate gets no page at all."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    with pytest.raises(sync_api.Error):
        page.goto(f"{cloud.url}/services/{ACCOUNT}/app")
    context.close()
