"""`erepo documents open|save|save-attachment`: one document as a page, as files, its attachments."""

import contextlib
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
import uvloop

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.reading import Delivered, Opened, Purpose, Reader, Who, distinct, write_files
from erepo.clinic.reading.errors import FilesThere, FilterWrong
from erepo.clinic.reading.parts import zip_of
from erepo.clinic.reading.temporary import put_down, sweep
from erepo.settings import Settings
from erepo.texts import Text, language

Id = Annotated[str, typer.Argument(metavar="ID", help="Id as `erepo documents list` shows it.")]
As = Annotated[str, typer.Option("--as", help="Login of the person who reads (`erepo structure`).")]
For = Annotated[
    str, typer.Option("--for", help="Why: treatment, emergency, patient (asked for it), operations.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print the paths as JSON.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace files of the same name.")]
_Into = Annotated[Path, typer.Option("--into", help="Folder for the files; made when missing.")]

_PASSED_OVER = Text(
    "The official stylesheet {name} fails with this document; it is shown with {used}.",
    "Arkusz urzędowy {name} nie obsługuje tego dokumentu; użyto arkusza {used}.",
)
_THERE = Text("there already: {name}", "już istnieje: {name}")
_GOES = Text(
    "It is removed after an hour, by the next command of `erepo documents`.",
    "Plik zostanie usunięty po godzinie, przez kolejne polecenie `erepo documents`.",
)


def parse_purpose(text: str) -> Purpose:
    """Return the purpose of this name.

    Raises:
        FilterWrong: there is none.
    """
    try:
        return Purpose(text.strip().lower())
    except ValueError:
        raise FilterWrong(name="--for", expected=", ".join(Purpose)) from None


def open_(
    document: Id,
    login: As,
    purpose: For = "treatment",
    output: Annotated[
        Path | None,
        typer.Option("--output", dir_okay=False, help="Write the page to this file, and leave it there."),
    ] = None,
    force: _Force = False,
    as_json: _Json = False,
) -> None:
    """Make a page of a document, to be opened in a browser or printed; print where it is.

    Without --output it lies under EREPO_HOME, readable to you alone, and is removed after an hour. A document
    that is not kept here is fetched from the repository. Files inside the document that the page cannot show
    (a PDF) lie beside it. The history notes who opened it, and why.
    """
    with _reading() as (reader, settings):
        who = Who(login, parse_purpose(purpose))
        opened = uvloop.run(reader.open(document, who))
        if output is None:
            paths = put_down(settings.opened, document.strip(), opened.files)
        else:
            paths = write_files(output.parent, _renamed(opened, _fitting(output, opened.page)), force=force)
    _tell(paths, as_json=as_json)
    if not as_json:
        for name in opened.passed_over:
            typer.echo(_PASSED_OVER.fill(language(), name=name, used=opened.stylesheet), err=True)
        if output is None:
            typer.echo(_GOES.fill(language()), err=True)


def save(
    document: Id,
    login: As,
    purpose: For = "treatment",
    into: _Into = Path(),
    zipped: Annotated[bool, typer.Option("--zip", help="One zip file with all of them.")] = False,
    force: _Force = False,
    as_json: _Json = False,
) -> None:
    """Save a document: the signed XML to the octet, its stylesheet (XSL), and a page to read without both.

    A scan or PDF is one file. Files are never overwritten without --force; their names tell kind and date,
    no patient. The history notes who saved it, and why.
    """
    with _reading() as (reader, _):
        saved = uvloop.run(reader.save(document, Who(login, parse_purpose(purpose))))
        files: Sequence[Delivered] = saved.files
        if zipped:
            files = [zip_of(files, saved.document.name.rpartition(".")[0])]
        paths = write_files(into, files, force=force)
    _tell(paths, as_json=as_json)


def save_attachment(
    document: Id,
    login: As,
    purpose: For = "treatment",
    into: _Into = Path(),
    force: _Force = False,
    as_json: _Json = False,
) -> None:
    """Save the attachments of shared medical documentation, and of no other kind."""
    with _reading() as (reader, _):
        files = uvloop.run(reader.attachments(document, Who(login, parse_purpose(purpose))))
        paths = write_files(into, files, force=force)
    _tell(paths, as_json=as_json)


@contextlib.contextmanager
def _reading() -> Iterator[tuple[Reader, Settings]]:
    with fail_politely(), open_database() as database:
        settings = Settings()
        sweep(settings.opened)
        try:
            yield Reader(database, settings), settings
        except FilesThere as error:
            # Told to the person who chose the folder; the error itself names no file.
            for name in error.names:
                typer.echo(_THERE.fill(language(), name=name), err=True)
            raise


def _renamed(opened: Opened, name: str) -> list[Delivered]:
    """The page gets the name that the person wrote, the attachments keep theirs."""
    page = _named(opened.page, name)
    others = distinct([name, *(one.name for one in opened.attachments)])[1:]
    return [page, *(_named(one, other) for one, other in zip(opened.attachments, others, strict=True))]


def _fitting(output: Path, page: Delivered) -> str:
    """The name that was written, with the ending of what is in it: a scan is no page, and opens as none."""
    if mimetypes.guess_type(output.name)[0] == page.media_type.partition(";")[0]:
        return output.name
    return output.stem + Path(page.name).suffix


def _named(one: Delivered, name: str) -> Delivered:
    return Delivered(one.content, one.media_type, name, one.inline, one.policy)


def _tell(paths: Sequence[Path], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps([str(path) for path in paths]))
        return
    for path in paths:
        typer.echo(path)


def add_to(app: typer.Typer) -> None:
    """Put the commands into their group."""
    commands: dict[str, Any] = {"open": open_, "save": save, "save-attachment": save_attachment}
    for name, command in commands.items():
        app.command(name)(command)
