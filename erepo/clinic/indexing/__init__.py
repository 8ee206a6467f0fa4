"""Indexing in P1, the clinic's side (manual 1.3, "Indeksuj dokument"): what the law wants, in time, once.

The service keeps the P1 certificates and speaks with P1; it asks what P1 has before it sends anything. The
clinic decides which documents, until when (`duties`), writes down how far each is (`states`, `ledger`), asks
the service (`working`), and says what is late and why (`report`). Nothing is remembered that the documents do
not show themselves (`enrolling`), so no crash makes it forget an index that has to be made, or withdrawn.
"""

from erepo.clinic.indexing.acting import account_in_use, acting_as, default_login
from erepo.clinic.indexing.alarms import Alarm, mark_told, untold
from erepo.clinic.indexing.asking import ask, ask_refused, order_withdrawal
from erepo.clinic.indexing.duties import DUTIES, LAWFUL, Duty
from erepo.clinic.indexing.enrolling import Enrolled, enrol
from erepo.clinic.indexing.medical import set_event
from erepo.clinic.indexing.report import Report, Shown, report, show
from erepo.clinic.indexing.results import Reason, Refused, RunResult
from erepo.clinic.indexing.states import MOVES, Index
from erepo.clinic.indexing.working import Choice, look, run

__all__ = [
    "DUTIES",
    "LAWFUL",
    "MOVES",
    "Alarm",
    "Choice",
    "Duty",
    "Enrolled",
    "Index",
    "Reason",
    "Refused",
    "Report",
    "RunResult",
    "Shown",
    "account_in_use",
    "acting_as",
    "ask",
    "ask_refused",
    "default_login",
    "enrol",
    "look",
    "mark_told",
    "order_withdrawal",
    "report",
    "run",
    "set_event",
    "show",
    "untold",
]
