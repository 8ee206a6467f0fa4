"""`erepo api token` and `erepo api webhooks`, as a person uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from erepo.cli.api import app


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of an installation that nobody has used yet."""
    return {"EREPO_HOME": str(tmp_path), "EREPO_LANGUAGE": "pl", "COLUMNS": "200"}


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; return exit code, output and what was said beside it."""
    done = CliRunner(env=environment).invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


def test_tokens(environment: dict[str, str]) -> None:
    """A token is shown once, listed without its secret, revoked, and its errors are told with their cure."""
    assert run(environment, "token", "list")[1] == "Nie ma żadnych tokenów.\n"
    code, token, words = run(environment, "token", "add", "his", "--scope", "kinds:read")
    assert (code, token.startswith("erepo_"), "pokazywany tylko teraz" in words) == (0, True, True)
    shown = run(environment, "token", "list")[1]
    assert "his" in shown
    assert "kinds:read" in shown
    assert token.strip() not in shown
    code, _, words = run(environment, "token", "add", "his")
    assert (code, "Co zrobić: " in words) == (1, True)
    made = json.loads(run(environment, "token", "add", "lab", "--json")[1])
    assert made["name"] == "lab"
    assert run(environment, "token", "revoke", "his")[:2] == (0, "Token his został unieważniony.\n")
    his, lab = json.loads(run(environment, "token", "list", "--json")[1])
    assert (his["revoked_at"] is None, lab["revoked_at"] is None) == (False, True)
    assert lab["scopes"] == ["documents:write", "documents:read"]


def test_webhooks(environment: dict[str, str]) -> None:
    """A webhook is added with a secret that is shown once, listed with its counts, tried again, removed."""
    assert run(environment, "webhooks", "list")[1] == "Nie ma żadnych webhooków.\n"
    code, _, words = run(environment, "webhooks", "add", "https://his.example.pl/")
    assert (code, "EREPO_KEY_PASSPHRASE" in words) == (1, True)
    environment["EREPO_KEY_PASSPHRASE"] = "of a test"
    code, secret, _ = run(environment, "webhooks", "add", "https://his.example.pl/", "--state", "archived")
    assert (code, secret.startswith("whsec_")) == (0, True)
    (one,) = json.loads(run(environment, "webhooks", "list", "--json")[1])
    assert (one["states"], one["pending"], "secret" in one) == (["archived"], 0, False)
    assert "archived; oczekujące: 0, dostarczone: 0, nieudane: 0" in run(environment, "webhooks", "list")[1]
    assert run(environment, "webhooks", "retry", one["id"])[1] == "Powiadomienia do ponowienia: 0.\n"
    assert run(environment, "webhooks", "remove", one["id"])[0] == 0
    code, _, words = run(environment, "webhooks", "remove", one["id"])
    assert (code, "Nie ma webhooka" in words) == (1, True)
    code, _, words = run(environment, "webhooks", "add", "http://10.0.0.1/")
    assert (code, "EREPO_API__WEBHOOK_PRIVATE" in words) == (1, True)
