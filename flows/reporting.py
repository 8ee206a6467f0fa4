"""What people see of a run in Prefect: a bar meanwhile, a page at its end. Counts and opaque ids only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact

from erepo.clinic.intake import Summary as Imported
from erepo.clinic.p1 import Registration
from erepo.clinic.patients_own import Collected
from erepo.clinic.structure_sync import Sent
from erepo.errors import words_of
from erepo.texts import Language, Text, day_words, language, size_words

#: An update costs 25 ms here and 22 ms in the server: one for about a thousand documents is enough.
EVERY = 4


@dataclass
class Progress:
    """A progress bar on the run's page.

    Attributes:
        total: documents expected; 0 shows no bar at all.
    """

    total: int
    done: int = 0
    steps: int = 0
    artifact: UUID | None = None

    @classmethod
    async def begin(cls, key: str, total: int) -> Self:
        """Show an empty bar."""
        bar = cls(total)
        if total:
            bar.artifact = await acreate_progress_artifact(0.0, key, _count(0, total))
        return bar

    async def advance(self, documents: int) -> None:
        """Count another batch; the bar moves with every fourth."""
        self.done += documents
        self.steps += 1
        if self.steps % EVERY == 0:
            await self._show()

    async def end(self) -> None:
        """Show where it ended."""
        await self._show()

    async def _show(self) -> None:
        if self.artifact is not None:
            share = min(100.0, 100.0 * self.done / self.total)
            await aupdate_progress_artifact(self.artifact, share, _count(self.done, self.total))


def _count(done: int, total: int) -> str:
    return f"{done}/{total}"


_HEAD = Text("| what | count |\n|---|---:|", "| co | ile |\n|---|---:|")
_SIZE = Text("size", "rozmiar")


_IMPORT = Text("Import", "Import")
_IMPORT_ROWS = (
    ("taken", Text("taken in", "przyjęte")),
    ("known", Text("already known", "znane wcześniej")),
    ("refused", Text("refused, still in the folder", "odmowa, pozostały w katalogu")),
    ("deleted", Text("originals deleted", "usunięte oryginały")),
)
_REASONS = Text("### Why files were refused", "### Przyczyny odmowy")
_SIGNATURES = Text(
    "| signature inside the document | documents |\n|---|---:|",
    "| podpis w dokumencie | dokumenty |\n|---|---:|",
)


async def report_import(total: Imported) -> None:
    """Leave the page of one import."""
    await acreate_markdown_artifact(import_page(total, language()), "import-summary")


def import_page(total: Imported, speak: Language) -> str:
    """Return the page as Markdown: counts, and how often each reason for a refusal came."""
    rows = [f"| {words.fill(speak)} | {getattr(total, name)} |" for name, words in _IMPORT_ROWS]
    rows.append(f"| {_SIZE.fill(speak)} | {size_words(total.bytes, speak)} |")
    lines = [f"## {_IMPORT.fill(speak)}", "\n".join([_HEAD.fill(speak), *rows])]
    lines += _explained(total.reasons, speak)
    if total.signatures:
        doubts = [f"| {code} | {number} |" for code, number in sorted(total.signatures.items())]
        lines += ["\n".join([_SIGNATURES.fill(speak), *doubts])]
    return "\n\n".join(lines)


def _explained(counts: Mapping[str, int], speak: Language) -> list[str]:
    """Return a list of reasons, how often, what to do. No table: Prefect's page cuts long cells off."""
    rows = []
    for code, number in sorted(counts.items()):
        words = words_of(code, speak)
        rows.append(f"* `{code}` ({number})" + (f": {inline(' '.join(words))}" if words else ""))
    return [_REASONS.fill(speak), "\n".join(rows)] if rows else []


_COLLECTED = Text("Patients' own documents", "Dokumenty własne pacjentów")
_COLLECTED_ROWS = (
    ("taken", Text("taken in", "przyjęte")),
    ("known", Text("already known", "znane wcześniej")),
    ("refused", Text("put aside, the patient was told", "odłożone, pacjenta powiadomiono")),
    ("failed", Text("left for the next run", "pozostawione na następne uruchomienie")),
)


async def report_collected(total: Collected) -> None:
    """Leave the page of one collection of patients' documents."""
    await acreate_markdown_artifact(collected_page(total, language()), "patients-own-summary")


def collected_page(total: Collected, speak: Language) -> str:
    """Return the page as Markdown: counts, and how often each reason came."""
    rows = [f"| {words.fill(speak)} | {getattr(total, name)} |" for name, words in _COLLECTED_ROWS]
    lines = [f"## {_COLLECTED.fill(speak)}", "\n".join([_HEAD.fill(speak), *rows])]
    return "\n\n".join([*lines, *_explained(total.reasons, speak)])


_FACTS = Text("| what | value |\n|---|---|", "| co | wartość |\n|---|---|")
_STRUCTURE = Text("Structure", "Struktura")
_SENT = Text("Sent to the service.", "Wysłano do usługi.")
_UNCHANGED = Text("Nothing has changed; nothing was sent.", "Nic się nie zmieniło; niczego nie wysłano.")
_UNITS, _CELLS = Text("units", "jednostki"), Text("cells", "komórki")


async def report_structure(sent: Sent) -> None:
    """Leave the page of one synchronisation of the structure."""
    await acreate_markdown_artifact(structure_page(sent, language()), "structure-summary")


def structure_page(sent: Sent, speak: Language) -> str:
    """Return the page as Markdown."""
    counts = f"| {_UNITS.fill(speak)} | {sent.units} |\n| {_CELLS.fill(speak)} | {sent.cells} |"
    words = (_SENT if sent.sent else _UNCHANGED).fill(speak)
    return f"## {_STRUCTURE.fill(speak)}\n\n{words}\n\n{_HEAD.fill(speak)}\n{counts}"


_REGISTERED = Text("Registered in the national domain", "Zarejestrowano w domenie krajowej")
_ID = Text("id of the repository", "identyfikator repozytorium")
_SERIAL = Text("{purpose}: serial number", "{purpose}: numer seryjny")
_UNTIL = Text("{purpose}: valid until", "{purpose}: ważny do")


async def report_registration(found: Registration) -> None:
    """Leave the page of one registration: numbers and dates, no subject, which may name a person."""
    await acreate_markdown_artifact(registration_page(found, language()), "registration-summary")


def registration_page(found: Registration, speak: Language) -> str:
    """Return the page as Markdown."""
    rows = [f"| {_ID.fill(speak)} | {found.repository_unique_id} |"]
    for purpose, serial, end in (
        ("TLS", found.tls_serial, found.tls_until),
        ("WSS", found.wss_serial, found.wss_until),
    ):
        rows.append(f"| {_SERIAL.fill(speak, purpose=purpose)} | {serial} |")
        last = day_words(end) if end else "-"
        rows.append(f"| {_UNTIL.fill(speak, purpose=purpose)} | {last} |")
    return f"## {_REGISTERED.fill(speak)}\n\n" + "\n".join([_FACTS.fill(speak), *rows])


def cell(text: str) -> str:
    """Return a text that stays within its cell of a table."""
    return inline(text).replace("|", "\\|")


def inline(text: str) -> str:
    """Return a text that stays within its line, and is no markup of its own."""
    return " ".join(text.split()).replace("<", "&lt;")
