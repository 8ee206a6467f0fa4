"""`erepo demo`: the main job from an empty clinic to a verified archive, on this machine."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS
from erepo.cli import demo_clinic, demo_p1
from erepo.cli.demo_clinic import ACCOUNT, Fate
from erepo.cli.demo_kills import KilledArchiving
from erepo.cli.killing import Killer
from erepo.cli.stack import Stack, already_up, order_account, running
from erepo.cli.supervisor import interruptible
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.cli.words import fail_politely
from erepo.clinic.account import load_connection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.p1 import registration
from erepo.clinic.verifying import VerifyReport, verify
from erepo.settings import Settings
from erepo.texts import Text, language, size_words

_STARTING = Text("Starting everything in {home} …", "Uruchamianie w {home} …")
_USING = Text("Using the running `erepo up`.", "Korzystam z działającego `erepo up`.")
_DOING = {
    "order": Text("Ordering an account", "Zamawianie konta"),
    "onboard": Text("Onboarding the clinic", "Przyłączanie placówki"),
    "drop": Text("Writing sample documents", "Tworzenie dokumentów przykładowych"),
    "import": Text("Taking documents in", "Przyjmowanie dokumentów"),
    "archive": Text("Archiving", "Archiwizacja"),
    "verify": Text("Checking every document", "Sprawdzanie każdego dokumentu"),
}
_DONE = {
    "order": Text("Account {account} ordered", "Zamówiono konto {account}"),
    "onboard": Text(
        "Clinic onboarded: keys, requests by mail, certificates, activation, blocks, structure",
        "Placówka przyłączona: klucze, wnioski pocztą, certyfikaty, aktywacja, bloki, struktura",
    ),
    "drop": Text(
        "{count} new documents ({size}) put into the drop folder",
        "Nowe dokumenty w katalogu wejściowym: {count} ({size})",
    ),
    "import": Text("Documents taken in", "Dokumenty przyjęte"),
    "archive": Text("Documents archived", "Dokumenty zarchiwizowane"),
    "verify": Text(
        "{equal} of {checked} checked with the registry and read back byte by byte",
        "{equal} z {checked} sprawdzono w rejestrze i odczytano bajt po bajcie",
    ),
}
_IN_P1 = Text("Repository registered in P1: {id}", "Repozytorium zarejestrowane w P1: {id}")
_HEAD = {
    "kind": Text("Kind of document", "Rodzaj dokumentu"),
    "wanted": Text("documents", "dokumenty"),
    "octets": Text("size", "rozmiar"),
    "archived": Text("archived", "zarchiwizowane"),
    "verified": Text("verified", "sprawdzone"),
}
_TOTAL = Text("Total", "Razem")
_REFUSED = Text("Refused: {codes}", "Odrzucone: {codes}")
_DIFFER = Text("{count} recognised as another kind", "{count} rozpoznano jako inny rodzaj")
_LOOK = {
    True: Text(
        "See the runs at {url} (login in {login}).", "Zobacz uruchomienia: {url} (logowanie w {login})."
    ),
    False: Text(
        "To look at the runs: `make up` (`erepo up`), then {url} (login in {login}).",
        "Aby zobaczyć uruchomienia: `make up` (`erepo up`), potem {url} (logowanie w {login}).",
    ),
}

#: Seconds each flow run may take before the demonstration gives up.
_LIMIT = 3600


def command(
    documents: Annotated[
        int, typer.Option("--documents", "-n", min=1, max=100_000, help="How many sample documents.")
    ] = 60,
    kills: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="Kill the worker, the service, or both (kill -9) so many times while it archives, start"
            " them again, and show that nothing is lost.",
        ),
    ] = 0,
) -> None:
    """Set everything up on this machine, archive new sample documents end to end, and verify each one.

    The last line is `archived N/N, verified N/N, failed 0`, and the exit code 0, only if that is so.
    """
    console = Console()
    around = Surroundings(Settings())
    with fail_politely(), interruptible(), _stack(around, console, alone=bool(kills)) as stack:
        demonstration = _Demonstration(around, console, stack, kills)
        result = demonstration.run(documents)
    console.print(table(result))
    for words in _remarks(result, around):
        console.print(words, highlight=False)
    # Plain, whatever the width of the terminal: programs read this line.
    typer.echo(result.last_line)
    raise typer.Exit(0 if result.failed == 0 and not result.kinds_differ else 1)


@contextlib.contextmanager
def _stack(around: Surroundings, console: Console, *, alone: bool) -> Iterator[Stack | None]:
    """Start everything, or use what runs already; `alone` refuses what runs: it is not ours to kill."""
    if already_up(around) and not alone:
        console.print(_USING.fill(language()))
        yield None
        return
    console.print(_STARTING.fill(language(), home=around.home), highlight=False)
    with running(around, lambda line: console.print(f"  {line}", highlight=False)) as stack:
        yield stack


class _Demonstration:
    """The steps, one after the other, each told when it is done."""

    def __init__(self, around: Surroundings, console: Console, stack: Stack | None, kills: int) -> None:
        self._around = around
        self._console = console
        self._stack = stack
        self._kills = kills

    def run(self, count: int) -> Fate:
        """Do all of it and return what became of the documents."""
        # Only now, when `running` has made them, are the secrets there.
        settings = Settings(home=self._around.home)
        database = open_clinic(settings)
        try:
            with Prefect(self._around.prefect_url, self._around.prefect_login()) as prefect:
                return self._steps(database, settings, prefect, count)
        finally:
            database.close()

    def _steps(self, database: Database, settings: Settings, prefect: Prefect, count: int) -> Fate:
        begun = time.time()
        with self._step("order", account=ACCOUNT):
            order_account(self._around, ACCOUNT)
            demo_clinic.prepare(database)
        with self._step("onboard"):
            certificates = demo_p1.keep_certificates(self._around, settings.passphrase, prefect)
            prefect.run("onboard-clinic/on-demand", self._onboarding(certificates), limit=_LIMIT)
        self._tell_p1(database)
        with self._step("drop") as facts:
            drop = demo_clinic.drop_documents(self._around.inbox, count, demo_clinic.new_seed())
            facts.update(count=count, size=size_words(drop.octets, language()))
        with self._step("import"):
            parameters = {"quiet_seconds": 0, "delete_taken": True}
            prefect.run("import-documents/scheduled", parameters, limit=_LIMIT)
        killed = self._killed_archiving(database, prefect)
        with self._step("archive"):
            if killed:
                killed.run(_LIMIT)
            else:
                prefect.run("archive-documents/scheduled", limit=_LIMIT)
        with self._step("verify") as facts:
            report = self._verify(database, settings)
            facts.update(equal=report.equal, checked=report.checked)
        result = demo_clinic.fate(database, drop, begun)
        if killed:
            twice = sum(one.what == "twice" for one in report.differing)
            self._say(f"✓ {killed.summary(result.failed, twice)}")
        return result

    def _killed_archiving(self, database: Database, prefect: Prefect) -> KilledArchiving | None:
        if self._stack is None or not self._kills:
            return None
        return KilledArchiving(Killer(self._stack, prefect), database, self._kills, self._say)

    def _say(self, words: str) -> None:
        self._console.print(words, highlight=False)

    def _onboarding(self, p1_certificates: str) -> dict[str, object]:
        settings = self._around.settings
        mail = {"smtp_host": settings.host, "smtp_port": settings.office_port}
        return {"account": ACCOUNT, "p1_certificates": p1_certificates, **mail}

    def _tell_p1(self, database: Database) -> None:
        found = registration(database, ACCOUNT)
        if found is not None and found.repository_unique_id:
            words = _IN_P1.fill(language(), id=found.repository_unique_id)
            self._console.print(f"✓ {words}", highlight=False)

    def _verify(self, database: Database, settings: Settings) -> VerifyReport:
        async def check() -> VerifyReport:
            async with load_connection(database, settings) as cloud:
                return await verify(cloud, database, read_back=True)

        return asyncio.run(check())

    @contextlib.contextmanager
    def _step(self, name: str, **facts: object) -> Iterator[dict[str, object]]:
        begun = time.monotonic()
        with self._console.status(_DOING[name].fill(language())):
            yield facts
        words = _DONE[name].fill(language(), **facts)
        self._console.print(f"✓ {words} ({time.monotonic() - begun:.1f} s)", highlight=False)


def table(result: Fate) -> Table:
    """Return what became of the documents, by kind, for a person."""
    speak = language()
    shown = Table(show_footer=True)
    shown.add_column(_HEAD["kind"].fill(speak), footer=_TOTAL.fill(speak))
    columns: dict[str, Callable[[int], str]] = {
        "wanted": str,
        "octets": lambda octets: size_words(octets, speak),
        "archived": str,
        "verified": str,
    }
    for name, words in columns.items():
        total = words(getattr(result, name).total())
        shown.add_column(_HEAD[name].fill(speak), footer=total, justify="right")
    for kind in KINDS:
        if result.wanted[kind]:
            counts = [words(getattr(result, name)[kind]) for name, words in columns.items()]
            shown.add_row(KINDS[kind].label.fill(speak), *counts)
    return shown


def _remarks(result: Fate, around: Surroundings) -> Iterator[str]:
    speak = language()
    if result.refused:
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(result.refused.items()))
        yield _REFUSED.fill(speak, codes=codes)
    if result.kinds_differ:
        yield _DIFFER.fill(speak, count=result.kinds_differ)
    yield _LOOK[already_up(around)].fill(speak, url=around.prefect_url, login=around.secrets.prefect_login)
