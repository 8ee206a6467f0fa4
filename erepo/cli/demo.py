"""`erepo demo`: the main job from an empty clinic to a verified archive, on this machine."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli import demo_clinic, demo_index, demo_p1, demo_sharing
from erepo.cli.demo_clinic import ACCOUNT, Fate
from erepo.cli.demo_kills import KilledArchiving
from erepo.cli.demo_sharing import Attempt, Sharing
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
from erepo.texts import Text, language, size_words, time_words

_STARTING = Text("Starting everything in {home} …", "Uruchamianie w {home} …")
_USING = Text("Using the running `erepo up`.", "Korzystam z działającego `erepo up`.")
_DOING = {
    "order": Text("Ordering an account", "Zamawianie konta"),
    "onboard": Text("Onboarding the clinic", "Przyłączanie placówki"),
    "drop": Text("Writing sample documents", "Tworzenie dokumentów przykładowych"),
    "import": Text("Taking documents in", "Przyjmowanie dokumentów"),
    "archive": Text("Archiving", "Archiwizacja"),
    "verify": Text("Checking every document", "Sprawdzanie każdego dokumentu"),
    "index": Text("Indexing in P1", "Indeksowanie w P1"),
    "share": Text("Sharing one document with its patient", "Udostępnianie dokumentu jego pacjentowi"),
    "look": Text("Four look for it", "Cztery strony szukają dokumentu"),
}
_FAR = Text("{doing}: {done} of {all}", "{doing}: {done} z {all}")
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
    "index": Text(
        "{indexed} of {required} that the law wants in P1's index are there",
        "{indexed} z {required} wymaganych prawem jest w indeksie P1",
    ),
    "share": Text(
        "Two patients invited to the portal, one document shared with its patient",
        "Dwóch pacjentów zaproszono do portalu, jeden dokument udostępniono jego pacjentowi",
    ),
    "look": Text(
        "{right} of {all} see of it exactly what they may",
        "{right} z {all} widzi z niego dokładnie tyle, ile może",
    ),
}
_IN_P1 = Text("Repository registered in P1: {id}", "Repozytorium zarejestrowane w P1: {id}")
_HEAD = {
    "kind": Text("Kind of document", "Rodzaj dokumentu"),
    "wanted": Text("documents", "dokumenty"),
    "octets": Text("size", "rozmiar"),
    "archived": Text("archived", "w archiwum"),
    "verified": Text("verified", "sprawdzone"),
    "indexed": Text("indexed", "w indeksie"),
}
_NO_MAIL = Text(
    "Nothing was shared: mails to patients go to an SMTP server, where no demonstration can read a code.",
    "Niczego nie udostępniono: e-maile do pacjentów trafiają na serwer SMTP, gdzie pokaz nie odczyta kodów.",
)
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
#: Columns from which a table has room between its own.
_WIDE = 96


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

    Those that the law wants there are indexed in P1, and one document is shared with its patient: the patient
    and three who must not see it really look for it. The last line is `archived N/N, verified N/N, failed 0`;
    the exit code is 0 only if that is so, and if everybody saw what they may and nothing else.
    """
    console = Console()
    around = Surroundings(Settings())
    with fail_politely(), interruptible(), _stack(around, console, alone=bool(kills)) as stack:
        demonstration = _Demonstration(around, console, stack, kills)
        result = demonstration.run(documents)
    console.print(table(result, wide=console.width >= _WIDE))
    if demonstration.attempts:
        console.print(demo_sharing.table(demonstration.attempts))
    for words in _remarks(result, around):
        console.print(words, highlight=False)
    # Plain, whatever the width of the terminal: programs read this line.
    typer.echo(result.last_line)
    good = result.failed == 0 and not result.kinds_differ and result.indexed == result.required
    raise typer.Exit(0 if good and all(each.right for each in demonstration.attempts) else 1)


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
        self._show: Callable[[str], None] = lambda _: None
        self._doing = ""
        self.attempts: list[Attempt] = []
        """Who looked for the shared document."""

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
        begun, seed = time.time(), demo_clinic.new_seed()
        with self._step("order", account=ACCOUNT):
            order_account(self._around, ACCOUNT)
            demo_clinic.prepare(database)
        with self._step("onboard"):
            certificates = demo_p1.keep_certificates(self._around, settings.passphrase, prefect)
            prefect.run("onboard-clinic/on-demand", self._onboarding(certificates), limit=_LIMIT)
        self._tell_p1(database)
        with self._step("drop") as facts:
            drop = demo_clinic.drop_documents(self._around.inbox, count, seed)
            facts.update(count=count, size=size_words(drop.octets, language()))
        with self._step("import"):
            parameters = {"quiet_seconds": 0, "delete_taken": True}
            prefect.run("import-documents/scheduled", parameters, limit=_LIMIT)
            demo_index.report_visits(self._around, database)
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
        self._index(database, prefect, list(drop.kinds), result)
        self._share(database, settings, prefect, list(drop.kinds), seed)
        return result

    def _index(self, database: Database, prefect: Prefect, hashes: Sequence[str], result: Fate) -> None:
        found = registration(database, ACCOUNT)
        if found is None or not found.repository_unique_id:
            return
        with self._step("index") as facts:
            demo_index.index(prefect, database, hashes, self._far, _LIMIT)
            result.indexed, result.required = demo_index.by_kind(database, hashes)
            facts.update(indexed=result.indexed.total(), required=result.required.total())

    def _share(
        self, database: Database, settings: Settings, prefect: Prefect, hashes: Sequence[str], seed: int
    ) -> None:
        if not demo_sharing.readable(settings):
            self._say(_NO_MAIL.fill(language()))
            return
        chosen = demo_sharing.choose(database, hashes, seed)
        if chosen is None:
            return
        sharing = Sharing(self._around, settings, database, chosen, seed)
        with self._step("share"):
            sharing.share(prefect, _LIMIT)
        with self._step("look") as facts:
            self.attempts = sharing.attempts(self._far)
            facts.update(right=sum(each.right for each in self.attempts), all=len(self.attempts))

    def _far(self, done: int, of: int) -> None:
        """Show how far the present step is."""
        self._show(_FAR.fill(language(), doing=self._doing, done=done, all=of))

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
        self._doing = _DOING[name].fill(language())
        with self._console.status(self._doing) as status:
            self._show = status.update
            yield facts
        words = _DONE[name].fill(language(), **facts)
        self._console.print(
            f"✓ {words} ({time_words(time.monotonic() - begun, language())})", highlight=False
        )


def table(result: Fate, *, wide: bool = True) -> Table:
    """Return what became of the documents, by kind, for a person; not `wide` fits 80 columns."""
    speak = language()
    shown = Table(show_footer=True, padding=(0, 1 if wide else 0))
    shown.add_column(_HEAD["kind"].fill(speak), footer=_TOTAL.fill(speak))
    columns: dict[str, Callable[[Kind | None], str]] = {
        "wanted": lambda kind: str(_count(result.wanted, kind)),
        "octets": lambda kind: size_words(_count(result.octets, kind), speak),
        "archived": lambda kind: str(_count(result.archived, kind)),
        "verified": lambda kind: str(_count(result.verified, kind)),
        "indexed": lambda kind: _share_of(_count(result.indexed, kind), _count(result.required, kind)),
    }
    for name, words in columns.items():
        shown.add_column(_HEAD[name].fill(speak), footer=words(None), justify="right", no_wrap=True)
    for kind in KINDS:
        if result.wanted[kind]:
            shown.add_row(KINDS[kind].label.fill(speak), *(words(kind) for words in columns.values()))
    return shown


def _count(counted: Counter[Kind], kind: Kind | None) -> int:
    return counted.total() if kind is None else counted[kind]


def _share_of(done: int, of: int) -> str:
    """Return `done/of`, or a dash where nothing has to be done."""
    return f"{done}/{of}" if of else "-"


def _remarks(result: Fate, around: Surroundings) -> Iterator[str]:
    speak = language()
    if result.refused:
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(result.refused.items()))
        yield _REFUSED.fill(speak, codes=codes)
    if result.kinds_differ:
        yield _DIFFER.fill(speak, count=result.kinds_differ)
    yield _LOOK[already_up(around)].fill(speak, url=around.prefect_url, login=around.secrets.prefect_login)
