"""`erepo certificates status|rotate|rollback`: new keys for the account, step by step (manual 1.1.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cli.certificates_words import show
from erepo.cli.words import fail_politely
from erepo.clinic import rotation
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.clinic.onboarding import Pins
from erepo.clinic.rotation import Demand, Stage
from erepo.durable import write_durably
from erepo.settings import Settings
from erepo.texts import Text, language

#: The port of mail submission (RFC 6409), where somebody names a server and no port.
_SUBMISSION = 587

_WRITTEN = Text(
    "The requests (CSR) lie in {folder}. Send both to the office; give its files with `erepo certificates"
    " rotate TLS….pem WSS….pem`.",
    "Żądania (CSR) znajdują się w {folder}. Wyślij oba do BOK; otrzymane pliki wskaż poleceniem `erepo"
    " certificates rotate TLS….pem WSS….pem`.",
)
_FLOWS = Text(
    "Flows get them with the next run of rotate-certificates/daily, which ends the old ones in due time.",
    "Przepływy zaczną ich używać po następnym uruchomieniu rotate-certificates/daily, które też we właściwym"
    " czasie wycofa stare.",
)
_BACK = Text(
    "The old certificates are in use again. Flows follow with the next run of rotate-certificates/daily.",
    "Ponownie używane są stare certyfikaty. Przepływy przejdą na nie po następnym uruchomieniu"
    " rotate-certificates/daily.",
)
_GIVEN_UP = Text(
    "The update is given up; the certificates in use have not changed.",
    "Aktualizacja została przerwana; używane certyfikaty nie zmieniły się.",
)


class Because(StrEnum):
    """Why new keys are wanted."""

    TIME = "time"
    FORCED = "forced"
    COMPROMISED = "compromised"

    @property
    def demand(self) -> Demand | None:
        """What a person demands; None leaves it to the time."""
        return None if self is Because.TIME else Demand(self.value)


@dataclass(frozen=True)
class _Here:
    """The clinic that the commands work on."""

    settings: Settings
    database: Database
    account: str

    @property
    def stage(self) -> Stage | None:
        found = rotation.under_way(self.database, self.account)
        return found.stage if found else None

    def read(self) -> rotation.Status:
        return rotation.read_status(
            self.database, rotation.active(self.database, self.settings, self.account)
        )


@contextmanager
def _here() -> Iterator[_Here]:
    settings = Settings()
    database = open_clinic(settings)
    try:
        yield _Here(settings, database, rotation.account_in_use(database))
    finally:
        database.close()


_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def status(as_json: _Json = False) -> None:
    """Show both certificates, when new ones are due, and how far an update of them is."""
    with fail_politely(), _here() as here:
        _tell(here.read(), as_json=as_json)


def rotate(  # noqa: PLR0913, PLR0917 — one argument per option
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]…", help="PEM files that the office has sent.", exists=True, dir_okay=False
        ),
    ] = None,
    because: Annotated[
        Because,
        typer.Option(help="time: if it is due; forced: now; compromised: now, and no overlap for the old."),
    ] = Because.TIME,
    requests: Annotated[
        Path | None,
        typer.Option(help="Write the requests (CSR) into this folder instead of mailing them."),
    ] = None,
    office: Annotated[str, typer.Option(help="Where the requests are mailed.")] = "biuro@office.example",
    smtp_host: Annotated[str, typer.Option(help="Mail server; without: the sandbox's.")] = "",
    smtp_port: Annotated[int, typer.Option(help="Its port; 0: the usual one.", min=0, max=65535)] = 0,
    sender: Annotated[str, typer.Option(help="Our own address.")] = "clinic@erepo.example",
    reply_folder: Annotated[
        Path | None, typer.Option(help="Maildir with the answers; without: the sandbox's.")
    ] = None,
    overlap_days: Annotated[
        int, typer.Option(help="Days in which the service still accepts the old ones.", min=0, max=60)
    ] = 7,
    without_flows: Annotated[
        bool, typer.Option("--without-flows", help="No flows run here: retire without waiting for them.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Do what can be done now for new keys: make, mail, receive, register, prove, change over, retire.

    Nothing is waited for: run it again (or leave it to the deployment rotate-certificates/daily), and it goes
    on from where it stands. Where the mail server wants a login, let the deployment send the mail.
    """
    with fail_politely(), _here() as here:
        database, settings, account = here.database, here.settings, here.account
        pins = Pins.of(settings)
        before = here.stage
        under_way = rotation.start(database, settings, account, demand=because.demand)
        if files:
            rotation.collect_files(database, account, files, pins)
        elif under_way and requests and under_way.stage.before_cut_over:
            _write(under_way, requests)
        elif under_way:
            mailer = _mailer(settings, smtp_host, smtp_port, sender)
            rotation.mail_requests(database, account, mailer, office)
            folder = reply_folder or settings.office_home / "mail" / sender
            if reply_folder or folder.is_dir():
                rotation.collect_certificates(database, account, MaildirMailbox(folder), pins)
        rotation.register(database, settings, account, pins)
        rotation.cut_over(database, settings, account, timedelta(days=overlap_days))
        rotation.retire(database, settings, account, flows=not without_flows)
        _tell(here.read(), as_json=as_json)
        changed = here.stage is Stage.CUT_OVER and before is not Stage.CUT_OVER
        if changed and not (as_json or without_flows):
            _say(_FLOWS.fill(language()))


def rollback(
    without_flows: Annotated[
        bool,
        typer.Option("--without-flows", help="No flows run here: the service refuses the new ones at once."),
    ] = False,
    as_json: _Json = False,
) -> None:
    """Go back to the old certificates while the service accepts them; before the change-over, give up.

    The keys of the new ones are wiped, and the service is told to refuse their certificates: a day later by
    rotate-certificates/daily, because flows may still work with them, or at once. Time alone begins no other
    update within a day.
    """
    with fail_politely(), _here() as here:
        ended = rotation.rollback(here.database, here.settings, here.account, flows=not without_flows)
        if not as_json:
            _say((_BACK if ended is Stage.ROLLED_BACK else _GIVEN_UP).fill(language()))
        _tell(here.read(), as_json=as_json)


def _mailer(settings: Settings, host: str, port: int, sender: str) -> Mailer:
    """Without a host, the sandbox's office on this machine is meant: no encryption, no login."""
    local = not host or host in ("127.0.0.1", "::1", "localhost")
    usual = _SUBMISSION if host else settings.office_port
    return Mailer(host or settings.host, port or usual, sender, tls="none" if local else "starttls")


def _write(found: rotation.Rotation, folder: Path) -> None:
    for purpose, csr in (("TLS", found.tls_csr), ("WSS", found.wss_csr)):
        write_durably(folder / f"{found.account}_{purpose}.csr", [csr], mode=0o644)
    Console(stderr=True).print(
        _WRITTEN.fill(language(), folder=folder), markup=False, highlight=False, soft_wrap=True
    )


def _tell(found: rotation.Status, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        show(found, Console(), language())


def _say(words: str) -> None:
    Console().print(words, markup=False, highlight=False, soft_wrap=True)
