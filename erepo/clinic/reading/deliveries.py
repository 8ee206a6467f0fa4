"""What is handed out of a document: octets, a media type, a safe name, and the headers that go with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from erepo.cda.rendering.page import COMMON_HEADERS

_ALONE: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", **COMMON_HEADERS}


@dataclass(frozen=True)
class Delivered:
    """One file. A server answers with `content`, `media_type` and `headers`, and adds nothing.

    Attributes:
        content: exactly these octets.
        media_type: by what they are.
        name: safe on every system; tells kind and date, no patient (unless the file's own name did).
        inline: whether a browser may show it; everything else is saved.
        policy: headers of a page, beside those that every answer has.
    """

    content: bytes = field(repr=False)
    media_type: str
    name: str = field(repr=False)
    inline: bool = False
    policy: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of an answer that carries it (RFC 6266, RFC 8187)."""
        how = "inline" if self.inline else "attachment"
        plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in self.name)
        disposition = f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name, safe='')}"
        return {**_ALONE, **self.policy, "Content-Disposition": disposition}


@dataclass(frozen=True)
class Opened:
    """A document to be looked at.

    Attributes:
        page: HTML, or the picture or PDF that the document itself is.
        attachments: files inside the document that the page cannot show.
        stylesheet: name of the stylesheet that made the page; empty if none did.
        official: whether it is one of the clinic's folder.
        passed_over: official stylesheets that fit, but failed.
    """

    page: Delivered
    attachments: tuple[Delivered, ...] = ()
    stylesheet: str = ""
    official: bool = False
    passed_over: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Delivered, ...]:
        """The page and the attachments."""
        return (self.page, *self.attachments)


@dataclass(frozen=True)
class Saved:
    """A document as files (manual 1.2: at least the XML and the XSL).

    Attributes:
        document: the exact octets.
        beside: the stylesheet under the name that the document asks for, and a page to read without it.
    """

    document: Delivered
    beside: tuple[Delivered, ...] = ()

    @property
    def files(self) -> tuple[Delivered, ...]:
        """All of them, the document first."""
        return (self.document, *self.beside)
