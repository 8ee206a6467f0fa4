"""The mailbox port on both its adapters: a Maildir, and a real IMAP server over TLS."""

import imaplib
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erepo.clinic.mail import ImapMailbox, Mailbox, MaildirMailbox
from erepo.clinic.mail.errors import MailboxRefused, MailboxUnavailable
from erepo.clinic.mail.mailbox import LARGEST
from tests.support.imap_server import PASSWORD, USER, ImapServer, running_imap


@dataclass
class Box:
    """A mailbox under test, and how a letter gets into it."""

    mailbox: Mailbox
    deliver: Callable[[bytes, int], None]


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    """Run one server for all tests here."""
    with running_imap() as server:
        yield server


@pytest.fixture
def empty(imap: ImapServer) -> ImapServer:
    """Empty the user's mailbox."""
    with imaplib.IMAP4_SSL("localhost", imap.port, ssl_context=imap.context()) as session:
        session.login(USER, PASSWORD)
        session.select("INBOX")
        if session.search(None, "ALL")[1] != [b""]:
            session.store("1:*", "+FLAGS", r"\Deleted")
            session.expunge()
    return imap


@pytest.fixture(params=["maildir", "imap", "imap-starttls"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    """Give each kind of mailbox, empty."""
    if request.param == "maildir":
        (tmp_path / "new").mkdir()

        def put(letter: bytes, age: int) -> None:
            file = tmp_path / "new" / f"{time.monotonic_ns()}"
            file.write_bytes(letter)
            os.utime(file, (time.time() - age, time.time() - age))

        return Box(MaildirMailbox(tmp_path), put)
    server: ImapServer = request.getfixturevalue("empty")
    how = {"port": server.plain, "tls": "starttls"} if request.param == "imap-starttls" else {}
    return Box(server.mailbox(**how), server.deliver)


def subjects(box: Box) -> list[str]:
    """What lies in the box."""
    return [letter.message["Subject"] for letter in box.mailbox.letters()]


def letter(subject: str, size: int = 10) -> bytes:
    """A letter."""
    return f"Subject: {subject}\n\n".encode() + b"x" * size + b"\n"


def test_an_empty_box(box: Box) -> None:
    """Nothing in it is no error."""
    assert subjects(box) == []


def test_oldest_first_and_again_until_done(box: Box) -> None:
    """Letters come by age, as often as asked, until they are done; doing it again changes nothing."""
    for age, name in ((30, "a"), (20, "b"), (10, "c")):
        box.deliver(letter(name), age)
    assert subjects(box) == subjects(box) == ["a", "b", "c"]
    second = list(box.mailbox.letters())[1]
    box.mailbox.done(second.key)
    box.mailbox.done(second.key)
    assert subjects(box) == ["a", "c"]


def test_done_while_looking(box: Box) -> None:
    """A letter may be marked while the others are still being given out."""
    for age, name in ((30, "a"), (20, "b"), (10, "c")):
        box.deliver(letter(name), age)
    for each in box.mailbox.letters():
        box.mailbox.done(each.key)
    assert subjects(box) == []


def test_a_letter_that_is_gone(box: Box) -> None:
    """Naming a letter that was never there is no error."""
    box.mailbox.done("4711")
    box.mailbox.done("nobody")


def test_a_huge_letter_is_left_out(box: Box) -> None:
    """What is larger than any answer of an office is not read."""
    box.deliver(letter("huge", LARGEST + 1), 20)
    box.deliver(letter("small"), 10)
    assert subjects(box) == ["small"]


def test_words_and_attachments_come_through(box: Box) -> None:
    """Polish subjects and attached files arrive as they were sent."""
    box.deliver(
        b"Subject: =?utf-8?b?xbvEhWRhbmll?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        b'--b\nContent-Type: application/x-pem-file; name="TLS1.pem"\nContent-Transfer-Encoding: base64\n\n'
        b"cGVt\n--b--\n",
        10,
    )
    (one,) = box.mailbox.letters()
    assert one.message["Subject"] == "Żądanie"
    assert [part.get_payload(decode=True) for part in one.message.iter_attachments()] == [b"pem"]


class TestImap:
    """What only a server over a network can do."""

    def test_what_a_person_has_read_still_counts(self, empty: ImapServer) -> None:
        """Reading a letter in a mail program does not hide it from us, and our looking does not mark it."""
        empty.deliver(letter("read"))
        list(empty.mailbox().letters())
        with imaplib.IMAP4_SSL("localhost", empty.port, ssl_context=empty.context()) as session:
            session.login(USER, PASSWORD)
            session.select("INBOX")
            assert session.search(None, "UNSEEN")[1] == [b"1"]
            session.store("1", "+FLAGS", r"\Seen")
        assert [one.message["Subject"] for one in empty.mailbox().letters()] == ["read"]

    def test_letters_from_before_are_left_out(self, empty: ImapServer) -> None:
        """Nothing that arrived before the request can answer it."""
        empty.deliver(letter("old"), age=9 * 86_400)
        empty.deliver(letter("new"))
        since = (datetime.now(UTC) - timedelta(days=3)).date()
        found = empty.mailbox(since=since).letters()
        assert [one.message["Subject"] for one in found] == ["new"]

    def test_a_wrong_password(self, imap: ImapServer) -> None:
        """It is refused for good, and shown nowhere."""
        box = imap.mailbox(password="s3cret")
        with pytest.raises(MailboxRefused) as caught:
            box.test()
        assert caught.value.data["phase"] == "login"
        assert "s3cret" not in str(caught.value) + repr(box)

    def test_no_such_folder(self, imap: ImapServer) -> None:
        """It is refused at the folder."""
        with pytest.raises(MailboxRefused) as caught:
            imap.mailbox(folder='Biuro "BOK"').test()
        assert caught.value.data["phase"] == "folder"

    def test_a_server_nobody_vouches_for(self, imap: ImapServer) -> None:
        """An unknown authority ends it before the password is sent."""
        with pytest.raises(MailboxRefused) as caught:
            imap.mailbox(ssl_context=None).test()
        assert caught.value.data["phase"] == "connection"

    def test_nobody_there(self) -> None:
        """A closed port, or one that says nothing, is for now only."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            with pytest.raises(MailboxUnavailable):
                ImapMailbox("127.0.0.1", port, USER, PASSWORD, timeout=0.3).test()
        with pytest.raises(MailboxUnavailable):
            list(ImapMailbox("127.0.0.1", port, USER, PASSWORD, timeout=30).letters())
