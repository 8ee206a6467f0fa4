"""Diagnoses of what the clinic owes: indexes in P1 within the law's two days, and ends of consents."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.samples import generate
from erepo.clinic.content import ContentStore
from erepo.clinic.diagnosis import Verdict
from erepo.clinic.indexing import enrol
from erepo.clinic.tables import account, now, patient
from erepo.clinic.tables_account import p1_registration
from erepo.clinic.tables_indexing import document_index
from erepo.clinic.tables_sharing import consent
from tests.erepo.clinic.diagnosis.conftest import Diagnose
from tests.support.clinic_side import Clinic


def to_be_indexed(clinic: Clinic, folder: Path, **ago: float) -> None:
    """Take in a document whose deadline was so long ago."""
    clinic.take_in([one.octets for one in generate(7, 1, kinds=["lab_result"], size=20_000)], folder)
    enrol(clinic.database, ContentStore.at(clinic.settings), now())
    with clinic.database.begin() as connection:
        connection.execute(document_index.update().values(deadline=now() - timedelta(**ago)))


def register(clinic: Clinic, **changed: Any) -> None:
    """Write down that the account is registered in P1."""
    row = {"account": clinic.tenant.account, "state": "registered", "repository_unique_id": "1.2.3"}
    with clinic.database.begin() as connection:
        connection.execute(sa.insert(p1_registration), {**row, **changed})


def test_a_clinic_that_owes_nothing(ask: Diagnose) -> None:
    """Nothing to index, nothing shared."""
    assert ask("indexing").verdict is Verdict.NOT_APPLICABLE
    assert ask("sharing").verdict is Verdict.OK


def test_late_indexes(ask: Diagnose, clinic: Clinic, tmp_path: Path) -> None:
    """Without a registration that is said; with one, how many are late and why; near ones are a warning."""
    to_be_indexed(clinic, tmp_path / "in", hours=1)
    found = ask("indexing")
    assert (found.verdict, found.code) == (Verdict.WARNING, "p1.not-registered")
    register(clinic)
    found = ask("indexing")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, "indexing.late")
    assert found.data == {"count": 1, "reason": "indexing.not-archived"}
    with clinic.database.begin() as connection:
        connection.execute(document_index.update().values(deadline=now() + timedelta(hours=1)))
    assert (ask("indexing").verdict, ask("indexing").code) == (Verdict.WARNING, "indexing.near")
    with clinic.database.begin() as connection:
        connection.execute(p1_registration.update().values(tls_until=now() - timedelta(days=1)))
    found = ask("indexing")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, "indexing.certificates-over")


@pytest.mark.parametrize(
    ("state", "verdict", "code"),
    [
        ("revoking", Verdict.PROBLEM, "sharing.revocations-stuck"),
        ("ordered", Verdict.WARNING, "sharing.held-up"),
    ],
)
def test_what_the_service_has_not_confirmed(
    ask: Diagnose, clinic: Clinic, tmp_path: Path, state: str, verdict: Verdict, code: str
) -> None:
    """After half an hour it is told; what has just been ordered is on its way."""
    to_be_indexed(clinic, tmp_path / "in")
    with clinic.database.begin() as connection:
        at = now()
        row = {
            "id": str(uuid.uuid4()),
            "patient_key": connection.execute(sa.select(patient.c.id)).scalars().first(),
            "recipient_kind": "patient",
            "valid_from": at,
            "valid_until": at + timedelta(days=1),
            "matter": "-",
            "state": state,
            "created_by": "archiwum",
            "ordered_at": at,
            "revoking_at": at,
        }
        connection.execute(sa.insert(consent), row)
    assert ask("sharing").verdict is Verdict.OK
    long_ago = at - timedelta(hours=1)
    with clinic.database.begin() as connection:
        connection.execute(consent.update().values(ordered_at=long_ago, revoking_at=long_ago))
    found = ask("sharing")
    assert (found.verdict, found.code, found.data["count"]) == (verdict, code, 1)
    assert all((*found.words("pl"), *found.words("en")))
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(active=False))
    assert ask("sharing").code == code  # also where the eArchiwum has taken the account's place
