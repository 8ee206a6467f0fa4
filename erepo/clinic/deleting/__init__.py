"""Deleting documents in the repository (manual 1.5, "Usuń dokument"): five kinds only, never under a hold.

Commit points, in order:

    I  intent   a person's order, checked: permission, kind, hold, state      all of an order or none
       begin    marked: not held, in all its versions; a later hold is refused
       remove   the closed set (ITI-62), then the octets (ITI-86), confirmed by asking
    D  deleted  documents archived|remote → deleted
    F  file     the content here is removed, and that is written down

    interrupted     database says            here      there        next call
    --------------  -----------------------  --------  -----------  ------------------------------------
    before I        archived or remote       as was    all          nothing to do
    I … removal     the same, `intended`     as was    all          removes
    in removal      the same                 as was    all or part  asks, removes what is left
    removal … D     the same                 as was    nothing      asks, D
    D … F           deleted, `removed`       content   nothing      removes the content
    after F         deleted, `done`          nothing   nothing      nothing to do

While a deletion is open, migration leaves its document alone; a document that is on its way back cannot be
deleted. The number of its row, its history and its hash stay for ever.
"""

from erepo.clinic.deleting.deleting import Deleted, delete_documents, finish_deletions
from erepo.clinic.deleting.errors import KindNotDeletable, NotInRepository, UnderHold
from erepo.clinic.deleting.ledger import check_deletable

__all__ = [
    "Deleted",
    "KindNotDeletable",
    "NotInRepository",
    "UnderHold",
    "check_deletable",
    "delete_documents",
    "finish_deletions",
]
