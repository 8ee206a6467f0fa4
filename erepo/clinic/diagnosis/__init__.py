"""Find the cause of what goes wrong, in the order of the manual's chapter 2, and say what to do.

    ground = Ground(settings, prefect, mailer)
    diagnosis = diagnose(ground)          # every check, side by side, each with a time limit
    diagnosis.exit_code                   # 0: nothing wrong

A diagnosis reads and asks; it changes nothing, and it sends a mail only where an address is given. One visit
to the service serves all checks that look at it. `symptoms` holds which error belongs to which chapter.
"""

from collections.abc import Collection

from erepo.clinic.diagnosis.checks import CHECKS
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground, PrefectPlace
from erepo.clinic.diagnosis.running import Diagnosis, Watcher, run_checks
from erepo.clinic.diagnosis.symptoms import SYMPTOMS, Symptom, help_on, symptom_of

__all__ = [
    "CHECKS",
    "SYMPTOMS",
    "Diagnosis",
    "Finding",
    "Ground",
    "PrefectPlace",
    "Symptom",
    "Verdict",
    "diagnose",
    "help_on",
    "symptom_of",
]


def diagnose(ground: Ground, only: Collection[str] = (), watch: Watcher = lambda _: None) -> Diagnosis:
    """Run all checks, or only the named ones, and close the ground.

    Args:
        ground: what they look at.
        only: names out of `CHECKS`; empty runs all.
        watch: told of each finding as it comes.
    """
    try:
        return run_checks(ground, CHECKS, only, watch)
    finally:
        ground.close()
