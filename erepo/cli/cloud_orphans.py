"""Removing blobs that no document points at: asked for, confirmed, and never the young ones."""

import re

import typer

from erepo.blobs.store import BlobStore
from erepo.cloud.errors import OrphansTooMany
from erepo.cloud.fixity.directions import count_orphans
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import OLD
from erepo.texts import Text, language

#: Seconds, where the operator says nothing else.
_AGE = 30 * 24 * 3600.0
_ASK = Text(
    "If the database came from a backup, a blob that no document points at may be a document's only copy:"
    " first run `erepo verify --send-again` at the clinics and look at what is named. Remove those older than"
    " {age} for good: {orphans} of {blobs}?",
    "Jeśli bazę przywrócono z kopii zapasowej, plik, na który nie wskazuje żaden dokument, może być jedyną"
    " kopią dokumentu: najpierw uruchom w placówkach `erepo verify --send-again` i sprawdź, co wymieniono."
    " Usunąć trwale pliki starsze niż {age}: {orphans} z {blobs}?",
)
_NO_AGE = Text(
    "{given!r} is no age of at least 6 hours: write 36h or 30d",
    "{given!r} to nie wiek co najmniej 6 godzin: zapisz na przykład 36h albo 30d",
)
_ALONE = Text(
    "--older-than and --yes belong to --remove-orphans", "--older-than i --yes należą do --remove-orphans"
)
_YES = Text("with --json say --yes: nobody can be asked", "z --json podaj --yes: nikogo nie można zapytać")


def age_to_remove(*, wanted: bool, older_than: str | None, sure: bool, as_json: bool) -> float | None:
    """Return the age in seconds from which orphans are to be removed, None when none are.

    Raises:
        typer.BadParameter: the options do not fit each other, or it is no age.
    """
    speak = language()
    if not wanted:
        if older_than is not None or sure:
            raise typer.BadParameter(_ALONE.fill(speak))
        return None
    if as_json and not sure:
        raise typer.BadParameter(_YES.fill(speak))
    return _seconds(older_than) if older_than is not None else _AGE


def confirm_removal(database: Database, blobs: BlobStore, age: float, *, sure: bool) -> bool:
    """Have the operator confirm a removal, unless he did already and it is not most of what there is.

    Returns:
        Whether anything is to be removed: an orphan of a minute later was not there to be confirmed.

    Raises:
        typer.Abort: he thought better of it.
        OrphansTooMany: nobody is there to be asked, and the database is likely another's.
    """
    orphans, looked = count_orphans(database, blobs, age)
    if not orphans:
        return False
    if not sure:
        ask = _ASK.fill(language(), age=_words(age), orphans=orphans, blobs=looked)
        typer.confirm(ask, abort=True)
    elif orphans * 2 > looked:
        raise OrphansTooMany(orphans=orphans, blobs=looked)
    return True


def _words(age: float) -> str:
    """Return an age as it is typed: `36h`, `30d`."""
    hours = round(age / 3600)
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"


def _seconds(given: str) -> float:
    found = re.fullmatch(r"([0-9]{1,5})([hd])", given)
    age = int(found[1]) * (3600.0 if found[2] == "h" else 24 * 3600.0) if found else 0.0
    # What is younger may belong to a submission that is just being written.
    if age < OLD:
        raise typer.BadParameter(_NO_AGE.fill(language(), given=given))
    return age
