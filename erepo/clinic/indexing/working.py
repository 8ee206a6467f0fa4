"""One run of indexing: withdrawals first, then what is due, the oldest deadline first.

    interrupted              row says     P1 has     the next run
    -----------------------  -----------  ---------  -------------------------------------------------------
    before C                 waiting      nothing    takes it
    C … request              indexing     nothing    asks the service, which asks P1, finds nothing, sends
    in the request           indexing     all or no  the same; what P1 has is found, and kept as recovered
    request … K              indexing     all        the same
    withdrawing, anywhere    withdrawing  all or no  withdraws again; what is gone stays gone
    document removed while   indexed      all        sees the document gone, owes the withdrawal
    its index was made

The first document goes alone: where P1 or the service is down, nothing else is sent, and the account leaves
them alone for a while (`pausing`). After it some documents are on their way at once; a few failures in a row
end the run.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from erepo.cda.kinds import Kind
from erepo.clinic.archiving.permission import check_permitted
from erepo.clinic.archiving.results import Problem
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.indexing import ledger
from erepo.clinic.indexing.enrolling import enrol
from erepo.clinic.indexing.errors import IndexTaken
from erepo.clinic.indexing.ledger import Claimed, Older
from erepo.clinic.indexing.pausing import end_pause, next_attempt, note_outage, pause_of
from erepo.clinic.indexing.preflight import ARCHIVED, check_account, missing_of
from erepo.clinic.indexing.results import MOST_NAMED, Reason, Refused, RunResult, of_service
from erepo.clinic.indexing.states import Index
from erepo.clinic.indexing.verdicts import REPLACES, Verdict, certain, missing, verdict
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.rest.client import AccountClient
from erepo.clinic.rest.errors import IndexRefusal
from erepo.clinic.rest.indexing import IndexState
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.settings import Settings

#: Failures in a row that end a run.
PATIENCE: Final = 3
#: Documents between two looks whether a maintenance window has begun.
_LOOK: Final = 20

Progress = Callable[[int], None]
"""Called, from a thread, with the number of documents that have just come to an end."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the documents that are due a run takes; what is left open takes everything.

    Attributes:
        kinds: only these.
        ids: opaque ids; these are tried at once, whatever was agreed for them and for P1.
        limit: most documents.
        owed: only indexes that have to be withdrawn.
    """

    kinds: tuple[Kind, ...] = ()
    ids: tuple[str, ...] = ()
    limit: int | None = None
    owed: bool = False


def run(  # noqa: PLR0913 - one argument per thing a run needs
    client: AccountClient,
    database: Database,
    settings: Settings,
    account: str,
    choice: Choice | None = None,
    *,
    actor: str = "erepo",
    clock: Callable[[], datetime] = now,
    progress: Progress | None = None,
) -> RunResult:
    """Withdraw and index what is due. May be called at any moment, after any crash, by several at once.

    Args:
        client: speaks for the account, and for the acting person.
        database: the clinic's.
        settings: of the installation.
        account: 16 digits.
        choice: among what is due; None: everything.
        actor: for the audit.
        clock: aware.
        progress: told what came to an end.

    Raises:
        MaintenanceNow: nothing was sent.
        LicenceExpired…: likewise, and nothing has to be withdrawn, which needs no licence.
    """
    unlicensed = _unlicensed(database, settings)
    wanted, at = choice or Choice(), clock()
    result = RunResult()
    try:
        ids = look(database, settings, account, wanted, at)
    except ErepoError as error:
        result.problem = Problem.of(unlicensed or error)
        return result
    left = 0
    if unlicensed is not None:
        owed = look(database, settings, account, replace(wanted, owed=True), at)
        if not owed:
            raise unlicensed
        ids, left = owed, len(ids) - len(owed)
    with database.read() as connection:
        pause = pause_of(connection, account)
    result.due = len(ids)
    if pause is not None and ids and at < pause.resume_at and not wanted.ids:
        result.paused, result.problem = True, Problem.of(pause.error())
        return result
    work = _Work(client, database, settings, account, actor, clock, progress, result)
    work.paused, work.licensed = pause is not None, unlicensed is None
    work.all(ids)
    if unlicensed is not None and left and result.problem is None:
        result.problem = Problem.of(unlicensed)
    return result


def _unlicensed(database: Database, settings: Settings) -> ErepoError | None:
    """Return what is wrong with the licence; what must not stay in P1 is withdrawn without one.

    Raises:
        MaintenanceNow: nothing at all is sent now.
    """
    try:
        check_permitted(database, settings)
    except MaintenanceNow:
        raise
    except ErepoError as error:
        return error
    return None


def look(database: Database, settings: Settings, account: str, choice: Choice, at: datetime) -> list[int]:
    """Return what a run would take now, by internal ids; the list of indexes is brought up to date.

    Args:
        database: the clinic's.
        settings: of the installation.
        account: 16 digits.
        choice: among what is due.
        at: now.

    Raises:
        P1NotRegistered, CertificatesOver, RegonWrong, StructureIncomplete: nothing of the account can be.
    """
    with database.read() as connection:
        check_account(connection, account, at)
    enrol(database, ContentStore.at(settings), at)
    kinds = [kind.value for kind in choice.kinds]
    with database.read() as connection:
        return ledger.due(connection, at, kinds=kinds, ids=choice.ids, limit=choice.limit, owed=choice.owed)


@dataclass
class _Work:
    client: AccountClient
    database: Database
    settings: Settings
    account: str
    actor: str
    clock: Callable[[], datetime]
    progress: Progress | None
    result: RunResult
    paused: bool = False
    licensed: bool = True
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _failures: int = 0
    _begun: int = 0
    _heard: bool = False

    def all(self, ids: Sequence[int]) -> None:
        """Bring documents further until all are, or the run has to end."""
        waiting = iter(ids)
        for probe in waiting:
            # Whatever comes to an end without P1 having been asked proves nothing about P1.
            if self._one(probe) or self._stopped:
                break
        lanes = 0 if self._stopped else self.settings.indexing.at_once
        with ThreadPoolExecutor(max(lanes, 1), "indexing") as pool:
            for done in [pool.submit(self._lane, waiting) for _ in range(lanes)]:
                done.result()

    @property
    def _stopped(self) -> bool:
        return self.result.problem is not None

    def _lane(self, waiting: Iterator[int]) -> None:
        while not self._stopped:
            with self._turn:
                document_id = next(waiting, None)
            if document_id is None:
                return
            self._one(document_id)

    def _one(self, document_id: int) -> bool:
        """Bring one document further; tell whether P1 was heard."""
        mine: Claimed | None = None
        try:
            self._look()
            mine = ledger.claim(self.database, document_id, self.actor, self.clock())
            if mine is None:
                return False
            heard = self._withdraw(mine) if mine.entry.withdrawing else self._index(mine)
        except IndexTaken:
            self._count("taken")
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, one document must not keep the others
            self._unforeseen(mine, error)
            return False
        finally:
            if self.progress is not None:
                self.progress(1)
        if heard:
            self._answered()
        return heard

    def _unforeseen(self, mine: Claimed | None, error: Exception) -> None:
        """Put a document off that a broken row or a disk keeps; before it was taken, the run itself ends."""
        with self._turn:
            self._failures += 1
            over = mine is None or self._failures >= PATIENCE
        try:
            if mine is not None:
                self._postpone(mine, Reason.of(error), certain=False, alone=True)
        except Exception:  # noqa: BLE001 - the database itself: the lease ends by itself
            over = True
        if over:
            self._stop(Problem.of(error))

    def _look(self) -> None:
        with self._turn:
            self._begun += 1
            look = self._begun % _LOOK == 0
        if look and (error := _unlicensed(self.database, self.settings)) and self.licensed:
            raise error

    def _withdraw(self, mine: Claimed) -> bool:
        try:
            self.client.withdraw_index(mine.entry.unique_id)
        except ErepoError as error:
            if not _unknown_there(error):
                return self._failed(mine, error)
        ledger.went(self.database, mine, self.clock())
        self._count("withdrawn")
        return True

    def _index(self, mine: Claimed) -> bool:
        with self.database.read() as connection:
            # What P1 may have been asked for goes to its end, whatever has changed here since.
            lacking = None if mine.entry.begun else missing_of(connection, mine.entry, self.clock())
            older = ledger.older(connection, mine.entry.id)
        if lacking is not None:
            if ARCHIVED in lacking.missing:
                # It went this moment, or is on its way again: the next look at the documents decides.
                self._postpone(mine, lacking, certain=True)
            else:
                self._refuse(mine, lacking)
            return False
        if older is not None and older.state is Index.INDEXING:
            self._postpone(mine, Reason.of(IndexTaken()), certain=not mine.entry.begun)
            return False
        try:
            found = self._ask(mine, older)
        except ErepoError as error:
            return self._failed(mine, error)
        ledger.keep(self.database, mine, found, older, self.clock())
        with self._turn:
            self.result.indexed += 1
            self.result.recovered += found.recovered
        return True

    def _ask(self, mine: Claimed, older: Older | None) -> IndexState:
        entry = mine.entry
        replaces = older.unique_id if older is not None else ""
        year = entry.year or self.clock().year
        try:
            return self.client.index_document(
                entry.unique_id, storage_year=year, replaces=replaces, event=entry.event
            )
        except IndexRefusal as refusal:
            if not replaces or missing(refusal) != {REPLACES}:
                raise
        return self.client.index_document(entry.unique_id, storage_year=year, event=entry.event)

    def _failed(self, mine: Claimed, error: ErepoError) -> bool:
        """Write down what a failure means for the document and the run; tell whether P1 was heard."""
        found, reason = verdict(error), Reason.of(error)
        if found is Verdict.FINAL and not mine.entry.withdrawing:
            return self._final(mine, reason)
        # What is not the document's own does not put it off; only one that always meets it is no probe.
        alone = found not in {Verdict.OUTAGE, Verdict.HALT} or mine.entry.attempts >= PATIENCE
        self._postpone(mine, reason, certain=certain(error) and not mine.entry.begun, alone=alone)
        if found is Verdict.HALT:
            self._stop(of_service(error))
        if found is not Verdict.OUTAGE:
            return found is not Verdict.HALT
        with self._turn:
            self._failures += 1
            over = self._failures >= PATIENCE or not self._heard
        if over:
            self._stop(of_service(error), outage=reason.code)
        return False

    def _final(self, mine: Claimed, reason: Reason) -> bool:
        """Refuse a document; what an earlier request may have put into P1's index must not stay there."""
        if mine.entry.begun:
            try:
                self.client.withdraw_index(mine.entry.unique_id)
            except ErepoError as error:
                if not _unknown_there(error):
                    owing = replace(mine, entry=replace(mine.entry, withdrawing=True))
                    return self._failed(owing, error)
        self._refuse(mine, reason)
        return True

    def _refuse(self, mine: Claimed, reason: Reason) -> None:
        ledger.back(self.database, mine, reason, to=Index.REFUSED, next_at=None)
        with self._turn:
            self.result.refused.append(Refused(mine.entry.public_id, reason))

    def _postpone(self, mine: Claimed, reason: Reason, *, certain: bool, alone: bool = False) -> None:
        """Let a later run try it again: soon after an outage, which has a pause of its own."""
        to = Index.WAITING if certain and not mine.entry.withdrawing else None
        at = self.clock()
        next_at = next_attempt(mine.entry.attempts, at) if alone else None
        ledger.back(self.database, mine, reason, to=to, next_at=next_at)
        with self._turn:
            self.result.later += 1
            if len(self.result.put_off) < MOST_NAMED:
                self.result.put_off.append(Refused(mine.entry.public_id, reason))

    def _answered(self) -> None:
        with self._turn:
            self._failures, self._heard = 0, True
            ended, self.paused = self.paused, False
        if ended:
            end_pause(self.database, self.account)

    def _stop(self, problem: Problem, *, outage: str = "") -> None:
        with self._turn:
            first = self.result.problem is None
            self.result.problem = self.result.problem or problem
        if first and outage:
            note_outage(self.database, self.account, outage, self.clock())

    def _count(self, what: str) -> None:
        with self._turn:
            setattr(self.result, what, getattr(self.result, what) + 1)


def _unknown_there(error: ErepoError) -> bool:
    """The service has neither the document nor a row of its index, and has asked P1: there is none."""
    return isinstance(error, IndexRefusal) and error.data["code"] == "index.document-unknown"
