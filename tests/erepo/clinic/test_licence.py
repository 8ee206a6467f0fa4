"""The licence: what the office signs is believed, what anybody changed is not, and over is over."""

import base64
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from erepo.clinic.archiving import check_permitted, send_batch
from erepo.clinic.database import Database
from erepo.clinic.licence import clock, current_licence, keeping, load_licence, require_licence
from erepo.clinic.licence.errors import (
    LicenceClockBehind,
    LicenceExpired,
    LicenceForeign,
    LicenceInvalid,
    LicenceKeyMissing,
    LicenceNotYet,
)
from erepo.clinic.tables import account
from erepo.clinic.tables_account import licence
from erepo.clinic.times import WARSAW
from erepo.sandbox.office.licences import issue_licence, public_key_file
from erepo.sandbox.office.service import Office
from erepo.settings import Settings
from tests.support.archive_desk import Desk
from tests.support.certificates import ACCOUNT

OTHER = "0000000000002004"
TODAY = datetime.now(WARSAW).date()
DAY = timedelta(days=1)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office that was set up, and its folder."""
    return Office.initialise(tmp_path / "office").home


@pytest.fixture
def trusting(office: Path, clinic_settings: Settings) -> Settings:
    """Settings that trust the office for licences."""
    issue_licence(office, ACCOUNT, TODAY, TODAY)
    return clinic_settings.model_copy(update={"licence_key": public_key_file(office)})


def issue(office: Path, first: date, last: date, name: str = ACCOUNT) -> str:
    """Have a licence signed."""
    return issue_licence(office, name, first, last, "Przychodnia „Żuraw”")


def test_without_a_licence_nothing_is_limited(clinic_database: Database, clinic_settings: Settings) -> None:
    """No licence, no key, no limit."""
    check_permitted(clinic_database, clinic_settings)


def test_a_licence_is_loaded_and_counts(office: Path, trusting: Settings, clinic_database: Database) -> None:
    """Valid from the first day to the end of the last, in Poland; loading it twice changes nothing."""
    text = issue(office, TODAY - DAY, TODAY + 30 * DAY)
    for _ in range(2):
        found = load_licence(clinic_database, trusting, text + "\n")
    assert (found.account, found.holder) == (ACCOUNT, "Przychodnia „Żuraw”")
    assert (found.first_day, found.last_day) == (str(TODAY - DAY), str(TODAY + 30 * DAY))
    with clinic_database.read() as connection:
        assert current_licence(connection, trusting) == found
        require_licence(connection, trusting, found.valid_until - timedelta(seconds=1))
        with pytest.raises(LicenceExpired, match=str(TODAY + 30 * DAY)):
            require_licence(connection, trusting, found.valid_until)
        with pytest.raises(LicenceNotYet):
            require_licence(connection, trusting, found.valid_from - timedelta(seconds=1))


def test_expired_nothing_is_sent(office: Path, trusting: Settings, clinic_database: Database) -> None:
    """A licence that is over stops archiving with its typed error; a new one lets it go on."""
    text = issue(office, TODAY - 60 * DAY, TODAY - 2 * DAY)
    with pytest.raises(LicenceExpired):
        load_licence(clinic_database, trusting, text)
    with clinic_database.begin() as connection:  # it was valid when it was loaded
        values = {"account": ACCOUNT, "valid_from": datetime.now(UTC), "valid_until": datetime.now(UTC)}
        connection.execute(licence.insert().values(id="L-1", text=text, **values))
    with pytest.raises(LicenceExpired):
        check_permitted(clinic_database, trusting)
    load_licence(clinic_database, trusting, issue(office, TODAY - DAY, TODAY + DAY))
    check_permitted(clinic_database, trusting)


async def test_a_licence_that_ends_meanwhile_stops_before_the_next_batch(
    office: Path, tmp_path: Path
) -> None:
    """Nothing leaves while there is no valid licence; with a new one everything is archived once."""
    issue(office, TODAY, TODAY)
    desk = Desk(tmp_path / "clinic", licence_key=public_key_file(office))
    desk.take_in(4, patients=2)
    (batch,) = desk.plan().batches
    with desk.database.begin() as connection:
        values = {"account": ACCOUNT, "valid_from": datetime.now(UTC), "valid_until": datetime.now(UTC)}
        text = issue(office, TODAY - 60 * DAY, TODAY - 2 * DAY)
        connection.execute(licence.insert().values(id="L-1", text=text, **values))
    with pytest.raises(LicenceExpired):
        await send_batch(desk.cloud, desk.database, batch)
    assert desk.cloud.requests == []
    load_licence(desk.database, desk.settings, issue(office, TODAY - DAY, TODAY + DAY))
    await desk.run()
    desk.assert_all_archived_once()
    desk.close()


def test_a_clock_that_was_set_back_helps_nobody(
    office: Path, trusting: Settings, clinic_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A licence that is over does not pass on an earlier date; a new one sets the memory right."""
    present = datetime.now(UTC)

    def at(moment: datetime) -> None:
        for module in (clock, keeping):
            monkeypatch.setattr(module, "now", lambda: moment)

    load_licence(clinic_database, trusting, issue(office, TODAY - DAY, TODAY + 30 * DAY))
    check_permitted(clinic_database, trusting)
    at(present + 40 * DAY)
    with pytest.raises(LicenceExpired):
        check_permitted(clinic_database, trusting)
    at(present)
    with pytest.raises(LicenceClockBehind, match=f"{present + 40 * DAY:%Y-%m-%d}"):
        check_permitted(clinic_database, trusting)
    at(present + 20 * DAY)
    with pytest.raises(LicenceClockBehind):
        check_permitted(clinic_database, trusting)
    at(present)
    load_licence(clinic_database, trusting, issue(office, TODAY - DAY, TODAY + 60 * DAY))
    check_permitted(clinic_database, trusting)
    at(present + 2 * DAY)
    check_permitted(clinic_database, trusting)
    at(present + 1.2 * DAY)
    check_permitted(clinic_database, trusting)


def test_a_date_in_the_database_helps_nobody(
    office: Path, trusting: Settings, clinic_database: Database
) -> None:
    """Dates are read from what was signed; a text that was changed is no licence."""
    load_licence(clinic_database, trusting, issue(office, TODAY - DAY, TODAY + DAY))
    with clinic_database.begin() as connection:
        far = datetime.now(UTC) + 1000 * DAY
        connection.execute(licence.update().values(valid_until=far))
    with clinic_database.read() as connection:
        found = current_licence(connection, trusting)
    assert found is not None
    assert found.last_day == str(TODAY + DAY)
    head, body, signature = found.text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"exp": int(far.timestamp())}
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(LicenceInvalid, match="signature"):
        load_licence(clinic_database, trusting, f"{head}.{forged}.{signature}")
    with clinic_database.begin() as connection:
        connection.execute(licence.update().values(text=f"{head}.{forged}.{signature}"))
    with pytest.raises(LicenceInvalid):
        check_permitted(clinic_database, trusting)


GOOD = {"jti": "L-2", "sub": ACCOUNT, "nbf": 0, "exp": 10**10}


def forgeries() -> dict[str, str]:
    """Texts that look like licences."""
    key = Ed25519PrivateKey.generate()
    return {
        "another key": jwt.encode(GOOD, key, "EdDSA", {"typ": "erepo-licence+jwt"}),
        "no algorithm": jwt.encode(GOOD, None, "none", {"typ": "erepo-licence+jwt"}),
        "a secret": jwt.encode(GOOD, "x" * 40, "HS256", {"typ": "erepo-licence+jwt"}),
        "nothing": "",
        "words": "a licence, honestly",
        "too long": "x" * 10_000,
    }


@pytest.mark.parametrize("name", forgeries())
def test_forgeries_are_no_licences(name: str, trusting: Settings, clinic_database: Database) -> None:
    """Whoever signed it otherwise, or not at all, is not believed."""
    with pytest.raises(LicenceInvalid):
        load_licence(clinic_database, trusting, forgeries()[name])


@pytest.mark.parametrize(
    "changes", [{"sub": "1"}, {"exp": "soon"}, {"exp": -1}, {"jti": "a b"}, {"nbf": 10**10}]
)
def test_claims_must_have_their_form(
    changes: dict[str, object], office: Path, trusting: Settings, clinic_database: Database
) -> None:
    """Even the office's own key signs no nonsense into force."""
    passphrase = (office / "secrets" / "passphrase").read_bytes()
    key = load_pem_private_key((office / "secrets" / "licence.key").read_bytes(), passphrase)
    assert isinstance(key, Ed25519PrivateKey)
    text = jwt.encode(GOOD | changes, key, "EdDSA", {"typ": "erepo-licence+jwt"})
    with pytest.raises(LicenceInvalid):
        load_licence(clinic_database, trusting, text)
    token = jwt.encode(GOOD, key, "EdDSA", {"typ": "JWT"})
    with pytest.raises(LicenceInvalid, match="claims"):
        load_licence(clinic_database, trusting, token)


def test_a_licence_belongs_to_one_account(
    office: Path, trusting: Settings, clinic_database: Database
) -> None:
    """That of another account is refused, when it is loaded and when the account changes later."""
    load_licence(clinic_database, trusting, issue(office, TODAY, TODAY + DAY))
    with clinic_database.begin() as connection:
        names = ("service_url", "registry_url", "repository_url", "repository_unique_id", "source_id")
        connection.execute(account.insert().values(account=OTHER, **dict.fromkeys(names, "x")))
    with pytest.raises(LicenceForeign):
        check_permitted(clinic_database, trusting)
    with pytest.raises(LicenceForeign):
        load_licence(clinic_database, trusting, issue(office, TODAY, TODAY + DAY))
    load_licence(clinic_database, trusting, issue(office, TODAY, TODAY + DAY, OTHER))
    check_permitted(clinic_database, trusting)


def test_the_key_must_be_there(office: Path, clinic_settings: Settings, clinic_database: Database) -> None:
    """Without a key, or with another kind of file, nothing can be loaded, and the file is named."""
    text = issue(office, TODAY, TODAY + DAY)
    pinned = clinic_settings.clinic_home / "trust" / "licence.pem"
    with pytest.raises(LicenceKeyMissing, match=r"licence\.pem"):
        load_licence(clinic_database, clinic_settings, text)
    pinned.parent.mkdir(parents=True)
    pinned.write_bytes((office / "ca" / "ca.pem").read_bytes())
    with pytest.raises(LicenceKeyMissing):
        load_licence(clinic_database, clinic_settings, text)
    pinned.write_bytes(public_key_file(office).read_bytes())
    load_licence(clinic_database, clinic_settings, text)


def test_the_offices_key_is_kept_closed(office: Path) -> None:
    """The signing key is encrypted and readable by its owner alone."""
    issue(office, TODAY, TODAY)
    file = office / "secrets" / "licence.key"
    assert b"ENCRYPTED PRIVATE KEY" in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
