"""Migration: documents come back from the repository, and leave it (manual 1.5). Nothing is lost.

Chosen documents come in batches, each with a ledger of its documents (`migration_item`). Commit points:

    P  plan      batches and their documents; no document changes                 one transaction
    C  claim     the batch gets an owner and an expiry (fencing token)
    B  begin     documents archived|remote → migrating                            a group
       secure    ITI-43, durable in the content store, read back from the file: SHA-256 and size equal
    L  local     the ledger says `durable`: only now may anything be removed      a group
       remove    the closed set (ITI-62), then the octets (ITI-86), confirmed by asking
    D  done      documents migrating → blocked                                    a group
    E  end       nothing of the batch is open, the lease is given back

What is here already, because it was never purged or an earlier run had fetched it, is read from its file and
compared instead of fetched: what the next step needs is a proven copy here, and a copy that a damaged
remote one could replace is none.

What a kill -9, a power cut or a lost connection leaves behind, and who repairs it:

    interrupted          document   ledger    here     there      next run, before anything else
    -------------------  ---------  --------  -------  ---------  ----------------------------------------
    before B             archived…  planned   as was   all        leaves it; whoever orders again gets it
    B … L                migrating  fetching  nothing  all        fetches (again)
                                              or all
    L … removal          migrating  durable   all      all        reads its copy again, removes
    in removal           migrating  durable   all      all or     asks, removes what is left
                                                       part
    removal … D          migrating  durable   all      nothing    asks, removes nothing, D
    D … E                blocked    done      all      nothing    closes the batch

A copy that is not here any more when the next run reads it again puts its document back to `fetching`. Where
the repository does not have it either, the document goes back to the state it came from, as an alarm: that is
the one case which a person must look at, and nothing of ours leads there.

An order through the REST interface is standing: `erepo api serve` works its batches off, however often it
ends, and what it has not begun is not closed by the reconciling of other runs, which only repair.

Two migrations: the claim lets one in, each document is begun once; one whose lease ended while it was only
slow is fenced off at its next commit. Archiving takes only `local` documents and migration only `archived`
and `remote` ones, so they do not meet; a purge keeps away from what is `migrating`.
"""

from erepo.clinic.migrating.bringing import migrate, migrate_batch, reconcile
from erepo.clinic.migrating.choosing import Chosen, Preview, Selection, choose, patient_number
from erepo.clinic.migrating.planning import check_permitted, look, plan, request_stop
from erepo.clinic.migrating.results import BatchResult, Message, Plan, Summary, summary
from erepo.clinic.migrating.standing import Standing, note_problem, standing, waiting
from erepo.clinic.migrating.unblocking import blocked, unblock

__all__ = [
    "BatchResult",
    "Chosen",
    "Message",
    "Plan",
    "Preview",
    "Selection",
    "Standing",
    "Summary",
    "blocked",
    "check_permitted",
    "choose",
    "look",
    "migrate",
    "migrate_batch",
    "note_problem",
    "patient_number",
    "plan",
    "reconcile",
    "request_stop",
    "standing",
    "summary",
    "unblock",
    "waiting",
]
