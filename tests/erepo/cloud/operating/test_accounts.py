"""`erepo cloud tenant …`."""

import json
import stat
from datetime import date
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.cli.cloud_words import size_of
from erepo.cloud import operating
from erepo.cloud.audit.events import Event
from erepo.cloud.credentials import FILES
from erepo.cloud.errors import TermOver
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event
from erepo.pki.bundle import Bundle
from erepo.settings import Settings
from tests.erepo.cloud.operating.conftest import Run
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.waiting import until

pytestmark = pytest.mark.one_store

ACCOUNT = "0000000000001003"


def shown(run: Run, account: str = ACCOUNT) -> dict[str, object]:
    """Return what `tenant show --json` says."""
    found: dict[str, object] = json.loads(run("tenant", "show", account, "--json").stdout)
    return found


def events(tmp_path: Path) -> list[Event]:
    """Return all events of the service in `tmp_path/var`."""
    database = Database(Settings(_env_file=None, home=tmp_path / "var").cloud_url)
    try:
        with database.everyone("a test looks") as connection:
            rows = connection.scalars(select(audit_event.c.facts).order_by(audit_event.c.number))
            return [Event.read(bytes(row)) for row in rows]
    finally:
        database.close()


def test_a_tenant_with_credentials_is_active(run: Run, tmp_path: Path) -> None:
    """`tenant add --credentials` writes everything a peer needs, keys for the owner only, and activates."""
    folder = tmp_path / "credentials"
    run("tenant", "add", ACCOUNT, "--credentials", folder, "--limit-documents", "7")
    assert {path.name for path in folder.iterdir()} == set(FILES)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")}
    assert modes == {"tls.key": 0o600, "wss.key": 0o600}
    facts = json.loads((folder / "account.json").read_text())
    wanted = {"account", "registry", "repository", "service", "repositoryUniqueId", "homeCommunityId"}
    assert wanted | {"sourceId", "serviceSigner", "security", "validUntil"} <= set(facts)
    bundle = Bundle.from_pem((folder / "wss.pem").read_bytes(), (folder / "wss.key").read_bytes())
    assert (bundle.subject_account, bundle.subject_purpose) == (ACCOUNT, "WSS")
    found = shown(run)
    assert (found["state"], found["limitDocuments"]) == ("active", 7)


def test_a_tenant_without_credentials_waits(run: Run) -> None:
    """Without --credentials the account is ordered, with the options as they are by default."""
    run("tenant", "add", ACCOUNT)
    listed = json.loads(run("tenant", "list", "--json").stdout)
    assert [(each["account"], each["state"]) for each in listed] == [(ACCOUNT, "ordered")]
    assert ACCOUNT in run("tenant", "list").stdout
    options = {name: listed[0][name] for name in ("security", "patients", "codes", "users", "validUntil")}
    assert options == {
        "security": "wss",
        "patients": "open",
        "codes": "open",
        "users": "required",
        "validUntil": None,
    }


def test_every_option_of_an_account_can_be_given(run: Run) -> None:
    """`tenant add` keeps what it is told; sizes as people write them."""
    options = ["--security", "mtls", "--patients", "registered", "--codes", "polish", "--users", "required"]
    limits = ["--limit-bytes", "1.5TiB", "--limit-documents", "12", "--valid-until", "2999-12-31"]
    run("tenant", "add", ACCOUNT, *options, *limits)
    found = shown(run)
    assert [found[name] for name in ("security", "patients", "codes", "users")] == options[1::2]
    assert (found["limitBytes"], found["limitDocuments"]) == (3 * 1024**4 // 2, 12)
    assert found["validUntil"] == "2999-12-31"


def test_mutual_tls_alone_asks_for_no_user(run: Run) -> None:
    """An account of IHE peers need not say who acts, unless it is told to."""
    run("tenant", "add", ACCOUNT, "--security", "mtls")
    assert shown(run)["users"] == "optional"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["add", "123"], 1),
        (["add", ACCOUNT], 1),
        (["show", "0000000000009999"], 1),
        (["suspend", "0000000000009999"], 1),
        (["set", "0000000000009999", "--codes", "polish"], 1),
        (["add", "0000000000009999", "--limit-bytes", "50XB"], 2),
        (["add", "0000000000009999", "--valid-until", "2020-01-01"], 2),
        (["add", "0000000000009999", "--valid-until", "tomorrow"], 2),
        (["add", "0000000000009999", "--limit-documents", "-1"], 2),
        (["set", ACCOUNT], 2),
        (["set", ACCOUNT, "--valid-until", "2020-01-01"], 2),
        (["set", ACCOUNT, "--security", "none"], 2),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_explained(run: Run, arguments: list[str], code: int) -> None:
    """A command that cannot be done ends with 1, one used wrongly with 2; both say why and change nothing."""
    run("tenant", "add", ACCOUNT)
    before = json.loads(run("tenant", "list", "--json").stdout)
    result = run("tenant", *arguments, code=code)
    assert result.stderr.strip()
    if code == 1:
        assert len(result.stderr.strip().splitlines()) == 2
    assert json.loads(run("tenant", "list", "--json").stdout) == before


def test_credentials_never_overwrite_others(run: Run, tmp_path: Path) -> None:
    """A folder with keys in it is refused, and they stay; the account is not added."""
    run("tenant", "add", ACCOUNT, "--credentials", tmp_path / "c")
    kept = {path: path.read_bytes() for path in (tmp_path / "c").iterdir()}
    run("tenant", "add", "0000000000001004", "--credentials", tmp_path / "c", code=1)
    assert kept == {path: path.read_bytes() for path in (tmp_path / "c").iterdir()}
    run("tenant", "show", "0000000000001004", code=1)


def test_set_changes_what_it_is_told_and_tells_it(run: Run, tmp_path: Path) -> None:
    """Only named options change; each change stands in the account's record with its old and new value."""
    run("tenant", "add", ACCOUNT, "--valid-until", "2999-12-31", "--limit-bytes", "1GB")
    before = shown(run)
    told = json.loads(
        run("tenant", "set", ACCOUNT, "--codes", "polish", "--valid-until", "open", "--json").stdout
    )
    assert told["changed"] == {"codes": ["open", "polish"], "validUntil": ["2999-12-31", None]}
    assert shown(run) == before | {"codes": "polish", "validUntil": None}
    recorded = events(tmp_path)[-1]
    assert recorded.who.endpoint == "erepo cloud tenant set"
    assert {(each.id, each.detail) for each in recorded.things} == {
        ("codes", "open → polish"),
        ("valid_until", "2999-12-31 → open"),
    }
    assert "nothing changed" in run("tenant", "set", ACCOUNT, "--codes", "polish").stdout


def test_suspend_and_resume(run: Run, tmp_path: Path) -> None:
    """An account can be closed and opened again; each is recorded."""
    run("tenant", "add", ACCOUNT, "--credentials", tmp_path / "c")
    for command, state in (("suspend", "suspended"), ("resume", "active")):
        run("tenant", command, ACCOUNT)
        assert shown(run)["state"] == state
    commands = [each.who.endpoint for each in events(tmp_path)]
    assert commands == [f"erepo cloud tenant {name}" for name in ("add", "suspend", "resume")]


def test_renewed_credentials_serve_beside_the_earlier_until_those_are_retired(
    run: Run, tmp_path: Path
) -> None:
    """`tenant renew` adds certificates; with --retire only the new ones are left."""
    run("tenant", "add", ACCOUNT, "--credentials", tmp_path / "1")
    run("tenant", "renew", ACCOUNT, "--credentials", tmp_path / "2")
    states = [each["state"] for each in shown(run)["certificates"]]  # type: ignore[attr-defined]
    assert states == ["active"] * 4
    run("tenant", "renew", ACCOUNT, "--credentials", tmp_path / "3", "--retire")
    states = [each["state"] for each in shown(run)["certificates"]]  # type: ignore[attr-defined]
    assert states == ["active"] * 2 + ["retired"] * 4


def get_state(credentials: TenantCredentials) -> httpx.Response:
    """Ask for the account's state."""
    with httpx.Client(verify=credentials.tls_context(), trust_env=False, timeout=60) as client:
        return client.get(credentials.facts["service"])


def test_a_running_service_follows_within_a_second(own_cloud: RunningCloud) -> None:
    """What `tenant set` and `tenant suspend` decide holds in a service that was asked just before."""
    own_cloud.start()
    runner = CliRunner(env=dict(own_cloud.environment))
    assert get_state(own_cloud.tenant).json()["limitDocuments"] == 1_000_000
    assert runner.invoke(app, ["tenant", "set", ACCOUNT, "--limit-documents", "3"]).exit_code == 0
    until(lambda: get_state(own_cloud.tenant).json()["limitDocuments"] == 3)
    assert runner.invoke(app, ["tenant", "suspend", ACCOUNT]).exit_code == 0
    until(lambda: get_state(own_cloud.tenant).status_code == 403)
    assert runner.invoke(app, ["tenant", "resume", ACCOUNT]).exit_code == 0
    until(lambda: get_state(own_cloud.tenant).status_code == 200)


@given(st.integers(0, 10**6), st.sampled_from(["", "B", "kB", "MB", "GB", "KiB", "MiB", "GiB", " gb"]))
def test_sizes_are_read_as_written(number: int, unit: str) -> None:
    """A size is its number times its unit, of 1,000 or of 1,024."""
    factors = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
    factors |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
    assert size_of(f"{number}{unit}") == number * factors[unit.strip().lower()]


def test_a_term_that_is_over_is_refused_also_without_the_command_line(run: Run, tmp_path: Path) -> None:
    """The last day of an account is never set into the past."""
    run("tenant", "add", ACCOUNT)
    database = Database(Settings(_env_file=None, home=tmp_path / "var").cloud_url)
    with pytest.raises(TermOver):
        operating.change(database, ACCOUNT, {"valid_until": date(2020, 1, 1)})
    database.close()


def test_an_account_is_shown_in_the_words_of_people(run: Run) -> None:
    """`tenant show` and `tenant set` write sizes and dates as people do, in their language."""
    run("tenant", "add", ACCOUNT, "--limit-bytes", "200GB", "--valid-until", "2999-12-31")
    assert "0 B of 200.0 GB" in run("tenant", "show", ACCOUNT).stdout
    told = run("tenant", "set", ACCOUNT, "--limit-bytes", "1GB", "--valid-until", "open").stdout
    assert "limit-bytes: 200.0 GB (200000000000 B) → 1.0 GB (1000000000 B)" in told
    assert "valid-until: 2999-12-31 → no end" in told
    polish = run("tenant", "show", ACCOUNT, env={"EREPO_LANGUAGE": "pl"}).stdout
    assert "0 B z 1,0 GB" in polish
    assert "bez końca" in polish


def test_set_promises_no_default(run: Run) -> None:
    """What is not named stays as it is: only `add` has a size that it takes by itself."""
    assert "50GiB" in run("tenant", "add", "--help").stdout
    assert "50GiB" not in run("tenant", "set", "--help").stdout


def test_a_count_that_no_database_holds_is_refused(run: Run) -> None:
    """A limit beyond what a column holds is a mistake of use, not a crash."""
    assert "--limit-documents" in run("tenant", "add", ACCOUNT, "--limit-documents", "9" * 20, code=2).stderr


def test_a_last_day_that_is_over_is_told_with_its_option(run: Run) -> None:
    """`tenant set --valid-until` names the option whose value it refuses."""
    run("tenant", "add", ACCOUNT)
    assert "--valid-until" in run("tenant", "set", ACCOUNT, "--valid-until", "2001-01-01", code=2).stderr


def test_the_record_tells_what_was_decided(run: Run) -> None:
    """`audit show --full` names old and new values of a decision, and moments to the second."""
    run("tenant", "add", ACCOUNT)
    run("tenant", "set", ACCOUNT, "--codes", "polish")
    full = run("audit", "show", ACCOUNT, "--full", env={"COLUMNS": "200"}).stdout
    assert "setting codes: open → polish" in full
    later = run("audit", "show", ACCOUNT, "--since", "2999-01-01T00:00:00Z", "--json").stdout
    assert json.loads(later) == []
    assert "'soon' is no time" in run("audit", "show", ACCOUNT, "--since", "soon", code=2).stderr
