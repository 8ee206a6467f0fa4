"""Who may read the secret files: their owner, nobody else."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.machine_errors import ReadableByOthers
from erepo.texts import Text

#: Any right for group or others.
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
#: Names told; the count tells of all.
_TOLD: Final = 5
_CLOSED = Text(
    "Secret files and folders ({count}) belong to their owner alone.",
    "Tajne pliki i katalogi ({count}) są dostępne tylko dla właściciela.",
)
_NONE = Text("There are no secret files yet.", "Nie ma jeszcze tajnych plików.")


def permissions(ground: Ground) -> Finding:
    """Look at the rights of everything that opens a door, and of the folders around it."""
    home, looked, open_ = ground.settings.home.absolute(), 0, list[str]()
    for path in secret_paths(ground):
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        looked += 1
        if mode & _OTHERS:
            open_.append(path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name)
    if open_:
        names = ", ".join(open_[:_TOLD]) + (" …" if len(open_) > _TOLD else "")
        return Finding.of(ReadableByOthers(count=len(open_), names=names))
    return Finding.good(_CLOSED, count=looked) if looked else Finding.none(_NONE)


def secret_paths(ground: Ground) -> Iterator[Path]:
    """Yield secret files and the folders that hold them, as far as they are there."""
    settings = ground.settings
    home, clinic = settings.home.absolute(), settings.clinic_home
    for folder in (home / "secrets", settings.cloud_home / "secrets", clinic / "keys"):
        yield from _tree(folder)
    # The drop folder may be shared with whoever writes documents into it.
    yield from (one for one in (clinic, clinic / "content") if one.is_dir())
    if ground.file is not None:
        for end in ("", "-wal", "-shm"):
            if (file := ground.file.with_name(ground.file.name + end)).exists():
                yield file
    yield from settings.cloud_home.glob("*.key")
    yield from (home / "office" / "ca").glob("*.key")


def _tree(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place) / name for name in (*folders, *files))
