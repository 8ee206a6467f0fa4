"""The operator's commands, run in the test's own process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from erepo.cli.cloud import app
from tests.support.ports import free_port

Run = Callable[..., Result]


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    """Runs commands with a home of their own."""
    environment = {
        "EREPO_HOME": str(tmp_path / "var"),
        "EREPO_PORT_BASE": str(free_port()),
        "EREPO_LANGUAGE": "en",
    }
    return CliRunner(env=environment)


@pytest.fixture
def run(runner: CliRunner) -> Run:
    """A service that is set up, and a way to run commands on it: `run("tenant", "list", code=0)`."""
    assert runner.invoke(app, ["init"]).exit_code == 0

    def command(*arguments: object, code: int = 0, **more: object) -> Result:
        result = runner.invoke(app, [str(each) for each in arguments], **more)  # type: ignore[arg-type]
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return command
