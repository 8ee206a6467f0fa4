"""Status counts what there is and says what is missing."""

from datetime import timedelta

from erepo.clinic.database import Database
from erepo.clinic.status import read_status
from erepo.clinic.tables import account, now
from tests.support.documents import add_documents


def test_an_empty_clinic(clinic_database: Database) -> None:
    """Before anything is done, status says what must be done first."""
    with clinic_database.read() as connection:
        report = read_status(connection)
    assert (report.documents, report.bytes, report.due, report.account) == (0, 0, 0, "")
    assert ("archiving_user", "login") in report.missing


def test_counts(clinic_database: Database) -> None:
    """Documents are counted by kind and state, what is due by its date, refusals by their reason."""
    moment = now()
    with clinic_database.begin() as connection:
        add_documents(connection, 3, due_at=moment - timedelta(seconds=1))
        add_documents(connection, 1, due_at=moment + timedelta(days=1))
        add_documents(connection, 2, kind="prescription")
        add_documents(connection, 4, state="archived")
        add_documents(connection, 2, state="rejected", reason_code="XDSRegistryMetadataError")
        connection.execute(
            account.insert().values(
                account="0000000000001003",
                service_url="https://x",
                registry_url="https://x",
                repository_url="https://x",
                repository_unique_id="1.2.3",
                source_id="1.2.4",
            )
        )
        report = read_status(connection)
    assert report.as_json() == {
        "at": report.at.isoformat(),
        "account": "0000000000001003",
        "documents": 12,
        "bytes": 120,
        "due": 3,
        "waiting": 0,
        "states": {
            "local": {"documents": 6, "bytes": 60},
            "archived": {"documents": 4, "bytes": 40},
            "rejected": {"documents": 2, "bytes": 20},
        },
        "kinds": [
            {"kind": "lab_result", "state": "archived", "documents": 4, "bytes": 40},
            {"kind": "lab_result", "state": "local", "documents": 4, "bytes": 40},
            {"kind": "lab_result", "state": "rejected", "documents": 2, "bytes": 20},
            {"kind": "prescription", "state": "local", "documents": 2, "bytes": 20},
        ],
        "signatures": {},
        "rejected": {"XDSRegistryMetadataError": 2},
        "missing": ["provider: name", "archiving_user: login"],
        "coverage": None,
        "repairs": {},
        "shared": 0,
        "consents": {},
    }
