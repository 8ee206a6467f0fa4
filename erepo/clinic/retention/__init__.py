"""How long documents are kept, and what becomes of them afterwards.

Nothing is destroyed by itself: a report says what falls due, one person proposes, another confirms. What is
under a legal hold stays, whatever its year.
"""

from erepo.clinic.retention.classes import CLASSES, ClassInfo, RetentionClass, last_year
from erepo.clinic.retention.classing import give_class, parse_class
from erepo.clinic.retention.executing import Destruction, execute, needs_repository
from erepo.clinic.retention.holding import HoldReason, hold, parse_reason, release_hold
from erepo.clinic.retention.proposing import Proposal, confirm_list, propose, read_proposals, withdraw
from erepo.clinic.retention.protocol import read_protocol, write_protocol
from erepo.clinic.retention.reckoning import reckon, reckon_new
from erepo.clinic.retention.replaying import Replay, adopt, begin_replay
from erepo.clinic.retention.report import RetentionReport, read_report, this_year
from erepo.clinic.retention.years import fewest_years, set_years

__all__ = [
    "CLASSES",
    "ClassInfo",
    "Destruction",
    "HoldReason",
    "Proposal",
    "Replay",
    "RetentionClass",
    "RetentionReport",
    "adopt",
    "begin_replay",
    "confirm_list",
    "execute",
    "fewest_years",
    "give_class",
    "hold",
    "last_year",
    "needs_repository",
    "parse_class",
    "parse_reason",
    "propose",
    "read_proposals",
    "read_protocol",
    "read_report",
    "reckon",
    "reckon_new",
    "release_hold",
    "set_years",
    "this_year",
    "withdraw",
    "write_protocol",
]
