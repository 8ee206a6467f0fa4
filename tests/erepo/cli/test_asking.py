"""Asking for passwords and numbers: from a pipe nothing is asked, and nothing warned of."""

import subprocess
import sys

ASK = "from erepo.cli.asking import asked_unseen; print(asked_unseen('Password'), asked_unseen('Another'))"


def asked(given: str) -> subprocess.CompletedProcess[str]:
    """Ask twice, with a real pipe as the input."""
    return subprocess.run(
        [sys.executable, "-c", ASK], input=given, capture_output=True, text=True, check=False
    )


def test_a_pipe_gives_a_line_each() -> None:
    """No prompt, and no warning that the terminal cannot hide what is typed."""
    done = asked("first one\nsecond\r\n")
    assert (done.stdout, done.stderr) == ("first one second\n", "")


def test_a_pipe_that_ends_too_early_is_no_empty_answer() -> None:
    """Nothing is taken for a password that nobody has given."""
    done = asked("first one\n")
    assert done.returncode != 0
    assert done.stdout == ""
