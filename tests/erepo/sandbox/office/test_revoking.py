"""The office takes certificates back: by command, in its list, at the address that its certificates name."""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from erepo.cli.office import app
from erepo.pki.pem import read_certificate
from erepo.pki.revocation import Revocation
from erepo.pki.revocation.addresses import published
from erepo.pki.revocation.errors import RevokedByCrl
from erepo.sandbox.office.errors import KeyRevoked, ListAddressWrong, SerialUnknown
from erepo.sandbox.office.letters import read_requests
from erepo.sandbox.office.publishing import place
from erepo.sandbox.office.service import Office
from tests.erepo.sandbox.office.test_office import letter, request
from tests.support.certificates import TLS, WSS
from tests.support.ports import free_port
from tests.support.revocation import LOCAL


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that was set up."""
    return Office.initialise(tmp_path / "office")


def issued(office: Office) -> x509.Certificate:
    """Have both certificates issued and return the TLS one."""
    office.issue(read_requests(letter(request(TLS), request(WSS))))
    return read_certificate(next((office.home / "issued").glob("*-TLS.pem")).read_bytes())


def command(office: Office, *arguments: str, speak: str = "en") -> Result:
    """Run `erepo office …`."""
    environment = {"EREPO_HOME": str(office.home.parent), "EREPO_LANGUAGE": speak}
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_a_certificate_is_taken_back_by_command(office: Office, tmp_path: Path) -> None:
    """The list names it with date and reason, once and for all; the same key gets no other certificate."""
    leaf = issued(office)
    assert published(leaf).nothing
    for reason in ("keyCompromise", "superseded"):
        done = command(office, "revoke", f"{leaf.serial_number:x}", "--reason", reason, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)["reason"] == "keyCompromise"
    told = command(office, "revoke", f"{leaf.serial_number:X}", speak="pl")
    assert "Unieważniono" in told.output
    given = LOCAL.model_copy(update={"crl": office.home / "revoked.crl"})
    with pytest.raises(RevokedByCrl, match="compromised"):
        Revocation(given, tmp_path / "crl").check([leaf, office.authority.certificate])
    with pytest.raises(KeyRevoked):
        issued(office)


@pytest.mark.parametrize("serial", ["0", "no number", "-1", "ff" * 200])
def test_what_was_not_issued_is_not_taken_back(office: Office, serial: str) -> None:
    """A wrong number is refused, and no list is written."""
    issued(office)
    with pytest.raises(SerialUnknown):
        office.revoke(serial, "unspecified")
    assert not (office.home / "revoked.crl").exists()


def test_the_list_is_served_where_certificates_say(office: Office, tmp_path: Path) -> None:
    """With EREPO_OFFICE__CRL_URL new certificates name the list, and the running office serves it."""
    url = f"http://127.0.0.1:{free_port()}/office.crl"
    office.name_list(url)
    leaf = issued(office)
    assert published(leaf).crls == (url,)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "erepo", "office", "serve", "--port", "0"],
        env=kept | {"EREPO_HOME": str(tmp_path), "EREPO_HOST": "127.0.0.1", "EREPO_OFFICE__CRL_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with closing(process.stdout):
        try:
            assert "ready" in process.stdout.readline()
            asking = Revocation(LOCAL, tmp_path / "crl")
            chain = [leaf, office.authority.certificate]
            asking.check(chain)
            office.revoke(f"{leaf.serial_number:x}", "cessationOfOperation")
            with pytest.raises(RevokedByCrl, match="no longer needed"):
                asking.check(chain)
        finally:
            process.terminate()
            assert process.wait(120) == 0


def test_the_list_ends_after_a_week(office: Office) -> None:
    """Whoever keeps the file has to fetch it again."""
    office.revoke(f"{issued(office).serial_number:x}", "unspecified")
    crl = x509.load_der_x509_crl((office.home / "revoked.crl").read_bytes())
    assert crl.next_update_utc is not None
    assert crl.next_update_utc - crl.last_update_utc == timedelta(days=7)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "http://127.0.0.1:99999/x", "http://h", "http:///x", "http://h/x?y=1"]
)
def test_addresses_that_cannot_be_served(url: str) -> None:
    """A wrong setting is told at once."""
    with pytest.raises(ListAddressWrong):
        place(url)
