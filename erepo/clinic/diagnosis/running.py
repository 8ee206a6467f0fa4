"""Run checks side by side, each with a time limit; one that hangs or breaks never holds up the others."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from queue import Empty, Queue
from typing import Any

from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.machine_errors import CheckBroken, CheckTooLong
from erepo.clinic.diagnosis.symptoms import symptom_of_check
from erepo.clinic.machine import trouble_of
from erepo.errors import ErepoError
from erepo.texts import Text

Check = Callable[[Ground], Finding]
Watcher = Callable[[Finding], None]


@dataclass(frozen=True)
class Diagnosis:
    """What all checks said, in the order of the manual."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Verdict:
        """The worst verdict of all."""
        order = list(Verdict)
        return max((one.verdict for one in self.findings), key=order.index, default=Verdict.OK)

    @property
    def exit_code(self) -> int:
        """0 where nothing is wrong, 1 where something is, 2 where only something could not be asked."""
        return {Verdict.PROBLEM: 1, Verdict.UNASKED: 2}.get(self.worst, 0)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        counts = {verdict.value: 0 for verdict in Verdict}
        for one in self.findings:
            counts[one.verdict.value] += 1
        return {
            "worst": self.worst.value,
            "counts": counts,
            "findings": [one.as_json() for one in self.findings],
        }


def run_checks(
    ground: Ground,
    checks: Mapping[str, Check],
    only: Collection[str] = (),
    watch: Watcher = lambda _: None,
) -> Diagnosis:
    """Run all checks, or only some, and return their findings in the order of `checks`.

    Args:
        ground: what they look at.
        checks: by name, in the order wanted.
        only: names; empty runs all.
        watch: told of each finding as it comes.
    """
    wanted = [name for name in checks if not only or name in only]
    answers: Queue[Finding] = Queue()
    for name in wanted:
        # Daemons: a check that hangs for ever must not keep the program from ending.
        threading.Thread(target=_run, args=(name, checks[name], ground, answers), daemon=True).start()
    limit = ground.settings.diagnosis.seconds
    end, found = time.monotonic() + limit, dict[str, Finding]()
    while len(found) < len(wanted):
        try:
            one = answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        found[one.check] = one
        watch(one)
    for name in wanted:
        if name not in found:
            late = Finding.unasked(CheckTooLong(check=name, seconds=limit))
            found[name] = _named(late, name, limit)
            watch(found[name])
    return Diagnosis(tuple(found[name] for name in wanted))


def _run(name: str, check: Check, ground: Ground, answers: "Queue[Finding]") -> None:
    began = time.monotonic()
    answers.put(_named(_answer(check, ground), name, time.monotonic() - began))


def _answer(check: Check, ground: Ground) -> Finding:
    try:
        return check(ground)
    except ErepoError as error:
        return Finding.unasked(error)
    except Exception as error:  # noqa: BLE001 — whatever it is, the others go on
        trouble = trouble_of(error, "EREPO_HOME")
        return Finding.unasked(trouble or CheckBroken(kind=type(error).__name__))


def _named(finding: Finding, name: str, seconds: float) -> Finding:
    return replace(finding, check=name, symptom=symptom_of_check(name), seconds=seconds)


def no_account() -> Finding:
    """Say that there is no account, or that the eArchiwum is in use instead of it."""
    return Finding.none(
        Text("No account in the cloud is in use.", "Żadne konto w chmurze nie jest w użyciu.")
    )
