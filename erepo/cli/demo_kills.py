"""The demonstration's second promise: programs are killed at random while it works, and nothing is lost."""

import random
import time
from collections.abc import Callable

import sqlalchemy as sa

from erepo.cli.errors import KillsUnsettled
from erepo.cli.killing import Killer, Target
from erepo.cli.trigger import Run
from erepo.clinic.database import Database
from erepo.clinic.states import DEPOSITED, State
from erepo.clinic.tables import document
from erepo.texts import Text, language

_KILLED = Text(
    "kill -9 no. {number}: {what}; {archived} of {documents} archived so far",
    "kill -9 nr {number}: {what}; dotąd zarchiwizowano {archived} z {documents}",
)
_WHAT = {
    Target.WORKER: Text("worker and flow", "worker i przepływ"),
    Target.SERVICE: Text("repository service", "repozytorium"),
    Target.BOTH: Text("worker, flow and repository service", "worker, przepływ i repozytorium"),
}
_SUMMARY = Text(
    "Killed {total} times (worker {worker}, service {service}, both {both}):"
    " lost {lost}, stored twice {twice}",
    "Zabito {total} razy (worker {worker}, repozytorium {service}, oba {both}): utracono {lost},"
    " zapisano podwójnie {twice}",
)

_DEPLOYMENT = "archive-documents/scheduled"
_OPEN = (State.LOCAL.value, State.QUEUED.value, State.SENDING.value)
#: Runs that may be needed after the last kill; one is enough, the others are for a run that met a kill.
_RUNS = 5


class KilledArchiving:
    """Archives everything that is due while programs are killed.

    Args:
        killer: of the stack that works.
        database: the clinic's.
        kills: how many.
        say: told one sentence a kill.
    """

    def __init__(self, killer: Killer, database: Database, kills: int, say: Callable[[str], None]) -> None:
        self._killer, self._database, self._kills, self._say = killer, database, kills, say
        self._chance = random.SystemRandom()
        self._run: Run | None = None

    def run(self, limit: float) -> None:
        """Kill so many times during the work, then let it come to its end.

        Args:
            limit: seconds of each run after the last kill.

        Raises:
            KillsUnsettled: documents are still open after several whole runs.
        """
        first, documents = self._count(DEPOSITED), self._count(_OPEN)
        for number in range(1, self._kills + 1):
            target = self._chance.choice(list(Target))
            self._wait_until(first + self._chance.randint(1, documents) * number // self._kills)
            self._killer.kill(target)
            archived = self._count(DEPOSITED) - first
            words = {"number": number, "what": _WHAT[target].fill(language())}
            self._say(_KILLED.fill(language(), **words, archived=archived, documents=documents))
            self._killer.restart(target)
        self._finish(limit)

    def summary(self, lost: int, twice: int) -> str:
        """Return the count: kills, documents lost, documents stored twice."""
        kills = self._killer.kills
        words = {target.value: kills[target] for target in Target}
        return _SUMMARY.fill(language(), total=kills.total(), lost=lost, twice=twice, **words)

    def _wait_until(self, goal: int) -> None:
        """Have a run under way until so many are archived; some kills fall into its first moments."""
        self._keep_running()
        patience = self._chance.uniform(0, 6) if self._chance.random() < 0.3 else 20
        end = time.monotonic() + patience
        while time.monotonic() < end and self._count(DEPOSITED) < goal and self._count(_OPEN):
            time.sleep(0.02)

    def _keep_running(self) -> Run:
        if self._run is None or self._killer.prefect.read(self._run.id).final:
            self._run = self._killer.prefect.start(_DEPLOYMENT)
        return self._run

    def _finish(self, limit: float) -> None:
        for _ in range(_RUNS):
            run = self._killer.prefect.wait(self._keep_running().id, limit)
            if run.state == "COMPLETED" and not self._count(_OPEN):
                return
        raise KillsUnsettled(documents=self._count(_OPEN), runs=_RUNS)

    def _count(self, states: tuple[str, ...]) -> int:
        question = sa.select(sa.func.count()).select_from(document).where(document.c.state.in_(states))
        with self._database.read() as connection:
            return int(connection.execute(question).scalar_one())
