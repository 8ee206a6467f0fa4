"""Errors of chains of versions.

PermanentError
└── InvalidInput
    └── ChainDocumentUnknown    no document has this id
"""

from erepo.errors import InvalidInput
from erepo.texts import Text


class ChainDocumentUnknown(InvalidInput):
    """No document has this opaque id."""

    code = "chain.document-unknown"
    cause = Text("There is no document {document}.", "Nie ma dokumentu {document}.")
    cure = Text(
        "Take the id from `erepo documents list`, from a report, or from the result of a run.",
        "Weź identyfikator z `erepo documents list`, z raportu albo z wyniku uruchomienia.",
    )
