"""A clinic with an active account at a real service: to be broken, one thing a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erepo.clinic.diagnosis import Finding, Ground, diagnose
from erepo.clinic.mail import Mailer
from erepo.settings import Settings
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud

Diagnose = Callable[..., Finding]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Run one service for all tests of a module."""
    with running_cloud(tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.fixture
def clinic(tmp_path: Path, cloud: RunningCloud) -> Iterator[Clinic]:
    """Give a clinic with structure and active account."""
    with new_clinic(tmp_path / "clinic", cloud.tenant) as one:
        yield one


@pytest.fixture
def ask(clinic: Clinic) -> Diagnose:
    """Return what one check says of the clinic, with some settings changed."""

    def one(
        check: str,
        *,
        mailer: Callable[[], Mailer] | None = None,
        test_mail: str = "",
        **changes: Any,
    ) -> Finding:
        settings = Settings.model_validate(clinic.settings.model_dump() | changes)
        options: dict[str, Any] = {"mailer": mailer} if mailer else {}
        ground = Ground(settings, test_mail=test_mail, **options)
        return diagnose(ground, [check]).findings[0]

    return one
