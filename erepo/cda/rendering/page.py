"""A page that may be opened anywhere: sanitised markup under a policy that lets nothing run or load.

The policy stands in the page itself (for files), and in the headers that a server sends with it. `sandbox`
and `frame-ancestors` count in headers alone; browsers ignore them in a page.
"""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from erepo.cda.rendering.sanitising import TURNING
from erepo.cda.rendering.stylesheets import Stylesheet

MEDIA_TYPE: Final = "text/html; charset=utf-8"
_XSL: Final = "http://www.w3.org/1999/XSL/Transform"
#: What a style sheet could reach out with, or end its element with.
_REACHES_OUT: Final = re.compile(
    r"@import|url\s*\(|image-set|expression|javascript|behavior|\\|<", re.IGNORECASE
)
_POLICY: Final = "default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; form-action 'none'"
_SERVED: Final = "; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True)
class Page:
    """A document as a page.

    Attributes:
        octets: HTML, UTF-8, whole: its styles and pictures are inside.
        policy: Content-Security-Policy that stands in it.
        stylesheet: which made it.
        passed_over: names of official stylesheets that fit but failed with this document.
    """

    octets: bytes
    policy: str
    stylesheet: Stylesheet
    passed_over: tuple[str, ...] = ()

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that a server sends with it."""
        return {**COMMON_HEADERS, "Content-Security-Policy": self.policy + _SERVED}


#: Headers for whatever of a document is sent to a browser.
COMMON_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def assemble(title: str, fragment: bytes, css: str) -> tuple[bytes, str]:
    """Return (page, its policy).

    Args:
        title: any text.
        fragment: sanitised markup, UTF-8.
        css: styles of the stylesheet itself (`css_of`).
    """
    policy = _POLICY.format(style=_source(css) if css else "'none'")
    head = (
        '<!DOCTYPE html>\n<html lang="pl">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
    )
    style = f"<style>{css}</style>\n" if css else ""
    start = f"{head}{style}</head>\n<body>\n".encode(errors="replace")
    return b"".join((start, fragment, b"\n</body>\n</html>\n")), policy


def css_of(stylesheet: bytes) -> str:
    """Return the styles that stand in a stylesheet as fixed text; what reaches out of the page is left out.

    Only what the stylesheet's author wrote counts: a `style` element that a document could have a say in
    (with XSLT instructions inside) is left out as well.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(stylesheet, parser)
    except etree.XMLSyntaxError:
        return ""
    found = []
    for style in root.iter("style", "{http://www.w3.org/1999/xhtml}style"):
        # Text instructions are fixed text too; a comment hid styles from the browsers of 1996.
        if any(one.tag not in {f"{{{_XSL}}}text", f"{{{_XSL}}}comment"} or len(one) for one in style):
            continue
        text = "".join(str(part) for part in style.itertext()).replace("<!--", "").replace("-->", "")
        if not _REACHES_OUT.search(text):
            found.append(text.strip())
    # As a browser reads it, and hashes it.
    return "\n".join(found).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _source(css: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}'"


def title_of(markup: bytes) -> str:
    """Return the title that a stylesheet gave a page; any text."""
    text = markup[:200_000].decode("utf-8", "replace")
    found = re.search(r"<title[^>]{0,100}>([^<]{0,500})</title>", text, re.IGNORECASE)
    return html.unescape(found[1]).translate(TURNING).strip() if found else "Dokument medyczny"
