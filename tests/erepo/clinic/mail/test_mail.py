"""Mail out over real SMTP servers of every kind, and letters in from a Maildir."""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.clinic.mail.errors import MailboxMissing, MailRefused, MailUnavailable
from erepo.pki import Authority, Bundle, client_context, new_key
from erepo.pki.tls import load_bundle

AUTHORITY = Authority.create("Mail CA")
KEY = new_key()
SENDER = "przychodnia@clinic.example"


class Post:
    """Keeps what it receives; answers DATA as told."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.received: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take a message."""
        self.received.append(envelope.content)
        return self.answer


def accounts(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    """Let one user in."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"user", b"secret")
    return AuthResult(success=right, handled=False)


def tls_of_server() -> ssl.SSLContext:
    """The mail server's certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_bundle(context, Bundle(KEY, AUTHORITY.issue_server(KEY, ["localhost"])))
    return context


@contextmanager
def mail_server(
    *, answer: str = "250 OK", tls: str = "none", login: bool = False
) -> Iterator[tuple[int, Post]]:
    """Run a mail server in a thread; yields its port and what it received."""
    post, ready, port = Post(answer), threading.Event(), 0
    loop, context = asyncio.new_event_loop(), tls_of_server()
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
    if login:
        options |= {"authenticator": accounts, "auth_required": True, "auth_require_tls": tls == "starttls"}

    async def start() -> asyncio.Server:
        factory = lambda: SMTP(post, hostname="localhost", loop=loop, **options)  # noqa: E731
        return await loop.create_server(factory, "127.0.0.1", 0, ssl=context if tls == "tls" else None)

    def run() -> None:
        nonlocal port
        server = loop.run_until_complete(start())
        port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(60)
    try:
        yield port, post
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)


def message() -> EmailMessage:
    """A letter with Polish words."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SENDER, "biuro@office.example", "Żądanie"
    letter.set_content("Zażółć gęślą jaźń")
    return letter


def mailer(port: int, tls: Any = "none", **more: Any) -> Mailer:
    """A mailer that trusts the test's authority."""
    trust = client_context(None, AUTHORITY.pem)
    host = "127.0.0.1" if tls == "none" else "localhost"
    return Mailer(host, port, SENDER, tls=tls, timeout=60, **{"ssl_context": trust, **more})


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_mail_arrives(tls: str) -> None:
    """Each kind of connection delivers the message with its Polish words."""
    with mail_server(tls=tls) as (port, post):
        mailer(port, tls).test()
        mailer(port, tls).send(message())
    assert len(post.received) == 1
    assert b"Subject: =?utf-8?" in post.received[0]


def test_a_login(tmp_path: Path) -> None:
    """With the right password the mail goes out; the refusal of a wrong one does not show it."""
    with mail_server(tls="starttls", login=True) as (port, post):
        mailer(port, "starttls", user="user", password="secret").send(message())
        with pytest.raises(MailRefused) as caught:
            mailer(port, "starttls", user="user", password="wrong").send(message())
    assert len(post.received) == 1
    assert caught.value.data["phase"] == "login"
    assert caught.value.data["status"] == 535
    assert "wrong" not in str(caught.value) + repr(mailer(1, password="wrong"))


def test_no_password_over_an_open_line() -> None:
    """A login without encryption is refused before the password is sent."""
    with mail_server() as (port, _), pytest.raises(MailRefused):
        mailer(port, user="user", password="secret").send(message())


def test_a_server_that_cannot_encrypt() -> None:
    """A server without STARTTLS is refused, not used in clear."""
    with mail_server() as (port, post), pytest.raises(MailRefused):
        mailer(port, "starttls").send(message())
    assert post.received == []


def test_a_server_nobody_vouches_for() -> None:
    """An unknown authority ends the dialogue for good."""
    with mail_server(tls="starttls") as (port, _), pytest.raises(MailRefused):
        mailer(port, "starttls", ssl_context=None).send(message())


@pytest.mark.parametrize(
    ("answer", "expected", "retryable"),
    [("550 no", MailRefused, False), ("451 later", MailUnavailable, True), ("552 full", MailRefused, False)],
)
def test_the_servers_no(answer: str, expected: type[Exception], retryable: bool) -> None:
    """5xx is for good, 4xx for now; both texts are the manual's 2.6."""
    with mail_server(answer=answer) as (port, _), pytest.raises((MailRefused, MailUnavailable)) as caught:
        mailer(port).send(message())
    assert type(caught.value) is expected
    assert caught.value.retryable is retryable
    assert "Nie można przekazać CSR do BOK" in caught.value.explain("pl")[0]
    assert "SMTP" in caught.value.explain("pl")[1]


def test_nobody_there() -> None:
    """A closed port is told as unavailable."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MailUnavailable):
        mailer(port).send(message())


def test_a_server_that_says_nothing() -> None:
    """A silent server does not hold us longer than the time-out."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailUnavailable) as caught:
        Mailer("127.0.0.1", silent.getsockname()[1], SENDER, tls="none", timeout=0.3).send(message())
    assert caught.value.data["phase"] == "connection"


class TestMaildir:
    """The mailbox port's contract on a Maildir."""

    @pytest.fixture
    def box(self, tmp_path: Path) -> MaildirMailbox:
        """A box with three letters: oldest `c`, then `a`, then `b`, the last one already looked at."""
        for folder in ("new", "cur", "tmp"):
            (tmp_path / folder).mkdir()
        places = {"c": tmp_path / "new/c", "a": tmp_path / "new/a", "b": tmp_path / "cur/b:2,"}
        for age, (name, file) in enumerate(places.items()):
            file.write_bytes(f"Subject: {name}\n\ntext\n".encode())
            os.utime(file, (1000 + age, 1000 + age))
        return MaildirMailbox(tmp_path)

    def test_oldest_first_and_again_until_done(self, box: MaildirMailbox) -> None:
        """Letters come by age, as often as asked, until they are done."""
        for _ in range(2):
            assert [letter.message["Subject"] for letter in box.letters()] == ["c", "a", "b"]
        for key in [letter.key for letter in box.letters()][:2]:
            box.done(key)
            box.done(key)
        assert [letter.key for letter in box.letters()] == ["b"]
        box.done("b")
        box.done("nobody")
        assert list(box.letters()) == []

    def test_nothing_is_deleted(self, box: MaildirMailbox) -> None:
        """Done letters stay in `cur`, flagged as seen."""
        for letter in list(box.letters()):
            box.done(letter.key)
        assert sorted(file.name for file in (box.folder / "cur").iterdir()) == ["a:2,S", "b:2,S", "c:2,S"]

    def test_half_written_and_huge_letters_are_left_out(self, box: MaildirMailbox) -> None:
        """A temporary file of a delivery under way, or a letter of a megabyte, is not read."""
        (box.folder / "new" / ".x.tmp").write_bytes(b"Sub")
        (box.folder / "new" / "huge").write_bytes(b"x" * (1024**2 + 1))
        assert [letter.key for letter in box.letters()] == ["c", "a", "b"]

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        """Another folder is no mailbox."""
        with pytest.raises(MailboxMissing):
            list(MaildirMailbox(tmp_path / "x").letters())
