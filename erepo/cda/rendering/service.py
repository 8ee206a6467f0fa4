"""One document as a page."""

from pathlib import Path

from erepo.cda.errors import HeaderIncomplete, NotCda
from erepo.cda.header import read_header
from erepo.cda.model import CdaHeader
from erepo.cda.rendering.errors import NothingToRender, RenderingFailed, RenderingTooLarge, StylesheetUnusable
from erepo.cda.rendering.page import Page, assemble, css_of, title_of
from erepo.cda.rendering.sandbox import clean, transform
from erepo.cda.rendering.stylesheets import Stylesheet, fitting
from erepo.settings import RenderingLimits


def render(octets: bytes, folder: Path, limits: RenderingLimits) -> Page:
    """Return a CDA document as a page.

    An official stylesheet that cannot be used, or fails with this document, is passed over: a document that
    is here is shown.

    Args:
        octets: the document as received; may be hostile.
        folder: official stylesheets; may be missing.
        limits: of the locked process.

    Raises:
        NothingToRender: no CDA document.
        NotXml, DoctypeForbidden: no document that any stylesheet should see.
        RenderingImpossible: no stylesheet that fits can show it; its leaves say why.
    """
    if len(octets) > limits.document:
        raise RenderingTooLarge(what="document", limit=limits.document)
    passed_over = list[str]()
    *officials, ours = fitting(_header(octets), folder)
    for one in officials:
        try:
            return _apply(one, octets, limits, passed_over)
        except (StylesheetUnusable, RenderingFailed):
            passed_over.append(one.name)
    return _apply(ours, octets, limits, passed_over)


def best_stylesheet(octets: bytes, folder: Path) -> Stylesheet:
    """Return the stylesheet that fits a CDA document best, also where no page of it can be made.

    Raises:
        NothingToRender, NotXml, DoctypeForbidden: see `render`.
    """
    return next(fitting(_header(octets), folder))


def _header(octets: bytes) -> CdaHeader | None:
    try:
        return read_header(octets, limit=len(octets))
    except NotCda:
        raise NothingToRender from None
    except HeaderIncomplete:
        return None


def _apply(one: Stylesheet, octets: bytes, limits: RenderingLimits, passed_over: list[str]) -> Page:
    made = transform(one.name, one.octets, octets, limits)
    shown = clean(made.markup, limits)
    page, policy = assemble(title_of(made.markup), shown.markup, css_of(one.octets))
    return Page(page, policy, one, tuple(passed_over))
