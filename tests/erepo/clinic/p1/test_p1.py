"""Registration in the national domain: the files, the ways through it, and what a crash leaves."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

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
)
from erepo.clinic.rest.errors import ServiceTrouble
from erepo.clinic.tables import audit_event
from erepo.pki import Bundle
from tests.support.account_clinic import AccountClinic, account_clinic
from tests.support.certificates import NOW
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD, P1Files, make_p1_files
from tests.support.service_double import REPOSITORY

FILES, OTHERS = make_p1_files(), make_p1_files()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AccountClinic]:
    """A clinic with its account."""
    with account_clinic(tmp_path) as one:
        yield one


def pair(files: P1Files = FILES) -> p1.Pair:
    """Both files, opened and checked."""
    return p1.read_pair(files.tls, TLS_PASSWORD, files.wss, WSS_PASSWORD)


def register(site: AccountClinic, files: P1Files = FILES, **options: bool) -> p1.Registration:
    """Register as commands and tasks do."""
    with site.client() as client:
        return p1.register(client, site.clinic.database, site.service.account, pair(files), **options)


def revoke(site: AccountClinic) -> p1.Registration:
    """Revoke as commands and tasks do."""
    with site.client() as client:
        return p1.revoke(client, site.clinic.database, site.service.account)


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


def test_the_whole_way(site: AccountClinic) -> None:
    """Registered, kept, repeated without harm, refused for others, revoked, registered anew; all audited."""
    account, database = site.service.account, site.clinic.database
    assert p1.registration(database, account) is None
    found = register(site)
    assert (found.state, found.repository_unique_id) == ("registered", REPOSITORY)
    assert register(site) == p1.registration(database, account)
    with database.read() as connection:
        assert p1.repository_id(connection, account) == REPOSITORY
    with pytest.raises(P1CertificatesPresent, match="revoked before"):
        register(site, OTHERS)
    assert [revoke(site).state, revoke(site).state] == ["none", "none"]
    with database.read() as connection, pytest.raises(P1NotRegistered):
        p1.repository_id(connection, account)
    assert register(site, OTHERS).state == "registered"
    with database.read() as connection:
        rows = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.detail).where(audit_event.c.subject == "account")
        ).all()
    assert [row.event for row in rows] == [
        "p1_registered",
        "p1_registered",
        "p1_none",
        "p1_none",
        "p1_registered",
    ]
    assert rows[2].detail["before"] == REPOSITORY


def test_the_service_says_so_where_our_database_does_not_know(site: AccountClinic) -> None:
    """Registered from elsewhere: refused with the manual's message, and `adopt` learns the state."""
    register(site)
    with site.clinic.database.begin() as connection:
        connection.execute(sa.text("DELETE FROM p1_registration"))
    with pytest.raises(P1CertificatesPresent):
        register(site, OTHERS)
    with site.client() as client:
        found = p1.adopt(site.clinic.database, client.p1())
    assert (found.state, found.repository_unique_id) == ("registered", REPOSITORY)
    assert found.tls_serial == pair().facts[0].serial


def test_no_id_is_diagnosed_and_cured_by_starting_over(site: AccountClinic) -> None:
    """Manual 2.1: certificates are stored without an id; revoking and registering again gives it."""
    site.service.faults = [(502, "p1.repository-id-missing")]
    with pytest.raises(P1IdMissing, match="could not be fetched"):
        register(site)
    known = p1.registration(site.clinic.database, site.service.account)
    assert known is not None
    assert (known.state, known.repository_unique_id) == ("stored", "")
    assert register(site, start_over=True).repository_unique_id == REPOSITORY
    assert site.service.revocations == 1


def test_a_silent_p1_is_tried_again(site: AccountClinic) -> None:
    """The service tells that P1 does not answer, in its own words; the same call then finishes it."""
    site.service.faults = [(504, "p1.timeout")]
    with pytest.raises(ServiceTrouble) as caught:
        register(site)
    assert caught.value.retryable
    assert caught.value.explain("pl") == ("Powód", "Rada")
    assert register(site).state == "registered"


def test_a_crash_after_the_answer_is_made_good(site: AccountClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered there, unknown here: the same call gets the same id."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("erepo.clinic.p1.registering._keep", crash)
    with pytest.raises(KeyboardInterrupt):
        register(site)
    monkeypatch.undo()
    assert p1.registration(site.clinic.database, site.service.account) is None
    assert register(site).repository_unique_id == REPOSITORY


def test_no_secret_is_told(site: AccountClinic) -> None:
    """Neither P1's passwords nor a key stand in the database, and nothing of the subject does."""
    register(site)
    everything = (site.clinic.settings.clinic_home / "clinic.db").read_bytes()
    wal = site.clinic.settings.clinic_home / "clinic.db-wal"
    everything += wal.read_bytes() if wal.exists() else b""
    for secret in (
        TLS_PASSWORD,
        WSS_PASSWORD,
        b"Podmiot 927722",
        site.service.seen[-1]["tls_password"].encode(),
    ):
        assert secret not in everything
