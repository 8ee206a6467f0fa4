"""Taking documents in from the drop folder."""

import asyncio
import time
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Summary, find_files
from erepo.settings import Settings
from tasks.boundary import guarded, only_retryable
from tasks.clinic import opened_database

#: Writers that do not rename into place announce themselves so.
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")


@task(
    name="take-in",
    retries=2,
    retry_delay_seconds=[2, 8],
    retry_jitter_factor=0.5,
    retry_condition_fn=only_retryable,
    cache_policy=NO_CACHE,
)
@guarded
async def take_in(connection: str, quiet_seconds: int, delete_taken: bool) -> Summary:
    """Take in every finished file of the drop folder; a refused one stays where it is."""
    settings = Settings()
    async with opened_database(connection) as database:
        return await asyncio.to_thread(_take_in, database, settings, quiet_seconds, delete_taken)


def _take_in(database: Database, settings: Settings, quiet_seconds: int, delete_taken: bool) -> Summary:
    database.upgrade()
    if not settings.inbox.is_dir():
        return Summary()
    now = time.time()
    files = [file for file in find_files([settings.inbox]) if _finished(file, now - quiet_seconds, now)]
    return Intake.at(database, settings).take_folder(files, delete_source=delete_taken)


def _finished(file: Path, before: float, now: float) -> bool:
    """Tell whether nobody has written to a file between `before` and now.

    A time in the future says nothing of that: it comes from another clock, or ours has been set back. Such a
    file would otherwise wait for years without a word; intake notices itself if it still grows.
    """
    if file.suffix.lower() in _UNFINISHED:
        return False
    try:
        return not before < file.stat().st_mtime <= now
    except FileNotFoundError:  # gone since the folder was read, or a link to nowhere
        return file.is_symlink()
    except OSError:  # cannot be looked at: intake says why
        return True
