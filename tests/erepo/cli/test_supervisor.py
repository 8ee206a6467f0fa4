"""The supervisor ends everything it started and nothing else."""

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from erepo.cli import processes
from erepo.cli.errors import PortTaken, ProgramEnded, ProgramNotReady
from erepo.cli.supervisor import Program, Supervisor, answers, interruptible, says
from tests.support.waiting import until

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
#: Starts a grandchild in a session of its own, as Prefect's worker does, then ignores SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("ready", grandchild.pid, flush=True)
time.sleep(600)
"""


def program(code: str, name: str = "sleeper", **more: object) -> Program:
    """Give a program that runs some Python."""
    return Program(name, [sys.executable, "-c", code], dict(os.environ), says("ready"), **more)  # type: ignore[arg-type]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """Give a supervisor that is stopped after the test."""
    with Supervisor(tmp_path / "logs", base=8400) as one:
        yield one


def test_a_program_is_ready_when_it_says_so(supervisor: Supervisor) -> None:
    """Readiness is the program's own word, and its log is for its owner's eyes only."""
    child = supervisor.start(program(SLEEPER))
    supervisor.await_ready(child)
    assert "ready" in child.words()
    assert child.log.stat().st_mode & 0o077 == 0


def test_what_is_ready_is_told_in_the_language_of_who_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Polish with a Polish sentence, and seconds with a comma."""
    told: list[str] = []
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    with Supervisor(tmp_path / "logs", base=8400, say=told.append) as one:
        one.await_ready(one.start(program(SLEEPER)))
    assert re.fullmatch(r"sleeper działa \(.+ s\)", told[0])
    assert "." not in told[0]


def test_an_old_log_does_not_make_a_new_start_ready(supervisor: Supervisor) -> None:
    """Only words of this start count."""
    supervisor.logs.mkdir()
    (supervisor.logs / "mute.log").write_text("ready\n")
    child = supervisor.start(program("import time; time.sleep(600)", "mute", patience=0.5))
    with pytest.raises(ProgramNotReady, match="mute"):
        supervisor.await_ready(child)


def test_a_program_that_ends_early_is_reported_with_its_log(supervisor: Supervisor) -> None:
    """Nobody waits for the dead, and the error names where the reason stands."""
    child = supervisor.start(program("raise SystemExit(3)", "frail"))
    with pytest.raises(ProgramEnded) as caught:
        supervisor.await_ready(child)
    assert caught.value.data == {"program": "frail", "status": 3, "log": str(supervisor.logs / "frail.log")}


def test_a_taken_port_is_named_with_its_cure(supervisor: Supervisor) -> None:
    """The error names port, program and EREPO_PORT_BASE, and nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            supervisor.start(program(SLEEPER, "service", port=port))
    text = str(caught.value)
    assert str(port) in text
    assert "EREPO_PORT_BASE" in text
    assert "8400" in text
    assert supervisor.children == []


def test_stop_ends_grandchildren_in_other_sessions_too(supervisor: Supervisor) -> None:
    """A child that ignores SIGTERM and a grandchild that left its group both end."""
    child = supervisor.start(program(STUBBORN, "stubborn"))
    supervisor.await_ready(child)
    grandchild = int(child.words().split()[1])
    supervisor._end([child], 0.2)
    supervisor.stop()
    assert not processes.alive(child.process.pid)
    until(lambda: not processes.alive(grandchild))


def test_stop_leaves_other_processes_alone(supervisor: Supervisor, tmp_path: Path) -> None:
    """What another supervisor or the user started lives on."""
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.DEVNULL) as mine:
        with Supervisor(tmp_path / "other") as other:
            theirs = other.start(program(SLEEPER))
            other.await_ready(theirs)
            supervisor.start(program(SLEEPER))
            supervisor.stop()
            assert theirs.process.poll() is None
            assert mine.poll() is None
        mine.kill()


def test_what_ends_by_itself_is_started_again(supervisor: Supervisor) -> None:
    """A killed program comes back; the supervisor says so."""
    child = supervisor.start(program(SLEEPER))
    supervisor.await_ready(child)
    child.process.kill()
    child.process.wait()
    until(lambda: (supervisor.tend(), supervisor.children[0].process.pid != child.process.pid)[1])
    supervisor.await_ready(supervisor.children[0])
    assert supervisor.children[0].restarts == 1


def test_a_short_program_returns_its_words(supervisor: Supervisor) -> None:
    """`run` waits for the end, hands back the output, and raises where the status is not 0."""
    words = supervisor.run("short", [sys.executable, "-c", "print('done')"], dict(os.environ))
    assert words.strip() == "done"
    with pytest.raises(ProgramEnded):
        supervisor.run("short", [sys.executable, "-c", "raise SystemExit(1)"], dict(os.environ))
    with pytest.raises(ProgramNotReady):
        supervisor.run("short", [sys.executable, "-c", SLEEPER], dict(os.environ), limit=0.3)


def test_http_readiness_needs_a_200() -> None:
    """Nobody listening means not ready, without an error."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert answers(f"http://127.0.0.1:{port}/health")("") is False


OWNER = """
import os, signal, sys
from pathlib import Path
for number in (signal.SIGINT, signal.SIGHUP):  # whoever runs the tests may have them ignored
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
from erepo.cli.supervisor import Program, Supervisor, interruptible, says
code = sys.argv[2]
try:
    with interruptible(), Supervisor(Path(sys.argv[1])) as owner:
        child = owner.start(Program("child", [sys.executable, "-c", code], dict(os.environ), says("ready")))
        owner.await_ready(child)
        print(child.process.pid, flush=True)
        import time
        while True:  # a signal just before one long sleep would be seen only after it
            time.sleep(0.05)
except KeyboardInterrupt:
    print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_signal_leaves_children_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM, a closed terminal and even SIGKILL of the owner end its programs."""
    arguments = [sys.executable, "-c", textwrap.dedent(OWNER), str(tmp_path), SLEEPER]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        owner.send_signal(number)
        rest = owner.stdout.read()
    until(lambda: not processes.alive(child))
    assert ("ended" in rest) is (number is not signal.SIGKILL)


def test_nohup_is_respected() -> None:
    """Where a hang-up is ignored already, as under nohup, a closed terminal ends nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_zombie_does_not_count_as_alive() -> None:
    """A process that ended but was not waited for is dead."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        check: Callable[[], bool] = lambda: not processes.alive(process.pid)  # noqa: E731
        until(check)
    assert not processes.alive(process.pid)


def test_what_programs_write_is_for_their_owner_only(supervisor: Supervisor, tmp_path: Path) -> None:
    """Databases and results of the programs are made without rights for others."""
    file = tmp_path / "made"
    supervisor.run("writer", [sys.executable, "-c", f"open({str(file)!r}, 'w')"], dict(os.environ))
    assert file.stat().st_mode & 0o077 == 0
