"""The mailbox port on an IMAP server (RFC 3501), over TLS only.

A letter that was dealt with gets the keyword `erepo-done`; where the server keeps no keywords, it is marked
as read. Whether a person has read a letter in the meantime does not matter. Nothing is deleted or moved, and
looking does not mark anything as read. Every look is a dialogue of its own: between two looks there may be
days.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from erepo.clinic.mail.errors import MailboxRefused, MailboxUnavailable
from erepo.clinic.mail.mailbox import LARGEST, Letter

#: Marks the letters that were dealt with.
KEYWORD = "erepo-done"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class ImapMailbox:
    """One folder of a mailbox on an IMAP server."""

    host: str
    """Name or address of the IMAP server."""
    port: int
    """TCP port."""
    user: str
    """Whose mailbox it is."""
    password: str = field(repr=False)
    """Of the user."""
    folder: str = "INBOX"
    """Folder that the answers are delivered to."""
    tls: Literal["tls", "starttls"] = "tls"
    """How the connection is protected; there is no unprotected one."""
    since: date | None = None
    """Letters that arrived before this day are not looked at: they cannot answer what was asked later."""
    timeout: float = 30
    """Seconds of silence allowed in each step."""
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    """Whom to trust; None: the system's authorities."""

    def letters(self) -> Iterator[Letter]:
        """Yield the letters that are not done, oldest first; too large ones are left out.

        All are read before the first is given out, so that no dialogue stays open meanwhile.

        Raises:
            MailboxRefused: the server refused login, encryption or folder for good.
            MailboxUnavailable: no answer, or the dialogue broke.
        """
        with self._dialogue(readonly=True) as (server, keyword):
            done = f"UNKEYWORD {KEYWORD}" if keyword else "UNSEEN"
            found = [letter for uid in _search(server, done, self.since) for letter in _fetch(server, uid)]
        yield from found

    def done(self, key: str) -> None:
        """Mark a letter as handled; a letter that is gone is no error.

        Raises:
            MailboxRefused, MailboxUnavailable: as `letters`.
        """
        if not key.isdecimal():
            return
        with self._dialogue(readonly=False) as (server, keyword):
            mark = KEYWORD if keyword else r"\Seen"
            _ok(server.uid("STORE", key, "+FLAGS.SILENT", f"({mark})"))

    def test(self) -> None:
        """Connect, log in and open the folder without reading anything.

        Raises:
            MailboxRefused, MailboxUnavailable: as `letters`.
        """
        with self._dialogue(readonly=True):
            pass

    @contextmanager
    def _dialogue(self, *, readonly: bool) -> Iterator[tuple[imaplib.IMAP4, bool]]:
        """Log in and open the folder; yields the server and whether it keeps keywords."""
        server: imaplib.IMAP4 | None = None
        phase = "connection"
        try:
            server = self._connect()
            phase = "login"
            server.login(self.user, self.password)
            phase = "folder"
            # What may be kept is told only where the folder is opened for writing; looking itself only peeks.
            _ok(server.select(_quoted(self.folder)))
            kept = b" ".join(server.response("PERMANENTFLAGS")[1] or [b""])
            keyword = b"\\*" in kept or KEYWORD.encode() in kept
            if readonly:
                _ok(server.select(_quoted(self.folder), readonly=True))
            phase = "letters"
            yield server, keyword
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._refusal(error, phase) from None
        finally:
            if server is not None:
                with suppress(imaplib.IMAP4.error, OSError):
                    server.logout()

    def _connect(self) -> imaplib.IMAP4:
        context = self.ssl_context or ssl.create_default_context()
        if self.tls == "tls":
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=self.timeout)
        server = imaplib.IMAP4(self.host, self.port, timeout=self.timeout)
        try:
            server.starttls(context)
        except BaseException:
            server.shutdown()
            raise
        return server

    def _refusal(self, error: Exception, phase: str) -> MailboxRefused | MailboxUnavailable:
        # Class names only: a server's text may quote the login.
        data = {"server": f"{self.host}:{self.port}", "phase": phase, "status": type(error).__name__}
        broken = isinstance(error, imaplib.IMAP4.abort)
        if isinstance(error, ssl.SSLCertVerificationError) or (
            isinstance(error, imaplib.IMAP4.error) and not broken and phase != "letters"
        ):
            return MailboxRefused(**data)
        return MailboxUnavailable(**data)


def _search(server: imaplib.IMAP4, done: str, since: date | None) -> list[str]:
    """Return the numbers of the letters that may be read, oldest first."""
    criteria = [*done.split(), "UNDELETED", "SMALLER", str(LARGEST + 1)]
    if since is not None:
        # Spelt by hand: strftime speaks the language of the machine.
        criteria += ["SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]
    answer = _ok(server.uid("SEARCH", *criteria))
    numbers = (answer[0] or b"").decode("ascii").split()
    return sorted(numbers, key=int)


def _fetch(server: imaplib.IMAP4, uid: str) -> list[Letter]:
    """Read one letter without marking it; none if it has gone meanwhile."""
    answer = _ok(server.uid("FETCH", uid, "(BODY.PEEK[])"))
    return [Letter.read(uid, part[1]) for part in answer if isinstance(part, tuple)]


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
