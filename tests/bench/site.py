"""Where it all happens: the real stack in a temporary home, and an account for each way to archive."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from erepo.cli.demo_clinic import ACCOUNT, prepare
from erepo.cli.stack import Stack, order_account, running
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.clinic.account import adopt_credentials
from erepo.clinic.bare import describe
from erepo.clinic.database import open_clinic
from erepo.clinic.intake import Intake
from erepo.clinic.metadata import Depositor, submission_of
from erepo.clinic.tables import now
from erepo.cloud.credentials import add_tenant
from erepo.cloud.tenancy.tenants import Order
from erepo.content import FileContent
from erepo.settings import Settings
from erepo.xds import iti41
from tests.bench.bare import depositor_of
from tests.bench.child import Job
from tests.support.ports import free_port_base

TYPED, NAIVE, FULL = "0000000000002005", "0000000000002001", "0000000000002004"
BARE, PLAIN = "0000000000002002", "0000000000002003"
PASSPHRASE = "throw-away"
_TIME = "20000101000000"


@dataclass(frozen=True)
class Site:
    """The running stack, the clinic of the deployment, and the clinics of the other ways."""

    stack: Stack
    prefect: Prefect
    folder: Path

    @property
    def settings(self) -> Settings:
        """Of the clinic that Prefect archives for, and of the service."""
        return self.stack.around.settings

    def pid(self, program: str) -> int:
        """Return the process id of one of the stack's programs."""
        children = self.stack.supervisor.children
        return next(child.process.pid for child in children if child.program.name == program)

    def credentials(self, account: str) -> Path:
        """Return where the keys of an account lie."""
        return self.folder / "credentials" / account

    def clinic(self, account: str) -> Settings:
        """Return the settings of the clinic behind an account."""
        home = self.folder / account
        return self.settings.model_copy(update={"home": home, "key_passphrase": None})

    def environment(self, account: str) -> dict[str, str]:
        """Return the environment of a child that works for an account."""
        ours = {"EREPO_HOME": str(self.folder / account), "EREPO_KEY_PASSPHRASE": PASSPHRASE}
        return {**self.stack.around.environment(), **ours}

    def job(self, account: str, folder: Path) -> Job:
        """Return the order to send a portion for an account."""
        service, key_type = self.pid("cloud"), self.settings.key_type
        return Job(folder, self.credentials(account), service, key_type, full=account == FULL)


@contextmanager
def open_site(key_type: str, say: Callable[[str], None]) -> Iterator[Site]:
    """Start everything on free ports; end it and remove all state when the block ends."""
    with tempfile.TemporaryDirectory(prefix="erepo-bench-") as name:
        folder = Path(name)
        settings = Settings(
            _env_file=None, home=folder / "var", port_base=free_port_base(), key_type=key_type
        )
        around = Surroundings(settings)
        with running(around, say) as stack, Prefect(around.prefect_url, around.prefect_login()) as prefect:
            site = Site(stack, prefect, folder)
            _onboard(site)
            _add_naive(site)
            for account in (BARE, PLAIN):
                _add_clinic(site, account)
            yield site


def _onboard(site: Site) -> None:
    order_account(site.stack.around, ACCOUNT)
    with closing(open_clinic(site.settings)) as database:
        prepare(database)
    host, port = site.settings.host, site.settings.office_port
    parameters = {"account": ACCOUNT, "smtp_host": host, "smtp_port": port}
    site.prefect.run("onboard-clinic/on-demand", parameters, limit=300)


def _add_naive(site: Site) -> None:
    for account in (TYPED, NAIVE):
        add_tenant(site.settings, Order(account, security="mtls"), site.credentials(account))
    # The script says nothing of who acts; ours does, and pays for it.
    add_tenant(site.settings, Order(FULL, users="optional"), site.credentials(FULL))


def _add_clinic(site: Site, account: str) -> None:
    add_tenant(site.settings, Order(account), site.credentials(account))
    settings = Settings(_env_file=None, home=site.folder / account, key_passphrase=PASSPHRASE)
    with closing(open_clinic(settings)) as database:
        prepare(database)
        adopt_credentials(database, settings, site.credentials(account))


def take_in(settings: Settings, documents: Sequence[Path]) -> None:
    """Take a portion in, through the real intake."""
    with closing(open_clinic(settings)) as database:
        summary = Intake.at(database, settings).take_folder(documents)
    assert summary.taken == len(documents), summary


def link(documents: Sequence[Path], folder: Path) -> list[Path]:
    """Put the same files into one more folder, and return them there."""
    folder.mkdir()
    for path in documents:
        (folder / path.name).hardlink_to(path)
    return [folder / path.name for path in documents]


def write_metadata(site: Site, documents: Sequence[Path]) -> None:
    """Write beside each document the metadata that our own writer writes for it, with places to fill."""
    source_id = json.loads((site.credentials(NAIVE) / "account.json").read_text())["sourceId"]
    with closing(open_clinic(site.clinic(BARE))) as database:
        depositor = depositor_of(database, source_id)
    for path in documents:
        path.with_suffix(".metadata").write_text(_template(path, depositor), encoding="utf-8")


def _template(path: Path, depositor: Depositor) -> str:
    content, moment = FileContent(path), now()
    deposit = describe(content, now=moment)
    submission = submission_of("1.2.3.4.5", [(deposit, content)], depositor, now=moment)
    (entry, _), sent = submission.entries[0], submission.submission_set
    payload, _ = iti41.write_request(submission)
    text = etree.tostring(payload[0], encoding="unicode")
    for value, place in (
        (entry.entry_uuid, "$ENTRY$"),
        (sent.entry_uuid, "$SETENTRY$"),
        (sent.unique_id, "$SET$"),
        (sent.submission_time, "$NOW$"),
        (f">{entry.hash}<", ">$HASH$<"),
        (f">{entry.size}<", ">$SIZE$<"),
    ):
        text = text.replace(value, place)
    return text
