"""Rotation of an account's keys and certificates (manual 1.1.3) in steps, each safe to repeat.

    start                  is it time? new keys and requests      ledger: requested
    mail_requests          requests to the office                 ledger: mailed
    collect_certificates   the office's answer, if it is there    ledger: received
      (or collect_files, receive_pasted)
    register               the service accepts old and new        ledger: registered
    cut_over               the new are proven, then used alone    ledger: cut over
    published              the blocks of flows name the new ones
    retire                 the service refuses the old ones       ledger: retired
    rollback               back to the old ones, or given up      ledger: rolled back, abandoned

Every step reads the ledger (table `rotation`, one open row per account) first and does nothing that is done
or not yet due; a step that cannot go on ends, and the next run, a day or a minute later, goes on from there.
**At every instant the keys in the row of `onboarding` are accepted by the service**: that row is what all
work is done with. Commit points, and what a crash between them leaves:

* new keys are committed, encrypted, with their requests before any request leaves the clinic; a crash earlier
  leaves nothing. The old keys go on working through everything up to the cut-over;
* the Message-ID is committed before the mail is sent; a crash between sending and `mailed` sends the same
  message again, and the office answers the same keys with the same certificates;
* certificates are committed after the complete check; the letter is marked as handled only after that;
* the service registers before it answers and answers the same request alike: a lost answer is asked for
  again. It accepts old and new from then on, so nothing that is under way notices;
* `cut over` is one transaction: the generations of the two rows are exchanged. Before it, a request with the
  new pair has been answered; after it, the service still accepts the old pair, so a job that opened its
  connection before, or flows whose block names the old generation still, go on working;
* `published` is committed after the block of the account names the new generation. Without it nothing is
  retired, so flows never hold refused keys;
* `retiring` is committed before the service is told to refuse the old ones, and forbids the way back from
  then on: a rollback can never end with keys that the service refuses. A lost answer is asked for again;
  `retired` and the end of the old keys are one transaction;
* a rollback proves the old pair by a request, then exchanges the rows again in one transaction.

Two processes at once: each move is bound to the stage it was decided in; the slower one is told and comes
again. What is not covered: the certificates of a rotation that was rolled back or abandoned stay registered
until the next one retires them; their keys are wiped.
"""

from erepo.clinic.rotation.deciding import Decision, Demand, Reason, Validity, decide
from erepo.clinic.rotation.ending import published, retire, rollback
from erepo.clinic.rotation.holding import account_in_use, active
from erepo.clinic.rotation.ledger import Rotation, out_of_use, under_way
from erepo.clinic.rotation.receiving import collect_certificates, collect_files, receive_pasted
from erepo.clinic.rotation.requesting import mail_requests, start
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.rotation.status import Status, read_status
from erepo.clinic.rotation.switching import cut_over, register

__all__ = [
    "Decision",
    "Demand",
    "Reason",
    "Rotation",
    "Stage",
    "Status",
    "Validity",
    "account_in_use",
    "active",
    "collect_certificates",
    "collect_files",
    "cut_over",
    "decide",
    "mail_requests",
    "out_of_use",
    "published",
    "read_status",
    "receive_pasted",
    "register",
    "retire",
    "rollback",
    "start",
    "under_way",
]
