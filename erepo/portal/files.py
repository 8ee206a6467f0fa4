"""The forms in which a document is handed out, and their names: nothing of a person stands in a name."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from erepo.cda.errors import NotCda, NotXml
from erepo.cda.header import is_cda
from erepo.cda.media import SUFFIXES
from erepo.cda.rendering.errors import NothingToRender, RenderingImpossible
from erepo.cda.rendering.page import MEDIA_TYPE
from erepo.cda.rendering.service import best_stylesheet, render
from erepo.cda.rendering.stylesheets import name_asked_for
from erepo.errors import ErepoError
from erepo.portal.errors import NotShown
from erepo.settings import Settings
from erepo.texts import Language, Text

#: Types that a browser shows by itself and that run nothing.
_INLINE: Final = frozenset({"application/pdf", "image/jpeg", "image/png", "image/gif", "image/tiff"})
#: Zip files carry a time; one that says nothing makes the same files the same zip.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_STEM: Final = Text("document", "dokument")
#: Whatever it is, it runs nothing and reaches nothing.
LOCKED: Final = "sandbox; default-src 'none'; frame-ancestors 'self'"


class File(NamedTuple):
    """A file in a zip."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What goes out: its octets, or (None) those of the document as they are stored."""

    media_type: str
    name: str
    octets: bytes | None = field(default=None, repr=False)
    inline: bool = False
    policy: str = LOCKED

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        kind = "inline" if self.inline else "attachment"
        return {
            "content-type": self.media_type,
            "content-disposition": f'{kind}; filename="{self.name}"',
            "content-security-policy": self.policy,
            "x-frame-options": "SAMEORIGIN",
        }


def itself(mime_type: str, speak: Language) -> Form:
    """Return the document to the octet, as a file."""
    return Form(mime_type, _STEM.fill(speak) + SUFFIXES.get(mime_type, ".bin"))


def page(octets: bytes, mime_type: str, settings: Settings, speak: Language) -> Form:
    """Return the document to be looked at. Blocking: a process of its own makes the page.

    Raises:
        NotShown: it cannot be.
    """
    if not is_cda(octets):
        if mime_type not in _INLINE:
            raise NotShown
        return Form(mime_type, itself(mime_type, speak).name, inline=True)
    try:
        made = render(octets, stylesheets(settings), settings.rendering)
    except (NothingToRender, RenderingImpossible, NotXml):
        raise NotShown from None
    policy = made.headers["Content-Security-Policy"]
    return Form(MEDIA_TYPE, f"{_STEM.fill(speak)}.html", made.octets, inline=True, policy=policy)


def packed(octets: bytes, mime_type: str, settings: Settings, speak: Language) -> Form:
    """Return a zip of the signed XML to the octet, its stylesheet and, if it can be made, a page.

    Of another document: of itself alone. Blocking, as `page`.
    """
    stem = _STEM.fill(speak)
    files = [File(itself(mime_type, speak).name, octets)]
    if is_cda(octets):
        try:
            sheet = best_stylesheet(octets, stylesheets(settings))
            files.append(File(name_asked_for(octets), sheet.octets))
            made = page(octets, mime_type, settings, speak)
            files.append(File(made.name, made.octets or b""))
        except (NotShown, NotCda, NotXml, ErepoError):
            # Whatever cannot be shown can be saved all the same.
            files = files[:2]
    return Form("application/zip", f"{stem}.zip", _zip(files))


def stylesheets(settings: Settings) -> Path:
    """Return the folder of official stylesheets of the service."""
    return settings.stylesheets or settings.cloud_home / "stylesheets"


def _zip(files: Sequence[File]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            entry = zipfile.ZipInfo(one.name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100600 << 16
            archive.writestr(entry, one.octets)
    return written.getvalue()
