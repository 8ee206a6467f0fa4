"""Names of saved files that mean one file, in one folder, on every system that may ever see them.

Rules of Windows (reserved characters and device names, no dot or blank at the end, no stream), of Unix
(no slash, no NUL, no leading dot or dash), of both Macs (one form of accents), and of people (nothing
invisible, nothing that turns the direction of writing). Sources: Microsoft, "Naming Files, Paths, and
Namespaces"; Unicode UTR 36.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

#: Bytes of UTF-8 a name has at most: below every file system's limit, with room for what is put before it.
LONGEST: Final = 120
_RESERVED: Final = re.compile(r'[<>:"/\\|?*]')
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,8}")
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_FALLBACK: Final = "dokument"


def safe_name(wanted: str, suffix: str) -> str:
    """Return a name that is safe everywhere, made of a wanted one.

    Args:
        wanted: any text: a title, a file's name from elsewhere.
        suffix: how the name ends, by our own knowledge of the content: `.xml`.
    """
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError("a suffix is a dot and up to eight letters or digits")
    stem = unicodedata.normalize("NFC", wanted.encode("utf-8", "ignore").decode())
    if stem.casefold().endswith(suffix):
        stem = stem[: -len(suffix)]
    stem = " ".join(_RESERVED.sub("_", "".join(map(_visible, stem))).split())
    stem = unicodedata.normalize("NFC", stem)  # what stood between a letter and its accent may be gone now
    return _shortened(stem, LONGEST - len(suffix)) + suffix


def distinct(names: Iterable[str]) -> list[str]:
    """Return names of which no two are the same to any file system: later ones get a number."""
    taken, found = set[str](), list[str]()
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        free, number = name, 2
        while key(free) in taken:
            free, number = f"{stem} ({number}){dot}{suffix}", number + 1
        taken.add(key(free))
        found.append(free)
    return found


def key(name: str) -> str:
    """Return what two names share if some file system takes them for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _visible(one: str) -> str:
    # Controls, formats (right-to-left override, zero width), surrogates, private and unassigned characters.
    if unicodedata.category(one)[0] == "C":
        return ""
    return " " if unicodedata.category(one)[0] == "Z" else one


def _shortened(stem: str, most: int) -> str:
    stem = _trimmed(stem)
    # Windows takes `NUL.txt`, `nul .x` and `COM1.` for the device.
    if key(stem.partition(".")[0]).rstrip() in _DEVICES:
        stem = f"_{stem}"
    return _trimmed(stem.encode()[:most].decode("utf-8", "ignore")) or _FALLBACK


def _trimmed(stem: str) -> str:
    return stem.lstrip(" .-~").rstrip(" .")
