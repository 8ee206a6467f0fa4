"""Diagnoses of the account, its certificates and its channel, each by really breaking it."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from erepo.clinic.account import adopt_credentials, keys_folder
from erepo.clinic.diagnosis import Finding, Verdict
from erepo.clinic.maintenance import open_window
from erepo.clinic.p1 import read_pair, register
from erepo.clinic.p1.errors import P1IdMissing
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.tables import account, now, staff, task_user
from erepo.clinic.times import WARSAW
from erepo.pki import Authority, Bundle, encrypt_key, new_key
from erepo.pki.tls import load_bundle
from tests.erepo.clinic.diagnosis.conftest import Diagnose
from tests.support.account_clinic import AccountWorld
from tests.support.certificates import Recipe
from tests.support.clinic_side import PASSPHRASE, Clinic
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD
from tests.support.ports import free_port
from tests.support.scripted_service import facts, scripted_account

OTHER = "0000000000009999"


def folder(clinic: Clinic) -> Path:
    """Return where the account's key files lie."""
    return keys_folder(clinic.settings, clinic.tenant.account)


def put(clinic: Clinic, slot: str, recipe: Recipe) -> None:
    """Put a certificate and its key into a slot."""
    bundle = Bundle(recipe.key, recipe.make())
    (folder(clinic) / f"{slot}.pem").write_bytes(bundle.certificate_pem)
    (folder(clinic) / f"{slot}.key").write_bytes(encrypt_key(recipe.key, PASSPHRASE.encode()))


def set_account(clinic: Clinic, **values: Any) -> None:
    """Change the account's row."""
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(**values))


def is_problem(found: Finding, code: str, chapter: str) -> None:
    """Hold a finding against what the manual calls it; both languages have words."""
    assert (found.verdict, found.code, found.symptom) == (Verdict.PROBLEM, code, chapter), found
    assert all((*found.words("pl"), *found.words("en")))
    assert found.cause.pl != found.cause.en


@pytest.mark.parametrize(
    "check",
    [
        "time-limit",
        "certificates",
        "access",
        "user",
        "validity",
        "channel",
        "maintenance",
        "clock",
        "quota",
        "keys",
    ],
)
def test_a_sound_account_is_sound(ask: Diagnose, check: str) -> None:
    """Every check says so where nothing is wrong."""
    found = ask(check)
    assert found.verdict is Verdict.OK, found
    assert found.code == "ok"


def test_what_the_service_does_not_know_is_not_applicable(ask: Diagnose) -> None:
    """A service without P1, or an account without its certificates, is no problem (2.1)."""
    assert ask("p1").verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("common_name", "code"),
    [
        (f"{OTHER} TLS", "pki.wrong-account"),
        ("0000000000001003 WSS", "pki.wrong-purpose"),
        ("erepo", "pki.wrong-subject"),
    ],
)
def test_a_wrong_subject(ask: Diagnose, clinic: Clinic, common_name: str, code: str) -> None:
    """Another account, another kind, another form of the CN (2.3)."""
    put(clinic, "tls", Recipe(common_name=common_name))
    is_problem(ask("certificates"), code, "2.3")


def test_a_tenant_that_is_not_the_certificates(ask: Diagnose, clinic: Clinic, cloud: RunningCloud) -> None:
    """The right certificates against another account's address: seen here (2.3), and by the service (2.4)."""
    set_account(clinic, service_url=f"{cloud.url}/services/{OTHER}")
    is_problem(ask("certificates"), "pki.wrong-account", "2.3")
    is_problem(ask("access"), "account.keys-not-registered", "2.4")


def test_keys_that_nobody_registered(ask: Diagnose, clinic: Clinic, cloud: RunningCloud) -> None:
    """A WSS key that the service does not know is named, though TLS is right (2.4)."""
    put(clinic, "wss", Recipe(common_name=f"{clinic.tenant.account} WSS"))
    found = ask("access")
    is_problem(found, "account.keys-not-registered", "2.4")
    assert "WSS" in found.cause.en
    assert "nie zostały zarejestrowane klucze publiczne" in found.cause.pl


def test_a_user_without_numbers(ask: Diagnose, clinic: Clinic) -> None:
    """The archiving user without PESEL and NPWZ, and no user at all (2.4)."""
    with clinic.database.begin() as connection:
        connection.execute(staff.update().values(pesel="", npwz=""))
    is_problem(ask("user"), "acting.user-unknown", "2.4")
    with clinic.database.begin() as connection:
        connection.execute(task_user.delete())
    is_problem(ask("user"), "acting.user-unknown", "2.4")


def test_an_expired_certificate(ask: Diagnose, clinic: Clinic) -> None:
    """A certificate whose time is over, before and after the account's own end is looked at (2.4)."""
    put(clinic, "wss", Recipe(common_name=f"{clinic.tenant.account} WSS", until=now() - timedelta(hours=1)))
    is_problem(ask("validity"), "pki.expired", "2.4")


def test_an_end_that_is_near_is_a_warning(ask: Diagnose, clinic: Clinic) -> None:
    """Days before the account ends it warns; once it is over, it is a problem (2.4)."""
    set_account(clinic, valid_until=now() + timedelta(days=5, hours=1))
    near = ask("validity")
    assert (near.verdict, near.code, near.data["days"]) == (Verdict.WARNING, "account.over", 5)
    set_account(clinic, valid_until=now() - timedelta(days=1))
    is_problem(ask("validity"), "account.over", "2.4")


def test_a_suspended_account(ask: Diagnose, clinic: Clinic, tmp_path: Path) -> None:
    """The service's own words reach the person (2.4)."""
    with running_cloud(tmp_path / "other") as service:
        adopt_credentials(clinic.database, clinic.settings, service.tenant.folder)
        command = [sys.executable, "-m", "erepo", "cloud", "tenant", "suspend", service.tenant.account]
        subprocess.run(command, env=dict(service.environment), check=True, capture_output=True)
        time.sleep(1.1)  # the service looks once a second
        is_problem(ask("access"), "cloud.account-suspended", "2.4")


def test_swapped_keys(ask: Diagnose, clinic: Clinic) -> None:
    """The private keys of TLS and WSS exchanged (2.5)."""
    here = folder(clinic)
    (here / "tls.key").rename(here / "t")
    (here / "wss.key").rename(here / "tls.key")
    (here / "t").rename(here / "wss.key")
    is_problem(ask("channel"), "pki.key-mismatch", "2.5")


def test_swapped_pairs(ask: Diagnose, clinic: Clinic) -> None:
    """Key and certificate of WSS in the place of TLS, which fit each other (2.5)."""
    here = folder(clinic)
    for end in ("key", "pem"):
        (here / f"tls.{end}").write_bytes((here / f"wss.{end}").read_bytes())
    is_problem(ask("channel"), "pki.wrong-purpose", "2.5")


def test_a_certificate_that_the_service_refuses(ask: Diagnose, clinic: Clinic) -> None:
    """A TLS certificate of another authority: refused in the real handshake (2.5)."""
    put(
        clinic, "tls", Recipe(common_name=f"{clinic.tenant.account} TLS", issuer=Authority.create("Other CA"))
    )
    is_problem(ask("channel"), "http.secure-channel.certificate", "2.5")


def test_a_service_that_nobody_vouches_for(ask: Diagnose, clinic: Clinic) -> None:
    """The service's authority exchanged for another, or lost (2.5)."""
    for trust in (Authority.create("Other CA").pem.decode(), "no certificate"):
        set_account(clinic, trust_pem=trust)
        is_problem(ask("channel"), "http.secure-channel.trust", "2.5")
        assert ask("quota").verdict is Verdict.UNASKED


@contextmanager
def old_server() -> Iterator[int]:
    """Run a TLS server that offers nothing newer than TLS 1.1; yields its port."""
    key, authority = new_key(), Authority.create("Old CA")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_bundle(context, Bundle(key, authority.issue_server(key, ["127.0.0.1"])))
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                with plain:
                    try:
                        context.wrap_socket(plain, server_side=True).close()
                    except (ssl.SSLError, OSError):
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def test_a_server_of_another_age(ask: Diagnose, clinic: Clinic) -> None:
    """TLS 1.1 alone on the other side: the version is named (2.5)."""
    with old_server() as port:
        set_account(clinic, service_url=f"https://127.0.0.1:{port}/services/{clinic.tenant.account}")
        is_problem(ask("channel"), "http.secure-channel.version", "2.5")


def test_nobody_answers(ask: Diagnose, clinic: Clinic) -> None:
    """A closed port is the sign of maintenance (2.7); other checks say that they could not ask."""
    set_account(clinic, service_url=f"https://127.0.0.1:{free_port()}/services/{clinic.tenant.account}")
    is_problem(ask("maintenance"), "remote.unavailable", "2.7")
    for check in ("channel", "access", "quota", "clock", "p1", "time-limit"):
        assert ask(check).verdict is Verdict.UNASKED


def test_a_pause_ends_by_polish_time(ask: Diagnose, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is told as it was given, whatever zone the machine keeps (2.7)."""
    until = now() + timedelta(hours=2)
    open_window(clinic.database, now(), until)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        found = ask("maintenance")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (found.verdict, found.code) == (Verdict.WARNING, "remote.maintenance")
    assert f"{until.astimezone(WARSAW):%Y-%m-%d %H:%M}" in found.cause.pl


def test_a_server_that_never_answers(ask: Diagnose, clinic: Clinic) -> None:
    """The time limit is over: the setting to raise is named (2.2)."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        set_account(clinic, service_url=f"https://127.0.0.1:{port}/services/{clinic.tenant.account}")
        found = ask("time-limit", http={"connect": 0.3})
    is_problem(found, "remote.timeout", "2.2")
    assert "EREPO_HTTP__CONNECT" in found.cure.pl
    assert "Limit czasu operacji został przekroczony" in found.cause.pl


def test_an_answer_that_takes_most_of_its_time(ask: Diagnose, clinic: Clinic) -> None:
    """An answer that takes more than half its limit is a warning before it is an error (2.2)."""
    with scripted_account(clinic, {"": facts(clinic.tenant.account)}, delay=3):
        close = ask("time-limit", http={"read": 5.5})
        over = ask("time-limit", http={"read": 0.3})
    assert (close.verdict, close.code) == (Verdict.WARNING, "diagnosis.time-limit-close")
    is_problem(over, "remote.timeout", "2.2")


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (0, Verdict.OK),
        (20, Verdict.OK),
        (40, Verdict.WARNING),
        (-40, Verdict.WARNING),
        (86_400, Verdict.PROBLEM),
    ],
)
def test_a_clock_that_is_off(ask: Diagnose, clinic: Clinic, ahead: float, verdict: Verdict) -> None:
    """Half the allowed skew is a warning, more than all of it a problem."""
    with scripted_account(clinic, {"": facts(clinic.tenant.account)}, ahead=ahead):
        found = ask("clock")
    assert found.verdict is verdict, found


def test_the_id_in_the_national_domain(ask: Diagnose, clinic: Clinic, account_service: AccountWorld) -> None:
    """Certificates that P1 has, without an id, are the manual's first symptom (2.1)."""
    served = account_service.served()
    adopt_credentials(clinic.database, clinic.settings, served.credentials.folder)
    assert ask("p1").verdict is Verdict.NOT_APPLICABLE
    files, connection = served.files(), clinic.connection()
    pair = read_pair(files.tls, TLS_PASSWORD, files.wss, WSS_PASSWORD)
    account_service.p1.wrong("szar-repository", "no-id")
    with account_client(connection) as client:
        with pytest.raises(P1IdMissing):
            register(client, clinic.database, served.number, pair)
        is_problem(ask("p1"), "p1.repository-id-missing", "2.1")
        register(client, clinic.database, served.number, pair)
    assert ask("p1").verdict is Verdict.OK


@pytest.mark.parametrize("purpose", ["TLS", "WSS"])
def test_registered_certificates_are_held_against_ours(ask: Diagnose, clinic: Clinic, purpose: str) -> None:
    """A service that lists them tells which of ours is retired (2.4)."""
    listed = [
        {
            "purpose": one,
            "fingerprint": bundle.fingerprint,
            "state": "active" if one != purpose else "retired",
        }
        for one, bundle in (("TLS", clinic.tenant.tls), ("WSS", clinic.tenant.wss))
    ]
    answers = {"": facts(clinic.tenant.account), "/certificates": {"certificates": listed}}
    with scripted_account(clinic, answers):
        found = ask("access")
    is_problem(found, "account.keys-not-registered", "2.4")
    assert purpose in found.cause.en


@pytest.mark.parametrize(("status", "code"), [(400, "http.bad-request"), (403, "http.forbidden")])
def test_a_refusal_without_words(ask: Diagnose, clinic: Clinic, status: int, code: str) -> None:
    """A bare 400 or 403 of whatever stands before the service is told as such (2.3, 2.4)."""
    with scripted_account(clinic, {"": {}}, status=status):
        found = ask("access")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, code)


def test_a_full_account(ask: Diagnose, clinic: Clinic, account_service: AccountWorld) -> None:
    """Nine tenths of a limit are a warning, all of it a problem."""
    served = account_service.served(limit_documents=10)
    adopt_credentials(clinic.database, clinic.settings, served.credentials.folder)
    verdicts = {8: Verdict.OK, 9: Verdict.WARNING, 10: Verdict.PROBLEM}
    for used, verdict in verdicts.items():
        asyncio.run(served.fill(*[50] * (8 if used == 8 else 1)))
        found = ask("quota")
        assert found.verdict is verdict
        if verdict is not Verdict.OK:
            assert found.words("pl")[0].endswith(f"{used} z 10 dokumentów.")


def test_a_passphrase_that_opens_nothing(ask: Diagnose) -> None:
    """The keys' own check names it; what needs the keys says that it could not ask."""
    found = ask("keys", key_passphrase="another")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, "pki.wrong-passphrase")
    assert ask("access", key_passphrase="another").verdict is Verdict.UNASKED
