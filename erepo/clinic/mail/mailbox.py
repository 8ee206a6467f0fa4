"""Where the office's answers arrive: a port, and its adapter for a Maildir (another one: `imap`)."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, Self

from erepo.clinic.mail.errors import MailboxMissing

#: An answer with four small files is below 20 kB; a larger letter is not read.
LARGEST = 1024**2


@dataclass(frozen=True)
class Letter:
    """One letter in a mailbox."""

    key: str
    """Names the letter towards its mailbox, stable until it is done."""
    message: EmailMessage
    """What it says."""

    @classmethod
    def read(cls, key: str, octets: bytes) -> Self:
        """Make a letter of its octets."""
        message = email.message_from_bytes(octets, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return cls(key, message)


class Mailbox(Protocol):
    """A box of letters.

    `letters` may be called any number of times and at any moment; a letter that is not done appears again.
    `done` must be idempotent: naming a letter twice, or one that is gone, is no error. Nothing is
    ever deleted.
    """

    def letters(self) -> Iterator[Letter]:
        """Yield the letters that are not done, oldest first; too large or unreadable ones are left out.

        Raises:
            MailboxMissing: there is no such box.
            RetryableError: it cannot be reached now.
        """
        ...

    def done(self, key: str) -> None:
        """Mark a letter as handled; it does not appear again."""
        ...


class MaildirMailbox:
    """A Maildir folder on this machine (`new`, `cur`, `tmp`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def letters(self) -> Iterator[Letter]:
        """Yield what lies in `new` and the unseen of `cur`, oldest first.

        Raises:
            MailboxMissing: the folder is no Maildir.
        """
        if not (self.folder / "new").is_dir():
            raise MailboxMissing(folder=str(self.folder))
        for file in sorted(self._waiting(), key=lambda each: (each.stat().st_mtime_ns, each.name)):
            if file.stat().st_size > LARGEST:
                continue
            yield Letter.read(_base(file), file.read_bytes())

    def done(self, key: str) -> None:
        """Move the letter to `cur`, flagged as seen; an interrupted move is finished by the next call."""
        for file in self._waiting():
            if _base(file) == key:
                (self.folder / "cur").mkdir(exist_ok=True)
                file.replace(self.folder / "cur" / f"{key}:2,S")

    def _waiting(self) -> Iterator[Path]:
        for folder in ("new", "cur"):
            for file in (self.folder / folder).glob("*"):
                if not file.name.startswith(".") and "S" not in file.name.partition(":2,")[2]:
                    yield file


def _base(file: Path) -> str:
    return file.name.partition(":")[0]
