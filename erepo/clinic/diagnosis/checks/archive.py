"""The eArchiwum, where the clinic has one: its folder, the room in it, its index. Nothing is changed."""

import shutil
from typing import Final

from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.earchive.errors import FolderFull, IndexDamaged, typing
from erepo.clinic.errors import RepositoryNotSetUp
from erepo.clinic.repositories import load_earchive
from erepo.errors import ErepoError
from erepo.texts import Text

_NONE: Final = Text("There is no eArchiwum.", "Placówka nie ma eArchiwum.")
_GOOD: Final = Text(
    "The eArchiwum is where it should be; {gigabytes} GB are free.",
    "eArchiwum jest na swoim miejscu; wolne: {gigabytes} GB.",
)


def earchive(ground: Ground) -> Finding:
    """Look for the mark in the folder, measure the room, look for the index."""
    opened = ground.database()
    if opened is None:
        return Finding.none(_NONE)
    try:
        known = load_earchive(opened, ground.settings)
        known.place.check()
        with typing(known.place.folder):
            free = shutil.disk_usage(known.place.folder).free
    except RepositoryNotSetUp:
        return Finding.none(_NONE)
    except ErepoError as error:
        return Finding.of(error)
    if not known.index_file.is_file():
        return Finding.of(IndexDamaged(problem=known.index_file.name))
    if free < ground.settings.diagnosis.disk_problem:
        return Finding.of(FolderFull(folder=known.place.folder))
    return Finding.good(_GOOD, gigabytes=free // 1024**3)
