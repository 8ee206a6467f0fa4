"""Errors of rendering.

ErepoError
├── ConfigurationError
│   └── StylesheetUnusable    a stylesheet is no stylesheet, or not whole
└── InvalidInput
    └── RenderingImpossible       this document cannot be shown as a page
        ├── NothingToRender       it is no HL7 CDA document
        ├── RenderingFailed       the stylesheet fails with it
        ├── RenderingTooSlow      it takes longer than allowed
        └── RenderingTooLarge     it needs more memory, or makes a larger page, than allowed

None of them quotes a document, or what the stylesheet says about it.
"""

from erepo.errors import ConfigurationError, InvalidInput
from erepo.texts import Text

_SAVE = Text(
    "Save the document (`erepo documents save`) and open the file with another program.",
    "Zapisz dokument (`erepo documents save`) i otwórz plik innym programem.",
)


class StylesheetUnusable(ConfigurationError):
    """The stylesheet `name` cannot be used; documents are shown with the next one that fits."""

    code = "rendering.stylesheet"
    cause = Text(
        "The stylesheet {name} cannot be used: it is no XSLT 1.0 stylesheet, or includes other files.",
        "Nie można użyć arkusza {name}: nie jest to arkusz XSLT 1.0 albo dołącza inne pliki.",
    )
    cure = Text(
        "Take the official file for this version of PIK, unchanged, or remove it from the folder of"
        " stylesheets: ours is used then.",
        "Umieść w katalogu arkuszy oryginalny, niezmieniony plik dla tej wersji PIK albo go stamtąd usuń:"
        " użyty zostanie arkusz wbudowany.",
    )


class RenderingImpossible(InvalidInput):
    """The document cannot be shown as a page; it is whole all the same."""

    code = "rendering.impossible"
    cause = Text("The document cannot be shown.", "Nie można wyświetlić dokumentu.")
    cure = _SAVE


class NothingToRender(RenderingImpossible):
    """The document is no HL7 CDA document: nothing says how to show it."""

    code = "rendering.not-cda"
    cause = Text(
        "The file is XML, but no HL7 CDA document: there is no way to show it.",
        "Plik jest dokumentem XML, ale nie HL7 CDA: nie ma sposobu jego wyświetlenia.",
    )


class RenderingFailed(RenderingImpossible):
    """The stylesheet fails with this document; `problem` is a fixed word."""

    code = "rendering.failed"
    cause = Text(
        "The stylesheet fails with this document ({problem}).",
        "Przekształcenie dokumentu arkuszem nie powiodło się ({problem}).",
    )


class RenderingTooSlow(RenderingImpossible):
    """Showing the document takes longer than `seconds`."""

    code = "rendering.too-slow"
    cause = Text(
        "Showing the document takes longer than {seconds} s.",
        "Przygotowanie widoku dokumentu trwa dłużej niż {seconds} s.",
    )
    cure = Text(
        f"{_SAVE.en} Raise EREPO_RENDERING__SECONDS if you trust where it comes from.",
        f"{_SAVE.pl} Jeśli ufasz źródłu dokumentu, zwiększ EREPO_RENDERING__SECONDS.",
    )


class RenderingTooLarge(RenderingImpossible):
    """The document or its page is above a limit; `what` is `document`, `memory` or `page`."""

    code = "rendering.too-large"
    cause = Text(
        "The document is too large to be shown ({what}, at most {limit} bytes).",
        "Dokument jest zbyt duży, aby go wyświetlić ({what}, najwyżej {limit} B).",
    )
    cure = _SAVE
