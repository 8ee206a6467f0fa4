"""The page of rotate-certificates, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from erepo.clinic.rotation import Decision, Reason, Rotation, Stage, Status
from erepo.clinic.rotation.status import InUse
from erepo.pki import CertificatePurpose
from erepo.texts import Language
from flows.reporting_rotation import rotation_page

DAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
QUIET = Status(
    "0000000000001003",
    "0000000000001003-0123456789ab",
    (InUse(CertificatePurpose.TLS, "0ABC", DAY, DAY),),
    Decision(Reason.NOT_DUE, DAY),
    None,
)


def at(stage: Stage) -> Rotation:
    """A rotation at a stage."""
    empty = dict.fromkeys(Rotation.__dataclass_fields__)
    values = {"account": QUIET.account, "stage": stage, "reason": Reason.FORCED, "requested_at": DAY}
    return Rotation(**{**empty, **values, "retire_after": DAY})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("speak", "words"),
    [
        ("pl", ("Używana generacja", "| 0ABC | 2026-11-30 13:00 |", "Następny krok", "Nie trzeba nic robić")),
        ("en", ("Generation in use", "New ones are due on 2026-11-30", "Nothing has to be done")),
    ],
)
def test_a_quiet_day(speak: Language, words: tuple[str, ...]) -> None:
    """Generation, serials and days by Polish time, and when it will be due."""
    page = rotation_page(QUIET, speak)
    assert [one for one in words if one not in page] == []


@pytest.mark.parametrize("stage", list(Stage))
def test_each_stage_says_what_comes_next(stage: Stage) -> None:
    """No stage under way says that nothing has to be done."""
    page = rotation_page(replace(QUIET, rotation=at(stage)), "en")
    assert ("Nothing has to be done" in page) is stage.ended
