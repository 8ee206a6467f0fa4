"""The real path: keys, mail over SMTP, certificates from the office, activation over mutual TLS."""

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic import onboarding
from erepo.clinic.onboarding import Step
from erepo.clinic.rest import AccountClient
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import audit_event
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic


def test_an_account_is_onboarded(clinic: Clinic) -> None:
    """After the four steps the account's facts are stored and the service answers for it."""
    facts = clinic.onboard()
    with clinic.database.read() as connection:
        row = connection.execute(sa.select(accounts)).mappings().one()
    assert row["active"]
    assert row["service_url"] == facts.service_url == f"{clinic.world.cloud.url}/services/{clinic.account}"
    assert row["registry_url"].startswith(facts.service_url)
    assert row["limit_documents"] > 0
    opened = onboarding.bundles(clinic.database, clinic.account, PASSPHRASE)
    with AccountClient(facts.service_url, clinic.account, opened.tls, facts.trust_pem.encode()) as client:
        state = client.state()
    assert (state.state, state.used_documents) == ("active", 0)
    assert opened.wss.subject_purpose == "WSS"


def test_every_step_twice_changes_nothing(clinic: Clinic) -> None:
    """Each step may run again at any time: same requests, one mail, same certificates, same account."""
    first = clinic.request(), clinic.request()
    assert first[0] == first[1]
    answers = clinic.world.office.answers()
    clinic.mail()
    clinic.mail()
    assert clinic.world.office.answers() == answers + 1
    clinic.collect()
    clinic.collect()
    assert clinic.activate() == clinic.activate()
    assert clinic.onboard() == clinic.activate()
    with clinic.database.read() as connection:
        events = connection.execute(sa.select(audit_event.c.event).order_by(audit_event.c.id)).scalars().all()
    assert events == ["account_requested", "account_mailed", "account_received", "account_active"]


def test_progress_is_told_step_by_step(clinic: Clinic) -> None:
    """The ledger names the step reached, and shows no key."""
    reached = [onboarding.progress(clinic.database, clinic.account)]
    for step in (clinic.request, clinic.mail, clinic.collect, clinic.activate):
        step()
        reached.append(onboarding.progress(clinic.database, clinic.account))
    assert [entry.step if entry else None for entry in reached] == [None, *Step]
    assert "PRIVATE" not in repr(reached)


def test_no_key_lies_anywhere_in_clear(clinic: Clinic, tmp_path: Path) -> None:
    """Neither the database nor the office's folder holds a private key or the passphrase in clear."""
    clinic.onboard()
    clinic.database.close()
    with sqlite3.connect(tmp_path / "clinic.db") as raw:
        everything = "\n".join(raw.iterdump()).encode()
    raw.close()
    files = [file.read_bytes() for file in clinic.world.office.home.rglob("*") if file.is_file()]
    marks = b"BEGIN PRIVATE KEY", b"BEGIN EC PRIVATE", b"BEGIN RSA PRIVATE", PASSPHRASE
    hexes = [mark.hex().upper().encode() for mark in marks]
    assert not [mark for mark in (*marks, *hexes) for content in (everything, *files) if mark in content]
    assert b"BEGIN ENCRYPTED PRIVATE KEY".hex().upper().encode() in everything
