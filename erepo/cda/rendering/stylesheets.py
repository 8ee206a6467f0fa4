"""Which stylesheet shows a document: by the version of its template and the namespace of its extension.

An official stylesheet of the clinic's folder (`CDA_PL_IG_<version>.xsl`, as CeZ publishes them) is used only
where both fit: the one of 1.3.2 runs with a document of 1.3.1, but looks for the extension's elements in
another namespace and would leave them out without a word. Ours fits every version, and comes last.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from erepo.cda.model import CdaHeader

OWN: Final = "erepo-pik.xsl"
_NAME: Final = re.compile(r"CDA_PL_IG_(\d{1,3}(?:\.\d{1,3}){1,4})(?:[-_ ].*)?\.xsl", re.IGNORECASE)
#: The instruction that names a document's stylesheet (PIK: `CDA_PL_IG_<version>.xsl`), in its prolog.
_INSTRUCTION: Final = re.compile(
    rb"<\?xml-stylesheet\s[^?]{0,400}?\bhref\s*=\s*[\"']([^\"'<>?]{1,80})[\"'][^?]{0,400}\?>"
)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,75}\.xsl", re.IGNORECASE)
_PROLOG: Final = 8192
#: Largest file taken for a stylesheet, in bytes; official ones have some 250,000.
_LARGEST: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Stylesheet:
    """A stylesheet: the name of its file, its octets, and whether it is one of the clinic's folder."""

    name: str
    octets: bytes = field(repr=False)
    official: bool = False


def fitting(header: CdaHeader | None, folder: Path) -> Iterator[Stylesheet]:
    """Yield the stylesheets that fit a document, the best first; ours is always the last.

    Args:
        header: of the document; None where it cannot be read.
        folder: official stylesheets; may be missing.
    """
    if header is not None and header.template_version:
        there = _official(folder)
        for version in _order(header.template_version, sorted(there, key=_number, reverse=True)):
            octets = _read(there[version])
            if octets and header.extension_namespace.encode() in octets:
                yield Stylesheet(there[version].name, octets, official=True)
    yield own()


def name_asked_for(octets: bytes) -> str:
    """Return under which name a document asks for its stylesheet, so that the two belong together as files.

    The document is signed and stays as it is; a name that would lead elsewhere is not followed.
    """
    found = _INSTRUCTION.search(octets[:_PROLOG])
    asked = found[1].decode("ascii", "replace") if found else ""
    return asked if _PLAIN_NAME.fullmatch(asked) else OWN


@cache
def own() -> Stylesheet:
    """Return our stylesheet, part of the package."""
    return Stylesheet(OWN, (files("erepo.cda.rendering") / "pik.xsl").read_bytes())


def _official(folder: Path) -> dict[str, Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return {}
    return {match[1]: file for file in found if (match := _NAME.fullmatch(file.name)) and file.is_file()}


def _order(version: str, there: list[str]) -> Iterator[str]:
    """Yield the versions there are: the document's, the one it supplements, then newer to older ones."""
    parts, yielded = version.split("."), set[str]()
    for length in range(len(parts), 1, -1):
        wanted = ".".join(parts[:length])
        if wanted in there:
            yielded.add(wanted)
            yield wanted
    yield from (one for one in there if one not in yielded)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            octets = opened.read(_LARGEST + 1)
    except OSError:
        return b""
    return octets if len(octets) <= _LARGEST else b""
