"""Messages go out once they can, whatever dies in between; nobody waits for them, and they do not linger."""

import email
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from erepo.cloud.patients import messages
from erepo.cloud.patients.content import Contact
from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.patients.messages import Kind
from erepo.cloud.service import Cloud
from erepo.cloud.storage.outbox import Outbox, outbox
from erepo.cloud.storage.tables_portal import portal_message
from erepo.cloud.tenancy.home import initialise
from erepo.mail import SendingRefused, SendingUnavailable
from erepo.portal import writing
from erepo.portal.carriers import Carriers, MaildirCarrier
from erepo.portal.office import Office
from erepo.portal.sending import Sender
from erepo.settings import Settings
from tests.support import postgres
from tests.support.crashing import Crash, fail_at
from tests.support.sms_suite import REFUSED, SmsSuite

TO = Contact("email", "jan@poczta.example")


@dataclass
class Counter:
    """Takes mails, or fails as told."""

    taken: list[EmailMessage] = field(default_factory=list)
    error: Exception | None = None

    def send(self, message: EmailMessage) -> None:
        """Take a mail."""
        if self.error is not None:
            raise self.error
        self.taken.append(message)


@dataclass
class Telephone:
    """A carrier of text messages that keeps to the suite."""

    arrived: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def send(self, number: str, text: str, reference: str) -> None:
        """Take a message."""
        if number == REFUSED:
            raise SendingRefused(server="test", phase="number", status="-")
        self.arrived[reference] = number, text


class TestTelephone(SmsSuite):
    """The tests' own carrier keeps to the suite that adapters have to keep to."""

    @pytest.fixture
    def carrier(self) -> Telephone:
        """A carrier."""
        return Telephone()

    @pytest.fixture
    def heard(self, carrier: Telephone) -> Callable[[], list[tuple[str, str, str]]]:
        """What arrived."""
        return lambda: [(*each, reference) for reference, each in carrier.arrived.items()]


@dataclass
class Desk:
    """An office with a sender and a clock."""

    office: Office
    sender: Sender
    mail: Counter
    sms: Telephone
    at: datetime

    def queue(self, contact: Contact = TO, kind: Kind = Kind.CODE, code: str = "12345678") -> None:
        """Queue a message as a request does."""
        message = messages.to(contact, kind, "pl", code=code)
        until = self.at + timedelta(minutes=10)
        with self.office.cloud.database.write() as connection:
            messages.queue(connection, [messages.row_of(message, self.office.keys, self.at, until)])

    def rows(self) -> list[tuple[str, bytes, int]]:
        """Return state, what is left, and attempts of all messages."""
        table = portal_message.c
        with self.office.cloud.database.read() as connection:
            rows = connection.execute(select(table.state, table.sealed, table.attempts).order_by(table.id))
            return [(row.state, bytes(row.sealed), row.attempts) for row in rows]

    def outbox(self) -> Outbox:
        """Return what the operator's figures tell."""
        with self.office.cloud.database.read() as connection:
            return outbox(connection, self.at)


@contextmanager
def desk_of(folder: Path, url: str = "") -> Iterator[Desk]:
    """Set up a service without a process."""
    settings = Settings(home=folder / "var", cloud_database_url=url, _env_file=None)
    initialise(settings)
    cloud, mail, sms = Cloud(settings), Counter(), Telephone()
    office = Office(cloud, PatientKeys(cloud.database, cloud.vault), Carriers(mail, sms))
    desk = Desk(office, Sender(office), mail, sms, datetime.now(UTC).replace(tzinfo=None))
    cloud.consent_time = lambda: desk.at  # type: ignore[method-assign]  # the test's clock
    office.patients.get()  # as a process does when it begins
    try:
        yield desk
    finally:
        cloud.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk on each kind of database."""
    folder = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        with desk_of(folder) as made:
            yield made
        return
    with postgres.database() as url, desk_of(folder, url) as made:
        yield made


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """The desk, days later: nothing of an earlier test is left."""
    shared_desk.at += timedelta(days=3)
    shared_desk.mail.taken.clear()
    shared_desk.mail.error = None
    while shared_desk.sender.send_next():
        pass
    return shared_desk


def test_a_message_is_sent_once_and_emptied(desk: Desk) -> None:
    """What was handed over is not there any more, and is not sent again."""
    desk.queue()
    assert desk.sender.send_next()
    assert not desk.sender.send_next()
    assert desk.rows()[-1] == ("sent", b"", 1)
    written = desk.mail.taken[0]
    assert (written["To"], written["Auto-Submitted"]) == (TO.address, "auto-generated")
    assert "1234 5678" in written.get_content()
    assert desk.office.settings.portal_url in written.get_content()


def test_a_server_that_is_down_is_asked_again_later(desk: Desk) -> None:
    """With pauses that grow, the same Message-ID, and never after anybody wants it."""
    desk.mail.error = SendingUnavailable(server="-", phase="connection", status="-")
    lost = desk.outbox().lost
    desk.queue()
    assert desk.sender.send_next()
    assert not desk.sender.send_next()
    desk.at += timedelta(seconds=5)
    assert desk.outbox() == Outbox(1, 5, lost)
    assert desk.sender.send_next()
    desk.at += timedelta(seconds=5)
    assert not desk.sender.send_next()
    desk.mail.error = None
    desk.at += timedelta(seconds=5)
    assert desk.sender.send_next()
    assert desk.rows()[-1] == ("sent", b"", 3)
    desk.queue()
    desk.at += timedelta(minutes=10)
    assert desk.sender.send_next()
    assert desk.rows()[-1] == ("late", b"", 1)
    assert desk.outbox() == Outbox(0, 0, lost + 1)
    assert len(desk.mail.taken) == 1


def test_a_refusal_is_final(desk: Desk) -> None:
    """What is refused for good is given up, and emptied; so is a text message that nobody can send."""
    desk.mail.error = SendingRefused(server="-", phase="message", status=550)
    desk.queue()
    assert desk.sender.send_next()
    assert desk.rows()[-1][:2] == ("given-up", b"")
    alone = replace(desk.office, carriers=Carriers(desk.mail, None))
    desk.queue(Contact("sms", "+48600100200"))
    assert Sender(alone).send_next()
    assert desk.rows()[-1][:2] == ("given-up", b"")
    desk.queue(Contact("sms", "+48600100200"))
    assert desk.sender.send_next()
    assert next(iter(desk.sms.arrived.values())) == (
        "+48600100200",
        "Kod: 1234 5678. Wazny 10 min, jeden raz. Nikomu go nie podawaj.",
    )


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_crash_at_any_step_loses_no_message(desk: Desk, step: int, when: str) -> None:
    """Taking, handing over, marking: after the time of who died another process sends it, the same one."""
    desk.queue()
    steps = [(Sender, "_take"), (Counter, "send"), (Sender, "_mark")]
    with pytest.MonkeyPatch.context() as patch:
        failed = fail_at(step, when, patch, steps)
        with pytest.raises(Crash):
            desk.sender.send_next()
        assert failed()
    desk.at += timedelta(seconds=91)
    other = Sender(desk.office)
    while other.send_next():
        pass
    assert desk.rows()[-1][:2] == ("sent", b"")
    assert 1 <= len(desk.mail.taken) <= 2
    assert len({each["Message-ID"] for each in desk.mail.taken}) == 1


def test_two_senders_send_one_message_once(desk: Desk) -> None:
    """While one is at work on it, the other finds nothing."""
    desk.queue()
    row = desk.sender._take()
    assert row is not None
    assert not Sender(desk.office).send_next()
    desk.sender._done(row, "sent")
    assert not Sender(desk.office).send_next()


def test_the_key_survives_a_change_of_the_master_key(desk: Desk) -> None:
    """A new master key re-wraps the one secret; hashes stay, and what is sealed still opens."""
    from erepo.cloud import operating  # noqa: PLC0415 (of this test alone)

    before = desk.office.keys
    changed = operating.change_master_key(desk.office.settings, desk.office.cloud.database)
    assert changed.rows == 1
    cloud = desk.office.cloud
    assert PatientKeys(cloud.database, cloud.vault).get() == before


def test_mails_are_laid_into_a_maildir(tmp_path: Path) -> None:
    """Where no server is set, a mail lies in `new` of a folder of the operator's, whole."""
    message = messages.to(TO, Kind.INVITATION, "en", organisation="Clinic\nBcc: x@y")
    written = writing.mail(message, uuid.uuid4().hex, "e@erepo.example", "https://p.example", 10)
    MaildirCarrier(tmp_path / "mail").send(written)
    (file,) = (tmp_path / "mail" / "new").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert read["Bcc"] is None
    assert "Clinic Bcc: x@y has made it possible" in read.get_content()


@pytest.mark.parametrize("kind", list(Kind))
def test_text_messages_are_short_and_plain(kind: Kind) -> None:
    """Each fits into one text message of the 7-bit alphabet, in both languages."""
    for language in ("pl", "en"):
        message = messages.to(TO, kind, language, code="12345678" if kind is Kind.CODE else "")
        text = writing.short(message, "https://dokumenty.szpital.example", 10)
        assert text.isascii()
        assert len(text) < 160
