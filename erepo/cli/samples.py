"""`erepo samples`: write sample documents into a folder."""

import re
from pathlib import Path
from typing import Annotated

import orjson
import typer

from erepo.cda.kinds import KINDS
from erepo.cda.samples import RECIPES, Written, write_samples
from erepo.cda.samples.catalogue import ATTACHMENT
from erepo.cli.bars import bar
from erepo.texts import Text, language, size_words

_UNITS = {"": 1, "b": 1, "kb": 1000, "kib": 1024, "mb": 1000**2, "mib": 1024**2}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_DONE = Text(
    "{count} documents, {size}, in {folder}; all people in them are invented.",
    "Dokumenty: {count} ({size}), w folderze {folder}; wszystkie osoby są zmyślone.",
)


def parse_size(text: str) -> int | tuple[int, int]:
    """Read `50kB`, `20MB`, `4096`, or a range `5kB-2MB`.

    Raises:
        typer.BadParameter: anything else.
    """
    parts = [_SIZE.fullmatch(part.strip()) for part in text.split("-")]
    sizes = [int(float(part[1]) * _UNITS.get(part[2].lower(), 0)) for part in parts if part]
    if len(sizes) != len(parts) or not 1 <= len(sizes) <= 2 or not all(sizes):
        raise typer.BadParameter(f"{text!r}: write 50kB, 20MB, or a range such as 5kB-2MB")
    return sizes[0] if len(sizes) == 1 else (min(sizes), max(sizes))


def command(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made when missing.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many documents.")] = 60,
    seed: Annotated[int, typer.Option(help="Which invented world; the same seed gives the same files.")] = 1,
    size: Annotated[
        str, typer.Option(help="Size of each document: 50kB, 20MB, or a range 5kB-2MB. Default: usual sizes.")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"Only these kinds; may be repeated. One of: {', '.join((*RECIPES, ATTACHMENT))}."),
    ] = None,
    patients: Annotated[
        int | None, typer.Option(min=1, help="How many patients. Default: one in three documents.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts for a program.")] = False,
) -> None:
    """Write documents to try things with: PIK HL7 CDA of most kinds and scanned attachments.

    Their patients and doctors are invented, with identifiers whose check digits are right. Attachments carry
    their patient's PESEL in the file name, as `erepo import` expects.

    For example: `erepo samples inbox --count 500 --size 50kB --kind lab_result --kind attachment`
    """
    wanted = parse_size(size) if size else None
    with bar(quiet=as_json) as shown:
        task = shown.add_task(str(folder), total=count)
        written = write_samples(
            folder,
            seed=seed,
            count=count,
            kinds=kind,
            size=wanted,
            patients=patients,
            progress=lambda _: shown.advance(task),
        )
    _report(folder, written, as_json)


def _report(folder: Path, written: Written, as_json: bool) -> None:
    if as_json:
        counts = {kind.value: number for kind, number in written.by_kind.items()}
        typer.echo(orjson.dumps({"count": written.count, "bytes": written.size, "kinds": counts}).decode())
        return
    for kind, number in sorted(
        written.by_kind.items(), key=lambda pair: KINDS[pair[0]].label.fill(language())
    ):
        typer.echo(f"{number:6}  {KINDS[kind].label.fill(language())}")
    typer.echo(
        _DONE.fill(language(), count=written.count, size=size_words(written.size, language()), folder=folder)
    )
