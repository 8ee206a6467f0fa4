"""The files that a document is handed out as, and their names."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from erepo.cda.attachments import embedded_files
from erepo.cda.kinds import KINDS
from erepo.cda.media import SUFFIXES
from erepo.cda.rendering.page import MEDIA_TYPE, Page
from erepo.cda.rendering.stylesheets import Stylesheet, name_asked_for
from erepo.clinic.reading.deliveries import Delivered
from erepo.clinic.reading.finding import Found
from erepo.clinic.reading.names import distinct, safe_name
from erepo.clinic.times import WARSAW
from erepo.texts import Text, language

_SUFFIXES: Final = {**SUFFIXES, "image/gif": ".gif"}
_ATTACHMENT: Final = Text("attachment {number}", "załącznik {number}")
#: Zip files carry a time; one that says nothing makes the same files the same zip.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def itself(found: Found, octets: bytes) -> Delivered:
    """Return the document as it is, to the octet."""
    suffix = _SUFFIXES.get(found.mime_type, ".bin")
    stem = _stem(found)
    if found.mime_type != "text/xml" and found.source_name:
        stem = found.source_name.rpartition(".")[0] or found.source_name
    return Delivered(octets, found.mime_type, safe_name(stem, suffix))


def page(found: Found, made: Page) -> Delivered:
    """Return a page as a file."""
    return Delivered(
        made.octets, MEDIA_TYPE, safe_name(_stem(found), ".html"), inline=True, policy=made.headers
    )


def stylesheet(octets: bytes, sheet: Stylesheet) -> Delivered:
    """Return the stylesheet under the name that the document asks for."""
    return Delivered(sheet.octets, "application/xslt+xml", safe_name(name_asked_for(octets), ".xsl"))


def attachments(found: Found, octets: bytes, limit: int, *, beside: Page | None = None) -> list[Delivered]:
    """Return the files inside a CDA document; with a page, only those that it does not show.

    Raises:
        NotXml, DocumentTooLarge: see `embedded_files`.
    """
    shows = beside is not None and not beside.stylesheet.official
    files = []
    for one in embedded_files(octets, limit):
        if not (shows and one.shown):
            stem = f"{_stem(found)} {_ATTACHMENT.fill(language(), number=one.number)}"
            name = safe_name(stem, _SUFFIXES.get(one.media_type, ".bin"))
            files.append(Delivered(one.octets, one.media_type, name))
    return named_apart(files)


def named_apart(files: Sequence[Delivered]) -> list[Delivered]:
    """Return files of which no two have the same name to any file system."""
    names = distinct(one.name for one in files)
    return [replace(one, name=name) for one, name in zip(files, names, strict=True)]


def zip_of(files: Sequence[Delivered], name: str) -> Delivered:
    """Return files as one zip file: names without folders, no links, private to whoever unpacks it.

    Args:
        files: their names are safe and distinct.
        name: of the zip file, without its suffix.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            entry = zipfile.ZipInfo(one.name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100600 << 16
            archive.writestr(entry, one.content)
    return Delivered(packed.getvalue(), "application/zip", safe_name(name, ".zip"))


def _stem(found: Found) -> str:
    """Kind, date, beginning of the id: enough for people, and nothing of a patient."""
    when = found.effective_at or found.taken_in_at
    label = KINDS[found.kind].label.fill(language())
    return f"{label} {when.astimezone(WARSAW):%Y-%m-%d} {found.public_id[:8]}"
