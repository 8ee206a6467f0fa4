"""Who has looked: found from the person's side, however many accesses of others an account has."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.dialects import sqlite

from erepo.cloud.storage.tables import tenant
from erepo.cloud.storage.tables_consents import consent, consent_access
from erepo.identifiers import CX
from erepo.portal.watching import _query
from tests.erepo.cloud.consents.test_decision import an_account
from tests.support.audit import FIRST, SECOND, new_database
from tests.support.cloud import POSTGRESQL_S3, SQLITE_FILES

AT = datetime.fromisoformat("2031-05-01T08:00:00")
MINE, OTHER = CX("80051212357", "1.2.616"), CX("44051401359", "1.2.616")


def access(number: int, **changed: Any) -> dict[str, Any]:
    """Return the row of an access."""
    facts = {"consent_number": None, "emergency": False, "patient_id": None, "unique_id": None, "actor": None}
    told = {"tenant_id": FIRST, "at": AT, "reader_kind": "account", "reader": "1"}
    return {"number": number, **facts, **told, **changed}


def given(number: int, patient: CX) -> dict[str, Any]:
    """Return the row of a consent."""
    facts = {"recipient_kind": "patient", "recipient": "-", "body": b"", "signature": "", "signer": ""}
    times = {"valid_from": AT, "valid_until": AT, "created_at": AT}
    return {
        "number": number,
        "tenant_id": FIRST,
        "id": str(number),
        "patient_id": str(patient),
        **facts,
        **times,
    }


@pytest.mark.parametrize("stores", [SQLITE_FILES, POSTGRESQL_S3])
def test_a_persons_accesses_are_found_from_the_person(tmp_path: Path, stores: str) -> None:
    """By a consent, by P1's word, in an emergency; nobody else's; no list of all is read."""
    person = SimpleNamespace(person=MINE, clinics=(FIRST, SECOND))
    rows = [
        access(1, consent_number=1),
        access(2, consent_number=2),
        access(3, patient_id=str(MINE), unique_id="1.2.2"),
        access(4, patient_id=str(OTHER), unique_id="1.2.1"),
        access(5, patient_id=str(MINE), unique_id="1.2.1", emergency=True),
        access(6, patient_id=str(OTHER), unique_id="1.2.2", emergency=True),
        access(7, consent_number=1, unique_id="1.2.1"),
    ]
    with new_database(tmp_path, stores) as database:
        with database.everyone("a test", write=True) as connection:
            connection.execute(insert(tenant), [an_account(FIRST), an_account(SECOND)])
            connection.execute(insert(consent), [given(1, MINE), given(2, OTHER)])
            connection.execute(insert(consent_access), rows)
        with database.read(FIRST, SECOND) as connection:
            found = [row.number for row in connection.execute(_query(person, None))]  # type: ignore[arg-type]
            assert found == [7, 5, 3, 1]
            before = connection.execute(_query(person, 5).limit(1)).all()  # type: ignore[arg-type]
            assert [row.number for row in before] == [3]
            if stores != SQLITE_FILES:
                return
        text = _query(person, None).compile(  # type: ignore[arg-type]
            dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
        )
        database.close()  # a new connection knows how large the tables become
        with database.everyone("a plan") as connection:
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        looks = [each for each in plan if "consent_access" in each]
        narrow = ("consent_number=?", "patient_id=?", "rowid=?")
        assert looks
        assert all(any(column in each for column in narrow) for each in looks), plan
