"""Opened documents on disk: private, without a patient in any name, and gone after an hour."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from erepo.clinic.reading.deliveries import Delivered
from erepo.clinic.reading.writing import write_files
from erepo.durable import make_folder

#: Seconds after which an opened document is removed, by the next command about documents.
LIFE: Final = 3600


def put_down(folder: Path, public_id: str, files: Sequence[Delivered]) -> list[Path]:
    """Write files into a folder of their own below `folder` (0700, files 0600) and return their paths."""
    renamed = [
        replace(one, name=f"{public_id}{f'-{number}' if number else ''}.{one.name.rpartition('.')[2]}")
        for number, one in enumerate(files)
    ]
    make_folder(folder)
    return write_files(folder / secrets.token_hex(8), renamed)


def sweep(folder: Path, older_than: float = LIFE) -> int:
    """Remove what was opened so long ago (seconds); return how many folders went."""
    if not folder.is_dir():
        return 0
    limit, swept = time.time() - older_than, 0
    for one in folder.iterdir():
        # Another process may be as quick, and one that is still writing is not old.
        with suppress(FileNotFoundError, NotADirectoryError):
            if one.is_symlink() or one.stat().st_mtime > limit:
                continue
            for file in one.iterdir():
                file.unlink(missing_ok=True)
            one.rmdir()
            swept += 1
    return swept
