"""Inviting patients: once each, whatever dies in between; addresses are forgotten, numbers never shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cli.patients_inviting import app
from erepo.clinic import inviting
from erepo.clinic.database import Database
from erepo.clinic.inviting import InvitationUnknown, InvitationUnusable, Wanted, service
from erepo.clinic.permissions import Permission, PermissionMissing, grant
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.tables import audit_event
from erepo.clinic.tables_inviting import patient_invitation
from erepo.errors import RemoteUnavailable
from erepo.identifiers import CX
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import running_cloud
from tests.support.crashing import Crash, fail_at

PESEL, ADDRESS, LOGIN = "80051212357", "jan@poczta.example", "archiwum"


@dataclass
class Heard:
    """A portal that keeps to the port: what comes under one id is one thing."""

    invited: dict[str, bytes] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    error: Exception | None = None

    def invite_patient(self, body: bytes) -> None:
        """Take an invitation."""
        if self.error is not None:
            raise self.error
        number = json.loads(body)["id"]
        assert self.invited.setdefault(number, body) == body

    def remove_patient(self, invitation_id: str, body: bytes) -> None:
        """End one."""
        if self.error is not None:
            raise self.error
        assert json.loads(body)["id"] == invitation_id in self.invited
        self.ended.add(invitation_id)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic with a real service, and somebody who may invite."""
    folder = tmp_path_factory.mktemp("inviting")
    with running_cloud(folder) as cloud, new_clinic(folder / "clinic", cloud.tenant) as made:
        with made.database.begin() as connection:
            grant(connection, LOGIN, Permission.INVITE, actor="admin")
        yield made


@pytest.fixture
def database(clinic: Clinic) -> Database:
    """The clinic's database without invitations."""
    with clinic.database.begin() as connection:
        connection.execute(patient_invitation.delete())
    return clinic.database


def wanted(address: str = ADDRESS, pesel: str = PESEL) -> Wanted:
    """Return an invitation that may be sent."""
    return Wanted.read(pesel, address, "", "pl")


def states(database: Database) -> list[str]:
    """Return the states of all invitations, the oldest first."""
    query = sa.select(patient_invitation.c.state).order_by(patient_invitation.c.invited_at)
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def test_a_later_invitation_replaces_the_earlier(database: Database) -> None:
    """One counts for a patient; the address is forgotten once confirmed, and nobody's number is noted."""
    heard = Heard()
    first = inviting.invite(database, heard, wanted(), LOGIN)
    second = inviting.invite(database, heard, wanted("nowy@poczta.example"), LOGIN)
    assert (first.state, second.state, states(database)) == ("invited", "invited", ["replaced", "invited"])
    assert set(heard.invited) == {first.id, second.id}
    with database.read() as connection:
        assert set(connection.execute(sa.select(patient_invitation.c.body)).scalars()) == {None}
        events = connection.execute(sa.select(audit_event).where(audit_event.c.subject == "invitation")).all()
    assert {each.event for each in events} >= {
        "patient_invitation_asked",
        "patient_invitation_replaced",
        "patient_invitation_invited",
    }
    assert PESEL not in str(events)
    assert ADDRESS not in str(events)
    assert len(inviting.invitations(database, CX(PESEL, PESEL_ROOT))) == 2
    assert not inviting.invitations(database, CX("44051401359", PESEL_ROOT))


def test_two_at_once_end_as_the_later_one_here_and_there(database: Database) -> None:
    """The service lets the last count: an earlier one that is on its way goes first, or not at all."""
    away, heard = Heard(error=RemoteUnavailable(address="x", reason="x")), Heard()
    with pytest.raises(RemoteUnavailable):
        inviting.invite(database, away, wanted(), LOGIN)
    later = inviting.invite(database, heard, wanted("nowy@poczta.example"), LOGIN)
    assert len(heard.invited) == 2
    assert list(heard.invited)[-1] == later.id
    assert states(database) == ["replaced", "invited"]
    with pytest.raises(RemoteUnavailable):
        inviting.invite(database, away, wanted(), LOGIN)
    with database.begin() as connection:  # its clock, or its commit, was behind that of the one that counts
        last = patient_invitation.c.state == "sending"
        early = sa.select(sa.func.min(patient_invitation.c.invited_at)).scalar_subquery()
        connection.execute(patient_invitation.update().where(last).values(invited_at=early))
    inviting.resume(database, heard)
    assert list(heard.invited)[-1] == later.id
    assert sorted(states(database)) == ["invited", "replaced", "replaced"]


def _invite_and_end(database: Database, heard: Heard) -> None:
    made = inviting.invite(database, heard, wanted(), LOGIN)
    inviting.remove(database, heard, made.id, LOGIN, "na prośbę")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_crash_at_any_step_is_finished_by_the_next_command(
    database: Database, step: int, when: str
) -> None:
    """Invite, then end: whatever step the process dies at, each is done once in the end."""
    heard = Heard()
    steps = [(Heard, "invite_patient"), (Heard, "remove_patient"), (service, "_confirm")]
    with pytest.MonkeyPatch.context() as patch:
        failed = fail_at(step, when, patch, steps)
        with pytest.raises(Crash):
            _invite_and_end(database, heard)
        assert failed()
    inviting.resume(database, heard)
    (only,) = inviting.invitations(database)
    assert set(heard.invited) == {only.id}
    if only.state == "invited":
        assert step <= 2
        inviting.remove(database, heard, only.id, LOGIN, "na prośbę")
    assert states(database) == ["ended"]
    assert heard.ended == {only.id}
    assert inviting.resume(database, heard) == 0


def test_what_cannot_be_sent_now_is_kept(database: Database) -> None:
    """An outage keeps the invitation for the next command; a refusal for good ends it with its code."""
    heard = Heard(error=RemoteUnavailable(address="-"))
    with pytest.raises(RemoteUnavailable):
        inviting.invite(database, heard, wanted(), LOGIN)
    assert states(database) == ["sending"]
    heard.error = ServiceRefusal(code="patients.unreachable", status=422, cause_en="", cause_pl="")
    assert inviting.resume(database, heard) == 1
    assert states(database) == ["refused"]
    assert inviting.invitations(database)[0].reason == "patients.unreachable"


def test_what_the_service_does_not_know_has_ended(database: Database) -> None:
    """A service that came back from an old backup cannot keep an invitation from ending."""
    heard = Heard()
    made = inviting.invite(database, heard, wanted(), LOGIN)
    heard.error = ServiceRefusal(code="patients.unknown", status=404, cause_en="", cause_pl="")
    assert inviting.remove(database, heard, made.id, LOGIN, "na prośbę").state == "ended"


def test_only_who_may_invites(database: Database) -> None:
    """Without the permission nothing is kept; an invitation that does not count cannot be ended."""
    from erepo.clinic.permissions import revoke  # noqa: PLC0415 (of this test alone)

    with database.begin() as connection:
        revoke(connection, LOGIN, Permission.INVITE, actor="admin")
    with pytest.raises(PermissionMissing):
        inviting.invite(database, Heard(), wanted(), LOGIN)
    assert states(database) == []
    with database.begin() as connection:
        grant(connection, LOGIN, Permission.INVITE, actor="admin")
    with pytest.raises(InvitationUnknown):
        inviting.remove(database, Heard(), "x", LOGIN, "y")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("80051212358", ADDRESS, ""), "patient"),
        ((PESEL, "jan@", ""), "email"),
        ((PESEL, "jan@poczta.example\nBcc: x@y.pl", ""), "email"),
        ((PESEL, "", "600100200"), "phone"),
        ((PESEL, "", ""), "contact"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(given: tuple[str, str, str], field: str) -> None:
    """The field is told, nothing of what stands in it."""
    with pytest.raises(InvitationUnusable) as caught:
        Wanted.read(*given, "pl")
    assert caught.value.data == {"field": field}
    assert field not in caught.value.explain("pl")[0]


def test_commands_against_a_real_service(
    clinic: Clinic, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Invite from the standard input, list, end: no number and no address on the screen."""
    for name, value in clinic.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    line = f"{PESEL}\n{ADDRESS}\n\n"
    made = run.invoke(app, ["invite", "--as", LOGIN, "--json"], input=line)
    assert made.exit_code == 0, made.output
    number = json.loads(made.output)["id"]
    shown = run.invoke(app, ["list", "--json"])
    assert [each["state"] for each in json.loads(shown.output)] == ["invited"]
    monkeypatch.setenv("COLUMNS", "80")
    mine = run.invoke(app, ["list", "--patient"], input=f"{PESEL}\n")
    assert number in mine.output
    ended = run.invoke(app, ["remove", number, "--as", LOGIN, "--reason", "na prośbę pacjenta"])
    assert ended.exit_code == 0, ended.output
    assert states(database) == ["ended"]
    for output in (made.output, shown.output, mine.output, ended.output):
        assert PESEL not in output
        assert ADDRESS not in output
