# ruff: noqa: E501 (fragments of markup read better whole)
"""Small CDA documents with a body, small stylesheets, and a look at what a page could do."""

import base64
import io
import re
from html.parser import HTMLParser

from PIL import Image

from erepo.cda.rendering.sanitising import sanitise
from erepo.cda.rendering.stylesheets import own
from erepo.cda.rendering.transforming import transform
from erepo.settings import RenderingLimits
from tests.support import cda_documents as cda

#: Enough for every honest document, and hostile ones end soon.
LIMITS = RenderingLimits(seconds=2, start=20, memory=512 * 1024**2, document=4 * 1024**2, page=8 * 1024**2)


def picture(form: str = "PNG") -> bytes:
    """Return a real picture of one red square."""
    octets = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(octets, form)
    return octets.getvalue()


def base64_of(octets: bytes) -> str:
    """Return base64 as text."""
    return base64.b64encode(octets).decode()


def section(text: str, title: str = "Wynik", more: str = "") -> str:
    """Return one section with a narrative."""
    return f"<component><section><title>{title}</title><text>{text}</text>{more}</section></component>"


def body(*sections: str) -> str:
    """Return the body of a document."""
    return f"<component><structuredBody>{''.join(sections)}</structuredBody></component>"


def told(text: str, **parts: str) -> bytes:
    """Return a document whose only section tells this narrative."""
    return cda.document(rest=body(section(text)), **parts)


def media(content: str, media_type: str, name: str = "DOCUMENT_CONTENT") -> str:
    """Return an entry with a file inside (PIK entry .4.49)."""
    return (
        f'<entry><observationMedia ID="{name}" classCode="OBS" moodCode="EVN">'
        f'<value representation="B64" mediaType="{media_type}">{content}</value></observationMedia></entry>'
    )


def quick(document: bytes, stylesheet: bytes | None = None) -> bytes:
    """Return what is shown of a document, made in this process: for many documents that are ours."""
    made = transform(stylesheet or own().octets, document)
    return b"<body>" + sanitise(made.decode()).encode()


def sheet(inside: str = "", more: str = "", head: str = "", attributes: str = "") -> bytes:
    """Return a stylesheet whose page has something inside, and more templates."""
    return (
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
        f' xmlns:h="urn:hl7-org:v3" {attributes}>{head}<xsl:template match="/"><html><body>{inside}</body></html>'
        f"</xsl:template>{more}</xsl:stylesheet>"
    ).encode()


class _Looker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _RUNS:
            self.found.append(tag)
        for name, value in attrs:
            text = (value or "").strip()
            if name.startswith("on") or name in {"style", "srcset", "action", "formaction", "background"}:
                self.found.append(f"{tag} {name}")
            elif name in {"href", "src", "data", "xlink:href"} and not re.match(
                r"#|data:image/(png|jpeg|gif);base64,", text
            ):
                self.found.append(f"{tag} {name}={text[:40]}")


_RUNS = {
    "script", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "svg", "math", "base",
    "link", "audio", "video", "template", "noscript", "select", "textarea", "portal",
}  # fmt: skip


def dangers(page: bytes) -> list[str]:
    """Return what a page could run, load, or lead to, apart from the head that we write ourselves."""
    looker = _Looker()
    looker.feed(page.decode().partition("<body>")[2])
    return looker.found
