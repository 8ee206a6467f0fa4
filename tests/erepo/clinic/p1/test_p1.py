"""Registration in the national domain: the files, the ways through it, and what a crash leaves."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.clinic import p1
from erepo.clinic.p1.errors import (
    P1CertificatesPresent,
    P1FilesSame,
    P1FilesSwapped,
    P1FileWrong,
    P1IdMissing,
    P1NotRegistered,
    P1RepositoryExists,
)
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.errors import AnswerInvalid, ServiceTrouble
from erepo.clinic.tables import audit_event
from erepo.cloud.audit.events import Action
from erepo.pki import Bundle
from tests.support.account_clinic import AccountClinic, AccountWorld, account_clinic
from tests.support.certificates import NOW
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD, P1Files, make_p1_files
from tests.support.scripted_service import scripted_account

FILES = make_p1_files()


@pytest.fixture
def site(tmp_path: Path, account_service: AccountWorld) -> Iterator[AccountClinic]:
    """A clinic with its account, and a provider that P1 knows."""
    with account_clinic(tmp_path, account_service) as one:
        yield one


@pytest.fixture
def files(site: AccountClinic) -> P1Files:
    """The provider's certificates."""
    return site.served.files()


def pair(files: P1Files = FILES) -> p1.Pair:
    """Both files, opened and checked."""
    return p1.read_pair(files.tls, TLS_PASSWORD, files.wss, WSS_PASSWORD)


def register(site: AccountClinic, files: P1Files, **options: bool) -> p1.Registration:
    """Register as commands and tasks do."""
    with site.client() as client:
        return p1.register(client, site.clinic.database, site.account, pair(files), **options)


def revoke(site: AccountClinic) -> p1.Registration:
    """Revoke as commands and tasks do."""
    with site.client() as client:
        return p1.revoke(client, site.clinic.database, site.account)


def test_files_with_old_ciphers_are_read_and_sealed_anew() -> None:
    """P1's own file is 3DES; what is kept and sent opens with another password and is no such file."""
    both = pair()
    assert both.facts[0].serial == f"{FILES.tls_bundle.certificate.serial_number:X}"
    for sealed in (both.to_send()["tls_pkcs12"], both.sealed(b"our own")["tls_pkcs12"]):
        octets = base64.b64decode(sealed)
        with pytest.raises(Exception, match="passphrase"):
            Bundle.from_pkcs12(octets, TLS_PASSWORD)
    first, second = both.to_send(), both.to_send()
    assert first["tls_password"] != second["tls_password"] != second["wss_password"]


def test_files_that_do_not_fit_are_refused_before_anything_is_sent() -> None:
    """Wrong password, no such file, over, not yet, twice the same, swapped: each by its name."""
    read = p1.read_pair
    with pytest.raises(P1FileWrong, match="WSS"):
        read(FILES.tls, TLS_PASSWORD, FILES.wss, TLS_PASSWORD)
    with pytest.raises(P1FileWrong, match="TLS"):
        read(b"nothing", b"", FILES.wss, WSS_PASSWORD)
    over = make_p1_files(until=NOW - timedelta(hours=1))
    with pytest.raises(P1FileWrong, match="ended on"):
        pair(over)
    early = make_p1_files(since=NOW + timedelta(days=1))
    with pytest.raises(P1FileWrong, match="begins on"):
        pair(early)
    with pytest.raises(P1FilesSame):
        read(FILES.tls, TLS_PASSWORD, FILES.tls, TLS_PASSWORD)
    with pytest.raises(P1FilesSwapped):
        read(FILES.wss, WSS_PASSWORD, FILES.tls, TLS_PASSWORD)
    with pytest.raises(P1FilesSame, match="key"):
        pair(make_p1_files(key=FILES.tls_bundle.key))


def test_certificates_that_say_nothing_of_their_use_are_taken_as_given() -> None:
    """Where nothing can be proven, the clinic's word counts."""
    for extended in (None, (ExtendedKeyUsageOID.CLIENT_AUTH,)):
        pair(make_p1_files(extended=extended))


def test_the_whole_way(site: AccountClinic, files: P1Files) -> None:
    """Registered, kept, repeated without harm, refused for others, revoked, registered anew; all audited."""
    account, database, others = site.account, site.clinic.database, site.served.files()
    assert p1.registration(database, account) is None
    found = register(site, files)
    (given,) = site.served.repositories
    assert (found.state, found.repository_unique_id) == ("registered", given)
    assert site.served.address_of(given) == site.clinic.tenant.door
    assert register(site, files) == p1.registration(database, account)
    with database.read() as connection:
        assert p1.repository_id(connection, account) == given
    with pytest.raises(P1CertificatesPresent, match="revoked before"):
        register(site, others)
    assert [revoke(site).state, revoke(site).state] == ["none", "none"]
    with database.read() as connection, pytest.raises(P1NotRegistered):
        p1.repository_id(connection, account)
    anew = register(site, others)
    assert (anew.state, anew.repository_unique_id) == ("registered", given)
    assert events(site) == ["p1_registered", "p1_registered", "p1_none", "p1_none", "p1_registered"]
    with database.read() as connection:
        details = connection.execute(sa.select(audit_event.c.detail).where(audit_event.c.event == "p1_none"))
        assert details.scalars().first()["before"] == given


def events(site: AccountClinic) -> list[str]:
    """The clinic's own record of the account."""
    query = sa.select(audit_event.c.event).where(audit_event.c.subject == "account")
    with site.clinic.database.read() as connection:
        return list(connection.execute(query.order_by(audit_event.c.id)).scalars())


def test_the_service_says_so_where_our_database_does_not_know(site: AccountClinic, files: P1Files) -> None:
    """Registered from elsewhere: refused with the manual's message, and `adopt` learns the state."""
    register(site, files)
    with site.clinic.database.begin() as connection:
        connection.execute(sa.text("DELETE FROM p1_registration"))
    others = site.served.files()
    with pytest.raises(P1CertificatesPresent):
        register(site, others)
    found = adopt(site)
    assert [found.repository_unique_id] == site.served.repositories
    assert found.state == "registered"
    assert found.tls_serial == pair(files).facts[0].serial
    assert found.tls_until == files.tls_bundle.certificate.not_valid_after_utc


def test_certificates_that_were_replaced_from_elsewhere_are_learnt(
    site: AccountClinic, files: P1Files
) -> None:
    """P1 gives the same id for others of the provider: they are adopted, and may be registered again."""
    register(site, files)
    others = site.served.files()
    with site.client() as client:
        client.revoke_p1()
        client.register_p1(pair(others).to_send())
    found = adopt(site)
    assert [found.repository_unique_id] == site.served.repositories
    assert (found.tls_serial, found.wss_serial) == tuple(one.serial for one in pair(others).facts)
    assert adopt(site) == found
    assert register(site, others).state == "registered"


def adopt(site: AccountClinic) -> p1.Registration:
    """Learn the state as `erepo account p1 show` does."""
    with site.client() as client:
        return p1.adopt(site.clinic.database, client.p1())


def test_no_id_is_diagnosed_and_cured_by_starting_over(site: AccountClinic, files: P1Files) -> None:
    """Manual 2.1: certificates are stored without an id; revoking and registering again gives it."""
    site.served.world.p1.wrong("szar-repository", "no-id")
    with pytest.raises(P1IdMissing, match="could not be fetched"):
        register(site, files)
    known = p1.registration(site.clinic.database, site.account)
    assert known is not None
    assert (known.state, known.repository_unique_id) == ("stored", "")
    assert adopt(site) == known
    cured = register(site, files, start_over=True)
    assert cured.repository_unique_id == site.served.repositories[-1]
    assert ("p1-certificates", Action.DELETE) in site.served.heard()


@pytest.mark.parametrize("kind", ["busy", "lost"])
def test_a_silent_p1_is_tried_again(site: AccountClinic, files: P1Files, kind: str) -> None:
    """The service tells that P1 does not answer, in its own words; the same call then finishes it."""
    site.served.world.p1.wrong("szar-repository", kind)
    with pytest.raises(ServiceTrouble) as caught:
        register(site, files)
    assert caught.value.retryable
    cause, cure = caught.value.explain("pl")
    assert cause.startswith("System P1")
    assert "ponownie" in cure
    assert register(site, files).state == "registered"


def test_a_repository_that_is_there_is_told_and_a_further_one_can_be_had(
    site: AccountClinic, files: P1Files
) -> None:
    """P1 knows one of another service: refused, and only who demands a new one gets it."""
    site.served.world.p1.home.store.add_repository(site.served.resort_i, force_new=False)
    with pytest.raises(P1RepositoryExists) as caught:
        register(site, files)
    assert "--new-repository" in caught.value.explain("pl")[1]
    known = p1.registration(site.clinic.database, site.account)
    assert known is not None
    assert adopt(site) == known
    with pytest.raises(P1CertificatesPresent):
        register(site, site.served.files(), force_new=True)
    found = register(site, files, force_new=True)
    assert found.repository_unique_id == site.served.repositories[1]


def test_a_crash_after_the_answer_is_made_good(
    site: AccountClinic, files: P1Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered there, unknown here: the same call gets the same id."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("erepo.clinic.p1.registering._keep", crash)
    with pytest.raises(KeyboardInterrupt):
        register(site, files)
    monkeypatch.undo()
    assert p1.registration(site.clinic.database, site.account) is None
    assert [register(site, files).repository_unique_id] == site.served.repositories


def test_a_service_that_has_read_other_certificates_is_not_believed(
    site: AccountClinic, files: P1Files
) -> None:
    """Other serial numbers than were sent confirm nothing, and nothing is kept of the answer."""
    wrong = [one.as_json() | {"serial": "1"} for one in pair(files).facts]
    answer = {"account": site.account, "state": "registered", "repositoryId": "2.999.1"}
    answers = {"/p1/certificates": answer | {"tls": wrong[0], "wss": wrong[1]}}
    with scripted_account(site.clinic, answers), pytest.raises(AnswerInvalid, match="serial"):
        register(site, files)
    assert p1.registration(site.clinic.database, site.account) is None


def test_no_secret_is_told(site: AccountClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a password nor a key stands in the database, and nothing of the subject does."""
    sent: list[dict[str, Any]] = []
    send = AccountClient.register_p1
    monkeypatch.setattr(
        AccountClient, "register_p1", lambda client, body: sent.append(body) or send(client, body)
    )
    register(site, site.served.files("Jan Testowy"))
    everything = (site.clinic.settings.clinic_home / "clinic.db").read_bytes()
    wal = site.clinic.settings.clinic_home / "clinic.db-wal"
    everything += wal.read_bytes() if wal.exists() else b""
    once = [sent[0][f"{purpose}_password"].encode() for purpose in ("tls", "wss")]
    for secret in (TLS_PASSWORD, WSS_PASSWORD, b"Jan Testowy", *once):
        assert secret not in everything
