"""`erepo up` and `erepo demo` as a user runs them: everything real, in processes of their own."""

import json
import re
import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from erepo.cli.processes import command_line, signal_all
from tests.support.machine import Ended, Machine
from tests.support.waiting import until

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Give one home to all tests of this file: what the first leaves is what the next finds."""
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def first(machine: Machine) -> Ended:
    """Run the demonstration on the empty home."""
    return machine.run("demo", "--documents", "26")


def test_the_demonstration_archives_and_verifies_everything(first: Ended) -> None:
    """The last line is the promised one, and the exit code says the same."""
    assert first.stdout.splitlines()[-1:] == ["archived 26/26, verified 26/26, failed 0"], first.stderr
    assert first.returncode == 0


def test_the_repository_is_registered_in_p1(first: Ended, machine: Machine) -> None:
    """P1 knows the repository under the id that is told, at the address of its door for other providers."""
    told = re.search(r"registered in P1: ([0-9.]+)", first.stdout)
    known = json.loads(machine.run("p1-sandbox", "list", "--json").stdout)["repositories"]
    assert told is not None
    assert [each["oid"] for each in known] == [told[1]]
    assert known[0]["url"].endswith("/services/0000000000001003/p1/xds/repository")


def test_the_table_is_for_a_person(first: Ended) -> None:
    """Kinds by name, with totals."""
    assert "Laboratory result" in first.stdout
    assert re.search(r"Total\s*│\s*26", first.stdout)


def test_what_the_law_wants_is_indexed(first: Ended, machine: Machine) -> None:
    """The table counts all of them, and the clinic has as many noted as indexed."""
    counted = re.search(r"Total\s*│.*│\s*(\d+)/(\d+)\s*│", first.stdout)
    assert counted is not None
    assert counted[1] == counted[2] != "0"
    with sqlite3.connect(machine.home / "clinic" / "clinic.db") as clinic:
        rows = clinic.execute(
            "SELECT count(*) FROM document_index i JOIN document d ON d.id = i.document_id"
            " WHERE i.state = 'indexed'"
        ).fetchone()
    clinic.close()
    assert rows[0] >= int(counted[1])


def test_the_shared_document_is_seen_by_its_patient_alone(first: Ended) -> None:
    """Four really look for it; one of them sees it."""
    told = " ".join(first.stdout.split())
    assert re.search(r"its patient │[^│]*│ it, byte for byte", told)
    assert len(re.findall(r"│ nothing", told)) == 3
    assert "NOT AS IT MUST BE" not in told


def test_it_leaves_nothing_running(first: Ended, machine: Machine) -> None:
    """No process and no port."""
    assert machine.left_over() == []
    assert machine.ports_free()


def test_secrets_and_logs_are_for_their_owner(first: Ended, machine: Machine) -> None:
    """0600 each."""
    files = [*(machine.home / "secrets").iterdir(), *(machine.home / "logs").iterdir()]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


def test_no_patient_is_in_prefect_or_any_log(first: Ended, machine: Machine) -> None:
    """Names, streets and PESELs of all patients: zero hits in Prefect's database, storage and every log."""
    with sqlite3.connect(machine.home / "clinic" / "clinic.db") as clinic:
        people = clinic.execute("SELECT identifier, family, street FROM patient").fetchall()
        ids = clinic.execute("SELECT unique_id, sha256 FROM document").fetchall()
    clinic.close()
    marks = {text for row in [*people, *ids] for text in row if len(text) > 5}
    assert len(marks) > 50
    texts = list(machine.written())
    assert len(texts) > 100
    assert [where for where, text in texts if any(one in text for one in marks)] == []
    output = first.stdout + first.stderr
    assert [one for one in marks if one in output] == []


def test_no_key_is_in_prefect_or_any_log(first: Ended, machine: Machine) -> None:
    """Neither a private key nor one of the generated secrets, nor the key that opens Prefect's blocks."""
    marks = {file.read_text() for file in (machine.home / "secrets").iterdir()} | {"PRIVATE KEY"}
    assert [where for where, text in machine.written() if any(one in text for one in marks)] == []


def test_a_second_one_uses_what_runs_and_it_all_ends(first: Ended, machine: Machine) -> None:
    """`demo` beside `up` starts nothing of its own; a second `up` is refused; Ctrl-C ends everything."""
    with machine.up() as up:
        state = json.loads((machine.home / "run" / "up.json").read_text())
        assert state["pid"] == up.pid
        second = machine.run("demo", "--documents", "5")
        assert second.stdout.splitlines()[-1:] == ["archived 5/5, verified 5/5, failed 0"], second.stderr
        assert "Using the running" in second.stdout
        assert up.poll() is None
        not_ours = machine.run("demo", "--kills", "1")
        assert "Another `erepo up`" in not_ours.stderr.replace("\n", " ")
        refused = machine.run("up")
        assert refused.returncode == 1
        assert "Another `erepo up`" in refused.stderr.replace("\n", " ")
        until(lambda: _scheduled(machine) > 0)
    until(machine.ports_free)
    assert machine.left_over() == []
    assert not (machine.home / "run" / "up.json").exists()


def test_a_killed_worker_comes_back_and_its_runs_are_settled(first: Ended, machine: Machine) -> None:
    """After kill -9 of worker and service in the middle of everything, the next demonstration is complete."""
    words, killed = ("prefect worker start", "cloud serve", "prefect.engine"), list[int]()

    def at_work() -> bool:
        found = {pid: command_line(pid) for pid in machine.left_over()}
        killed[:] = [pid for pid, line in found.items() if any(word in line for word in words)]
        return any(words[2] in line for line in found.values())

    with machine.up():
        demo = machine.begin("demo", "--documents", "40")
        until(at_work, 240)
        signal_all(killed, signal.SIGKILL)
        demo.communicate(timeout=400)
        until(
            lambda: (
                sum(any(word in command_line(pid) for word in words[:2]) for pid in machine.left_over()) == 2
            )
        )
        again = machine.run("demo", "--documents", "5")
    assert len(killed) >= 3
    assert again.stdout.splitlines()[-1:] == ["archived 5/5, verified 5/5, failed 0"], again.stderr


def test_kills_on_purpose_lose_nothing_and_say_so(first: Ended, machine: Machine) -> None:
    """`demo --kills` kills and restarts programs itself, and counts what was lost."""
    ended = machine.run("demo", "--documents", "30", "--kills", "3")
    assert ended.stdout.splitlines()[-1:] == ["archived 30/30, verified 30/30, failed 0"], ended.stderr
    told = " ".join(ended.stdout.split())
    assert len(re.findall(r"kill -9 no\. \d:", told)) == 3
    assert re.search(r"Killed 3 times \([^)]*\): lost 0, stored twice 0", told)
    assert machine.left_over() == []


def _scheduled(machine: Machine) -> int:
    """Count the runs that schedules have made for the future."""
    with sqlite3.connect(machine.home / "prefect" / "prefect.db") as prefect:
        count = prefect.execute("SELECT count(*) FROM flow_run WHERE state_type = 'SCHEDULED'").fetchone()[0]
    prefect.close()
    return int(count)


def test_a_taken_port_is_told_before_anything_starts(machine: Machine, tmp_path: Path) -> None:
    """Port, program and EREPO_PORT_BASE stand in the message; no process was started."""
    other = Machine(tmp_path)
    with socket.create_server(("127.0.0.1", other.base + 3)):
        result = other.run("demo")
    words = " ".join(result.stderr.split())
    assert result.returncode == 1
    assert str(other.base + 3) in words
    assert "EREPO_PORT_BASE" in words
    assert not (other.home / "logs").exists()
