"""Archiving: nothing is lost, nothing is stored twice.

A document is sent in a submission whose uniqueId is in the database before anything leaves, and the registry
is asked by that id before anything is sent again. Commit points, in order:

    P  plan     documents local → queued, submissions with their uniqueIds, batch    one transaction a batch
    C  claim    the batch gets an owner and an expiry (fencing token)
    M  mark     documents queued → sending, attempts counted                         a window of submissions
    S  send     ITI-41; the answer's signature, RelatesTo and status are checked
    A  archive  documents sending → archived                                         groups of answers
    D  done     nothing of the batch is open, the lease is given back

What a kill -9, a power cut or a lost connection leaves behind, and who repairs it:

    interrupted              database says  repository has  next run
    -----------------------  -------------  --------------  -----------------------------------------------
    before P                 local          nothing         plans
    P … M                    queued         nothing         sends, same ids
    M … S                    sending        nothing         asks, hears nothing, sends with the same ids
    in S, request cut        sending        nothing         the same; half a request has no valid signature
    in S, answer lost        sending        all or nothing  asks: found, hash and size equal → archived;
                                                            not found → sends with the same ids
    S … A                    sending        all             asks: found → archived
    A … D                    archived       all             closes the batch
    client killed, request   sending, then  later           asks too early, sends with the same uniqueId, is
    still on its way         queued                         told XDSDuplicateUniqueIdInRegistry, asks again
    splitting a refused      sending        nothing         asks, sends, is refused again, splits again
    submission
    a kind switched off      queued         nothing         takes its documents out of the plan again, unless
    while documents wait                                    another archiver holds their batch
    two archivers            any            any             the claim lets one in; if its lease ended while
                                                            it was only slow, its late commits are fenced off

Why a success needs no second question: each entry names the hash and the size of its document, and a
repository must refuse what differs (ITI TF-2 3.41.4.1.3). A verified, signed Success to our own MessageID
therefore confirms both. Whatever is less than that is settled by asking the registry.

Entry ids are derived from document id and content, so even a clinic whose database was restored from an old
backup cannot register the same document twice: the registry refuses the entry id it knows, we ask, find it
equal, and write `archived`.

Not protected: content that changes on the clinic's disk between intake and sending is refused by the service
(the hash is that of intake) and ends `rejected`; it cannot be repaired from here.
"""

from erepo.clinic.archiving.choosing import EVERYTHING, Choice, read_day
from erepo.clinic.archiving.permission import check_permitted
from erepo.clinic.archiving.planning import plan
from erepo.clinic.archiving.reconciling import reconcile
from erepo.clinic.archiving.results import (
    BatchResult,
    Plan,
    Problem,
    Reconciliation,
    Rejection,
    Summary,
    summary,
)
from erepo.clinic.archiving.sending import send_batch

__all__ = [
    "EVERYTHING",
    "BatchResult",
    "Choice",
    "Plan",
    "Problem",
    "Reconciliation",
    "Rejection",
    "Summary",
    "check_permitted",
    "plan",
    "read_day",
    "reconcile",
    "send_batch",
    "summary",
]
