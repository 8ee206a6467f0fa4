"""The office by hand: requests wait, are listed, issued, refused; and answers that are really mailed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from erepo.cli.office import app
from erepo.clinic.mail import Mailer
from erepo.pki import new_key
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import read_certificate
from erepo.sandbox.office import desk
from erepo.sandbox.office.errors import RequestNotPending, SeveralPending
from erepo.sandbox.office.letters import parse
from erepo.sandbox.office.service import Office
from tests.erepo.clinic.mail.test_mail import mail_server
from tests.erepo.sandbox.office.test_office import KEYS, SERVICE_CA, letter, request
from tests.support.certificates import ACCOUNT, TLS, WSS
from tests.support.office import CLINIC, RunningOffice, running_office

OTHER = "0000000000001004"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that works by hand."""
    one = Office.initialise(tmp_path / "office", SERVICE_CA)
    desk.set_mode(one.home, "manual")
    return one


def command(office: Office, *arguments: str) -> Result:
    """Run `erepo office …`."""
    environment = {"EREPO_HOME": str(office.home.parent), "EREPO_LANGUAGE": "en"}
    return CliRunner().invoke(app, list(arguments), env=environment)


def answers(office: Office) -> list[str]:
    """Subjects of the answers to the clinic."""
    box = RunningOffice(office.home, 0, None).mailbox()  # type: ignore[arg-type]
    return [one.message["Subject"] for one in box.letters()]


def test_listed_and_issued(office: Office, tmp_path: Path) -> None:
    """What waits is listed with number, account and sender; issuing mails the files and empties the desk."""
    assert "Nothing waits" in command(office, "list").stdout
    waiting = office.answer(letter(request(TLS), request(WSS)).as_bytes())
    assert waiting.parent == office.home / "pending"
    (one,) = json.loads(command(office, "list", "--json").stdout)
    assert (one["account"], one["sender"], one["organisation"]) == (ACCOUNT, CLINIC, "Przychodnia")
    assert one["number"] in command(office, "list").stdout
    told = json.loads(
        command(office, "issue", one["number"][:6], "--out", str(tmp_path / "out"), "--json").stdout
    )
    assert sorted(told["files"]) == sorted(file.name for file in (tmp_path / "out").iterdir())
    (tls,) = (tmp_path / "out").glob("TLS*.pem")
    assert read_certificate(tls.read_bytes()).public_key() == KEYS[TLS].public_key()
    assert answers(office) == [f"Certyfikaty dla konta tenanta {ACCOUNT}"]
    assert command(office, "issue", ACCOUNT).exit_code == 1
    with pytest.raises(RequestNotPending):
        office.issue_pending(ACCOUNT)


def test_refused_with_a_reason(office: Office) -> None:
    """The reason is mailed, in the clinic's thread."""
    office.answer(letter(request(TLS), request(WSS)).as_bytes())
    assert command(office, "refuse", ACCOUNT, "--reason", "Konto nieopłacone.").exit_code == 0
    assert answers(office) == ["Odmowa wydania certyfikatu"]
    (file,) = (office.home / "mail" / CLINIC / "new").iterdir()
    message = parse(file.read_bytes())
    assert "Konto nieopłacone." in message.get_content()
    assert message["In-Reply-To"] == "<1@clinic.example>"


def test_the_same_request_waits_once(office: Office) -> None:
    """A reminder, or the same mail twice, is one request; another account is another one."""
    for number in (1, 2, 2):
        office.answer(letter(request(TLS), request(WSS), message_id=f"<{number}@x.example>").as_bytes())
    assert len(desk.waiting(office.home)) == 1
    office.answer(letter(request(TLS, OTHER), request(WSS, OTHER)).as_bytes())
    office.answer(letter(request(TLS, OTHER), request(WSS, OTHER)).as_bytes())
    assert [one.account for one in desk.waiting(office.home)] == [OTHER]


def test_two_requests_of_one_account(office: Office) -> None:
    """After a new beginning two wait for one account: the number says which is meant."""
    office.answer(letter(request(TLS), request(WSS)).as_bytes())
    office.answer(letter(request(TLS, key=new_key()), request(WSS)).as_bytes())
    with pytest.raises(SeveralPending) as caught:
        office.issue_pending(ACCOUNT)
    first = str(caught.value.data["numbers"]).split(", ")[0]
    assert office.issue_pending(first).account == ACCOUNT
    assert len(desk.waiting(office.home)) == 1


def test_a_crash_after_the_answer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is durable before the desk is cleared: decided once more, it is the same answer."""
    office.answer(letter(request(TLS), request(WSS)).as_bytes())
    with monkeypatch.context() as broken:
        broken.setattr(desk, "close", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.issue_pending(ACCOUNT)
    issued = office.issue_pending(ACCOUNT)
    assert len(answers(office)) == 1
    known = (office.home / "issued").glob("*.pem")
    assert len(list(known)) == len(issued.certificates) == len(CertificatePurpose)


def test_a_bad_letter_does_not_wait(office: Office) -> None:
    """Nobody has to decide about a letter that asks for nothing: it is answered at once."""
    office.answer(letter(request(TLS)).as_bytes())
    assert desk.waiting(office.home) == []
    assert answers(office) == ["Odmowa wydania certyfikatu"]


def test_the_mode_changes_while_it_runs(tmp_path: Path) -> None:
    """Automatic at first; by hand from the next letter on; and back."""
    with running_office(tmp_path, SERVICE_CA) as running:
        office = Office.open(running.home)
        assert "by itself" in command(office, "mode").stdout
        assert "erepo office issue" in command(office, "mode", "manual").stdout
        running.mailer().send(letter(request(TLS), request(WSS)))
        assert (running.answers(), len(desk.waiting(running.home))) == (0, 1)
        command(office, "mode", "automatic")
        running.mailer().send(letter(request(TLS), request(WSS), message_id="<9@x.example>"))
        assert running.answers() == 1


def test_answers_are_mailed_where_a_server_is_set(office: Office) -> None:
    """Down: kept. There: mailed, once. Refused for good: put aside, and in the Maildir anyway."""
    office.answer(letter(request(TLS), request(WSS)).as_bytes())
    office.relay = Mailer("127.0.0.1", 1, "biuro@office.example", tls="none", timeout=2)
    office.issue_pending(ACCOUNT)
    assert office.post() == 0
    with mail_server() as (port, post):
        office.relay = Mailer("127.0.0.1", port, "biuro@office.example", tls="none", timeout=60)
        assert (office.post(), office.post()) == (1, 0)
    mailed = parse(post.received[0])
    assert mailed["To"] == CLINIC
    assert {part.get_filename() for part in mailed.iter_attachments()} >= {"issuer.pem", "ca.pem"}
    office.answer(letter(request(TLS), request(WSS), message_id="<3@x.example>").as_bytes())
    office.refuse_pending(ACCOUNT, "Nie.")
    with mail_server(answer="550 no") as (port, _):
        office.relay = Mailer("127.0.0.1", port, "biuro@office.example", tls="none", timeout=60)
        assert office.post() == 0
    assert len(list((office.home / "undeliverable").iterdir())) == 1
    assert len(answers(office)) == 2
