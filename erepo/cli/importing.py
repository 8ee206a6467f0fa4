"""`erepo import`: take documents in from files and folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import orjson
import typer
from rich.console import Console

from erepo.cda.kinds import Kind
from erepo.cli import importing_own
from erepo.cli.bars import bar
from erepo.cli.patients import given_patient
from erepo.cli.status import signature_words
from erepo.cli.words import fail_politely
from erepo.clinic.database import open_clinic
from erepo.clinic.intake import Intake, Outcome, Summary, find_files, plain
from erepo.clinic.kinds import parse_kind
from erepo.identifiers.hl7 import CX
from erepo.settings import Settings
from erepo.texts import Language, Text, language, size_words

#: Seconds of work after which a progress bar appears.
PATIENCE = 2.0

_WORKING = Text("Taking in", "Przyjmowanie")
_SUM = Text(
    "{taken} taken in ({size}), {known} already known, {refused} refused.",
    "Przyjęto: {taken} ({size}), znane wcześniej: {known}, odrzucono: {refused}.",
)
_DELETED = Text("{count} originals deleted.", "Usunięto oryginały: {count}.")

_ALONE = Text("--patients-own stands alone.", "--patients-own podaje się bez innych opcji i plików.")
_NOTHING = Text("Name files or folders.", "Podaj pliki lub foldery.")

_Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="Files, or folders with all below them.",
        default_factory=list,
        show_default=False,
    ),
]
_Patient = Annotated[
    str,
    typer.Option(
        help="`-`: for files that do not name their patient, the one whose PESEL or HL7 CX stands on the"
        " input, or is asked for."
    ),
]
_Kind = Annotated[str, typer.Option(help="Document kind (`erepo kinds list`); overrules the recognised one.")]
_Delete = Annotated[
    bool, typer.Option("--delete", help="Delete each original once its copy has been read back equal.")
]
_Own = Annotated[
    bool,
    typer.Option("--patients-own", help="Collect what patients gave through the service, instead of files."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def command(
    paths: _Paths,
    patient: _Patient = "",
    kind: _Kind = "",
    delete: _Delete = False,
    patients_own: _Own = False,
    as_json: _Json = False,
) -> None:
    """Take documents in. Each file ends as taken in, already known, or refused with the reason.

    May be repeated and interrupted at any moment: the same bytes are taken in once. Originals stay where they
    are unless --delete is given. Exits with 0 only if nothing was refused.

    With --patients-own it takes in what patients gave through the service, which keeps each document until
    the copy here has been read back equal.
    """
    if patients_own:
        if paths or patient or kind or delete:
            raise typer.BadParameter(_ALONE.fill(language()))
        importing_own.run(as_json=as_json)
        return
    if not paths:
        raise typer.BadParameter(_NOTHING.fill(language()))
    with fail_politely():
        whose = given_patient(patient)
        wanted = parse_kind(kind) if kind else None
        summary, problems = _take(paths, whose, wanted, delete=delete, quiet=as_json)
    if as_json:
        typer.echo(orjson.dumps(summary.as_json() | {"problems": [_as_json(one) for one in problems]}))
    else:
        _show(summary, problems, language())
    if summary.refused:
        raise typer.Exit(1)


def _take(
    paths: Sequence[Path], patient: CX | None, kind: Kind | None, *, delete: bool, quiet: bool
) -> tuple[Summary, list[Outcome]]:
    settings, problems = Settings(), list[Outcome]()
    files = list(find_files(paths))
    database = open_clinic(settings)
    try:
        with _Bar(len(files), quiet=quiet) as shown:

            def progress(outcome: Outcome) -> None:
                shown.advance()
                if outcome.reason:
                    problems.append(outcome)

            intake = Intake.at(database, settings)
            summary = intake.take_folder(files, progress, patient=patient, kind=kind, delete_source=delete)
    finally:
        database.close()
    return summary, problems


class _Bar:
    """A progress bar on the terminal that appears only when the work takes long."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._progress = bar(quiet=quiet)
        self._task = self._progress.add_task(_WORKING.fill(language()), total=total, visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self) -> None:
        """Count one file."""
        elapsed = self._progress.tasks[0].elapsed or 0.0
        self._progress.update(self._task, advance=1, visible=elapsed > PATIENCE)


def _show(summary: Summary, problems: Sequence[Outcome], spoken: Language) -> None:
    errors = Console(stderr=True)
    for outcome in problems:
        if outcome.reason:
            # The file's name is told to the person who gave it, and to nobody else.
            words = f"{plain(str(outcome.path))}: {' '.join(outcome.reason.explain(spoken))}"
            errors.print(words, style="red", markup=False, highlight=False, soft_wrap=True)
    counts = {"taken": summary.taken, "known": summary.known, "refused": summary.refused}
    typer.echo(_SUM.fill(spoken, size=size_words(summary.bytes, spoken), **counts))
    for words, _ in signature_words(summary.signatures, spoken):
        typer.echo(words)
    if summary.deleted:
        typer.echo(_DELETED.fill(spoken, count=summary.deleted))


def _as_json(outcome: Outcome) -> dict[str, Any]:
    described: dict[str, Any] = {"file": plain(str(outcome.path)), "status": outcome.status.value}
    if outcome.reason:
        english, polish = outcome.reason.explain("en"), outcome.reason.explain("pl")
        described |= {
            "code": outcome.reason.code,
            "cause": {"en": english[0], "pl": polish[0]},
            "cure": {"en": english[1], "pl": polish[1]},
        }
    return described
