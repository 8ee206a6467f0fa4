"""A clinic that has archived for years: rows of one archived document, copied inside its database.

What archiving one document leaves in the tables (patient, batch, submission, document, history) is copied
with ids, hashes and identifiers of its own for each. The contents are not there: nothing that is measured
reads the octets of old documents.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing

from sqlalchemy import make_url

from erepo.settings import Settings

#: Documents of one patient, and of one batch, on average.
OF_PATIENT, OF_BATCH = 10, 250

_NUMBERS = "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {count})"


def load_clinic(settings: Settings, documents: int) -> None:
    """Copy the newest archived document of the clinic so many times (SQLite only; nobody else writes).

    Args:
        settings: of the clinic; at least one document of it is archived.
        documents: how many copies.
    """
    path = make_url(settings.clinic_url).database
    assert path
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        key, patient, submission = connection.execute(
            "SELECT id, patient_key, submission_id FROM document WHERE state = 'archived' ORDER BY id DESC"
        ).fetchone()
        (batch,) = connection.execute(
            "SELECT batch_id FROM submission WHERE id = ?", (submission,)
        ).fetchone()
        copies = _copies(
            connection,
            documents,
            {"patient": patient, "batch": batch, "submission": submission, "document": key},
        )
        for table, (source, count, changed) in copies.items():
            _copy(connection, table, source, count, changed)
        _copy_history(connection, key, documents, copies["document"][2]["id"])
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copies(
    connection: sqlite3.Connection, documents: int, sources: Mapping[str, object]
) -> dict[str, tuple[object, int, dict[str, str]]]:
    """Return, for each table, what is copied how often, and which columns get values of their own."""
    patient, submission, document = (
        f"({connection.execute(f'SELECT max(id) + 1 FROM {table}').fetchone()[0]} + n{per})"
        for table, per in (("patient", f" / {OF_PATIENT}"), ("submission", ""), ("document", ""))
    )
    first_patient = patient.replace(f" / {OF_PATIENT}", "")
    unique = "'2.25.' || abs(random())"
    submissions = {
        "id": submission,
        "unique_id": unique,
        "batch_id": f"('loaded' || (n / {OF_BATCH}))",
        "patient_key": patient,
    }
    of_documents = {
        "id": document,
        "public_id": "lower(hex(randomblob(16)))",
        "unique_id": unique,
        "set_id": unique,
        "sha256": "lower(hex(randomblob(32)))",
        "sha1": "lower(hex(randomblob(20)))",
        "patient_key": patient,
        "submission_id": submission,
    }
    return {
        "patient": (
            sources["patient"],
            documents // OF_PATIENT + 1,
            {"id": first_patient, "identifier": "'L' || n"},
        ),
        "batch": (sources["batch"], documents // OF_BATCH + 1, {"id": "'loaded' || n"}),
        "submission": (sources["submission"], documents, submissions),
        "document": (sources["document"], documents, of_documents),
    }


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _copy(
    connection: sqlite3.Connection, table: str, source: object, count: int, changed: Mapping[str, str]
) -> None:
    names = _columns(connection, table)
    values = ", ".join(changed.get(name, f"{table}.{name}") for name in names)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) {_NUMBERS.format(count=count)}"
        f" SELECT {values} FROM number, {table} WHERE {table}.id = ?",
        (source,),
    )


def _copy_history(connection: sqlite3.Connection, source: int, count: int, document: str) -> None:
    names = [name for name in _columns(connection, "audit_event") if name != "id"]
    values = ", ".join(document if name == "document_id" else f"audit_event.{name}" for name in names)
    connection.execute(
        f"INSERT INTO audit_event ({', '.join(names)}) {_NUMBERS.format(count=count)}"
        f" SELECT {values} FROM number, audit_event WHERE audit_event.document_id = ?",
        (source,),
    )
