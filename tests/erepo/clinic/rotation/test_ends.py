"""What does not go as it should: refusals, the way back, keys in wrong hands, two processes at once."""

import time
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from erepo.clinic import rotation
from erepo.clinic.account import adopt_credentials, load_connection
from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.clinic.mail.errors import MailUnavailable
from erepo.clinic.onboarding.errors import RefusedByOffice
from erepo.clinic.rotation import Demand, Reason, Stage
from erepo.clinic.rotation.errors import (
    CertificatesSettled,
    NewNotProven,
    NothingToRollBack,
    OldRefused,
    RollbackImpossible,
    StepTaken,
)
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import rotation as table
from erepo.cloud import operating
from erepo.cloud.storage.database import Database as CloudDatabase
from erepo.cloud.storage.tables import certificate
from erepo.cloud.tenancy.tenants import FRESH
from erepo.errors import RemoteUnavailable
from erepo.pki.errors import KeyMismatch
from erepo.pki.pem import read_certificate, write_certificates
from tests.erepo.clinic.rotation.conftest import Rotating
from tests.support.certificates import Recipe
from tests.support.ports import free_port


def retire_at_service(rotating: Rotating, prints: tuple[str, ...]) -> None:
    """Let the service's operator revoke certificates."""
    url = rotating.clinic.world.cloud.settings.cloud_url
    with (
        closing(CloudDatabase(url)) as database,
        database.everyone("the operator revokes", write=True) as connection,
    ):
        mine = certificate.c.fingerprint.in_(prints)
        connection.execute(sa.update(certificate).where(mine).values(state="retired"))
    forget()


def forget() -> None:
    """Wait until a running service has noticed what its operator did."""
    time.sleep(FRESH + 0.2)


def test_back_to_the_old_ones(rotating: Rotating) -> None:
    """After the cut-over the old pair comes back into use; time alone does not begin anew the same day."""
    old = rotating.active
    rotating.go_on(Demand.FORCED, last="cut_over")
    assert rotating.rollback() is Stage.ROLLED_BACK
    assert rotating.active.fingerprints == old.fingerprints
    assert rotating.works()
    with pytest.raises(NothingToRollBack):
        rotating.rollback()
    with rotating.database.read() as connection:
        row = connection.execute(sa.select(table)).one()
    assert (row.tls_key_pem, row.wss_key_pem) == (None, None)
    rotating.go_on(Demand.FORCED)
    assert rotating.accepted() == 2


def test_flows_that_began_with_the_new_ones_have_a_day_after_a_rollback(rotating: Rotating) -> None:
    """Where flows run, the service refuses the returned pair after their blocks have changed and a day."""
    rotating.go_on(Demand.FORCED, last="cut_over")
    rotation.published(rotating.database, rotating.account)
    rotating.rollback()
    assert rotating.retire() is False
    assert rotating.accepted() == 4
    with rotating.database.begin() as connection:
        yesterday = connection.execute(sa.select(table.c.retire_after)).scalar_one() - timedelta(days=1)
        connection.execute(sa.update(table).values(retire_after=yesterday, published_at=None))
    assert rotation.retire(rotating.database, rotating.settings, rotating.account) is False
    assert rotating.retire() is True  # once the blocks name the old ones
    assert rotating.accepted() == 2
    assert rotating.retire() is False
    assert rotating.events()[-1] == "certificates_given_back_retired"


def test_a_service_that_is_away_learns_of_a_rollback_later(rotating: Rotating) -> None:
    """Giving up works without the service; the next run tells it what to refuse."""
    rotating.go_on(Demand.FORCED, last="register")
    cloud = rotating.clinic.world.cloud
    cloud.stop()
    try:
        assert rotating.rollback() is Stage.ABANDONED
    finally:
        cloud.start()
    assert rotating.accepted() == 4
    assert rotating.retire() is True
    assert rotating.accepted() == 2
    assert rotating.works()


@pytest.mark.parametrize("last", ["start", "mail", "collect", "register"])
def test_giving_up_before_the_cut_over(rotating: Rotating, last: str) -> None:
    """Nothing has changed for the clinic, and the next rotation has keys of its own."""
    old = rotating.active
    rotating.start()
    first = rotating.open.tls_csr
    if last != "start":
        rotating.go_on(last=last)
    assert rotating.rollback() is Stage.ABANDONED
    assert rotating.active.fingerprints == old.fingerprints
    assert rotating.works()
    rotating.start()
    assert rotating.open.tls_csr != first


def test_no_way_back_once_the_service_may_have_forgotten(rotating: Rotating) -> None:
    """Refused by the service, or compromised: the new ones stay in use, with the reason told."""
    rotating.overlap = timedelta(days=7)
    rotating.go_on(Demand.FORCED, last="cut_over")
    new = rotating.active.fingerprints
    retire_at_service(rotating, rotating.open.fingerprints)
    with pytest.raises(RollbackImpossible, match="does not accept"):
        rotating.rollback()
    assert rotating.active.fingerprints == new
    assert rotating.works()


def test_compromised_keys_get_no_overlap(rotating: Rotating) -> None:
    """A person's word during a rotation takes the overlap away, and the way back."""
    rotating.overlap = timedelta(days=7)
    rotating.go_on(Demand.FORCED, last="collect")
    rotating.go_on(Demand.COMPROMISED, last="cut_over")
    assert rotating.open.reason is Reason.COMPROMISED
    with pytest.raises(RollbackImpossible, match="compromised"):
        rotating.rollback()
    again = rotating.start(Demand.COMPROMISED)
    assert again is not None
    assert again.stage is Stage.CUT_OVER
    assert rotating.retire()
    assert rotating.accepted() == 2


def test_new_keys_compromised_within_their_overlap(rotating: Rotating) -> None:
    """The rotation ends, another begins at once, and retires both generations."""
    rotating.overlap = timedelta(days=7)
    rotating.go_on(Demand.FORCED, last="cut_over")
    first, bad = rotating.open.id, rotating.active.fingerprints
    rotating.go_on(Demand.COMPROMISED)
    assert rotating.stage is None
    assert rotating.active.fingerprints != bad
    assert rotating.accepted() == 2
    with rotating.database.read() as connection:
        rows = connection.execute(sa.select(table.c.id, table.c.state, table.c.tls_key_pem)).all()
    assert len(rows) == 2
    assert first in {row.id for row in rows}
    assert {(row.state, row.tls_key_pem) for row in rows} == {("retired", None)}


def test_the_operator_registers_where_the_old_ones_are_refused(rotating: Rotating) -> None:
    """Expired or revoked, they cannot register their successors; once the operator has, it goes on."""
    rotating.go_on(Demand.FORCED, last="collect")
    old = rotating.active
    retire_at_service(rotating, old.fingerprints)
    with pytest.raises(OldRefused):
        rotating.register()
    assert rotating.stage is Stage.RECEIVED
    tls, wss = (read_certificate(pem) for pem in rotating.open.certificates())
    url = rotating.clinic.world.cloud.settings.cloud_url
    with (
        closing(CloudDatabase(url)) as database,
        database.everyone("the operator registers", write=True) as connection,
    ):
        operating.renew(connection, rotating.account, tls, wss, retire=False)
    forget()
    rotating.go_on()
    assert rotating.stage is None
    assert rotating.works()


def test_the_new_ones_are_proven_before_they_are_used(rotating: Rotating) -> None:
    """A service that lost them in between keeps the clinic with the old ones."""
    rotating.go_on(Demand.FORCED, last="register")
    retire_at_service(rotating, rotating.open.fingerprints)
    with pytest.raises(NewNotProven):
        rotating.cut_over()
    assert rotating.stage is Stage.REGISTERED
    assert rotating.works()
    assert rotating.rollback() is Stage.ABANDONED


def test_a_silent_mail_server_and_a_silent_service(rotating: Rotating) -> None:
    """Both are told as passing; keys and requests are kept, and the next run goes on with them."""
    rotating.start()
    asked = rotating.open.tls_csr
    nobody = Mailer("127.0.0.1", free_port(), "a@clinic.example", tls="none", timeout=2)
    with pytest.raises(MailUnavailable):
        rotation.mail_requests(rotating.database, rotating.account, nobody, "biuro@office.example")
    assert rotating.stage is Stage.REQUESTED
    rotating.mail()
    rotating.collect()
    there = served_at(rotating, f"https://127.0.0.1:{free_port()}/services/{rotating.account}")
    with pytest.raises(RemoteUnavailable):
        rotating.register()
    served_at(rotating, there)
    assert rotating.open.tls_csr == asked
    rotating.go_on()
    assert rotating.works()


def served_at(rotating: Rotating, address: str) -> str:
    """Move the account's services to another address; return where they were."""
    with rotating.database.begin() as connection:
        mine = accounts.c.account == rotating.account
        there = connection.execute(sa.select(accounts.c.service_url).where(mine)).scalar_one()
        connection.execute(sa.update(accounts).where(mine).values(service_url=address))
    return str(there)


def test_three_wrong_answers_of_the_office(rotating: Rotating, tmp_path: Path) -> None:
    """Another's certificates, the old ones, none at all: told or passed over; the fourth is taken."""
    box = tmp_path / "box"
    (box / "new").mkdir(parents=True)
    old = rotating.active
    rotating.go_on(Demand.FORCED, last="mail")
    stranger = Recipe(common_name=f"{rotating.account} TLS").make()
    other = Recipe(common_name=f"{rotating.account} WSS").make()
    asked = rotating.open.message_id
    write(box, "1", asked, [write_certificates([one]) for one in (stranger, other)])
    with pytest.raises(KeyMismatch):
        collect(rotating, box)
    write(box, "2", asked, [old.tls_certificate, old.wss_certificate])
    assert not collect(rotating, box)
    write(box, "3", asked, [])
    with pytest.raises(RefusedByOffice):
        collect(rotating, box)
    assert rotating.stage is Stage.MAILED
    assert not collect(rotating, box)
    rotating.go_on()
    assert rotating.works()


def write(box: Path, name: str, asked: str, pems: list[bytes]) -> None:
    """Put a letter of the office into a Maildir."""
    letter = EmailMessage()
    letter["In-Reply-To"] = asked
    letter.set_content("…")
    for pem in pems:
        letter.add_attachment(pem, maintype="application", subtype="x-pem-file", filename="answer.pem")
    (box / "new" / name).write_bytes(bytes(letter))


def collect(rotating: Rotating, box: Path) -> bool:
    """Look into another mailbox."""
    return rotation.collect_certificates(rotating.database, rotating.account, MaildirMailbox(box))


def test_registered_certificates_are_not_replaced_by_others(rotating: Rotating) -> None:
    """The same again is welcome, others are refused with words."""
    rotating.go_on(Demand.FORCED, last="register")
    found = rotating.open
    pems = [pem.decode() for pem in found.certificates()]
    rotation.receive_pasted(rotating.database, rotating.account, pems)
    rotating.cut_over()
    with pytest.raises((CertificatesSettled, KeyMismatch)):
        rotation.receive_pasted(rotating.database, rotating.account, pems)


def test_many_runs_at_once(rotating: Rotating) -> None:
    """Schedule, form and command line together: one rotation, one cut-over, and nobody breaks anything."""
    problems: list[Exception] = []

    def run() -> None:
        try:
            rotating.go_on(Demand.FORCED, last="cut_over")
        except StepTaken:
            pass
        except Exception as error:  # noqa: BLE001 — shown below
            problems.append(error)

    old = rotating.active
    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    rotating.go_on(last="cut_over")
    assert rotating.events().count("certificates_cut_over") == 1
    assert rotating.open.fingerprints == old.fingerprints
    assert rotating.works()


def test_an_account_that_came_with_key_files(rotating: Rotating, tmp_path: Path) -> None:
    """Its keys move into the ledger, and new ones follow; taken over again, the files win."""
    cloud = rotating.clinic.world.cloud
    tenant = cloud.add_tenant(f"{9_000_000_000_000_000 + free_port()}")
    root = load_connection(rotating.database, rotating.settings).service_url.partition("/services/")[0]
    rotating.clinic.account = adopt_credentials(rotating.database, rotating.settings, tenant.folder)
    served_at(rotating, f"{root}/services/{tenant.account}")
    assert rotating.start(None) is None
    assert rotating.active.fingerprints == (tenant.tls.fingerprint, tenant.wss.fingerprint)
    assert rotating.works()
    rotating.go_on(Demand.FORCED)
    assert rotating.works()
    used = load_connection(rotating.database, rotating.settings)
    assert used.tls.fingerprint == rotating.active.fingerprints[0] != tenant.tls.fingerprint
    adopt_credentials(rotating.database, rotating.settings, tenant.folder)
    used = load_connection(rotating.database, rotating.settings)
    assert used.tls.fingerprint == tenant.tls.fingerprint
