"""What is odd about a header: warned, never refused (official examples carry wrong check digits too)."""

from dataclasses import replace

from erepo.cda.model import CdaHeader, HeaderWarning


def warnings_of(header: CdaHeader, *, templates: int, authors: int) -> CdaHeader:
    """Return the header with its warnings filled in.

    Args:
        header: as read.
        templates: how many versioned PIK document templates the document names; one is right.
        authors: how many authors it has; none is odd.
    """
    found: list[HeaderWarning] = []
    if templates != 1:
        found.append(
            HeaderWarning("template.missing" if templates == 0 else "template.several", "templateId")
        )
    if authors == 0:
        found.append(HeaderWarning("author.missing", "author"))
    return replace(header, warnings=tuple(found)) if found else header
