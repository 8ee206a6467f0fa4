"""What a run has finished beside its own work: deletions and destructions that were interrupted."""

import typer

from erepo.cli.complaints import complain
from erepo.clinic.finishing import Finished
from erepo.texts import Text, language

_FINISHED = Text(
    "Interrupted orders finished: {deleted} documents deleted, {destroyed} destroyed; still open: {open}.",
    "Dokończono przerwane operacje: usunięto dokumentów: {deleted}, zniszczono: {destroyed};"
    " nadal niedokończone: {open}.",
)


def tell_finished(finished: Finished) -> None:
    """Say what was finished, if there was anything."""
    if finished.deleted or finished.destroyed or finished.open:
        words = {"deleted": finished.deleted, "destroyed": finished.destroyed, "open": finished.open}
        typer.echo(_FINISHED.fill(language(), **words))
    if finished.problem is not None:
        complain(finished.problem, as_json=False)
