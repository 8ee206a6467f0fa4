"""The k-th operation of a kind fails, as SQLite's own tests do it: for k = 1, 2, … until a run passes clean.

with Failing(files(errno.ENOSPC), 7, forever=True) as failing:
    work()
failing.hit        # whether there was a 7th

Kinds: changes of files (open, write, flush, rename, link, new folder), statements and commits of the
database, octets given to or taken from a secured connection.
"""

import os
import sqlite3
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import sqlalchemy as sa

Check = Callable[[], None]
"""Counts one operation, and raises when it is to fail."""
Kind = Callable[[ExitStack, Check], Callable[[], BaseException]]
"""Puts checks before all operations of a kind; returns how to make the error."""


class Failing:
    """While open, the k-th operation fails; `forever`: and every later one, as on a full disk.

    Attributes:
        hit: it was reached.
    """

    def __init__(self, kind: Kind, number: int, *, forever: bool = False) -> None:
        self._kind, self._number, self._forever = kind, number, forever
        self._stack, self.passed = ExitStack(), 0

    @property
    def hit(self) -> bool:
        """Whether there was a k-th operation."""
        return self.passed >= self._number

    def __enter__(self) -> Self:
        """Begin to count."""
        self._error = self._kind(self._stack, self._check)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let everything succeed again."""
        self._stack.close()

    def _check(self) -> None:
        self.passed += 1
        if self.passed == self._number or (self._forever and self.hit):
            raise self._error()


def files(number: int) -> Kind:
    """Changes of files fail with this error of the system; reading and removing go on."""

    def install(stack: ExitStack, check: Check) -> Callable[[], BaseException]:
        for name in ("fsync", "replace", "rename", "link", "mkdir"):
            stack.enter_context(patch.object(os, name, _after(check, getattr(os, name))))
        opening, wrapping = os.open, os.fdopen

        def creating(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if flags & os.O_CREAT:
                check()
            return opening(path, flags, *more, **named)

        def wrapped(descriptor: int, *more: Any, **named: Any) -> Any:
            return _File(wrapping(descriptor, *more, **named), check)

        stack.enter_context(patch.object(os, "open", creating))
        stack.enter_context(patch.object(os, "fdopen", wrapped))
        return lambda: OSError(number, os.strerror(number))

    return install


def statements(stack: ExitStack, check: Check) -> Callable[[], BaseException]:
    """Statements and commits of the databases fail, as with a faulty disk below them."""

    def before(*_: Any) -> None:
        check()

    for name in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, name, before)
        stack.callback(sa.event.remove, sa.Engine, name, before)

    def error() -> BaseException:
        cause = sqlite3.OperationalError("disk I/O error")
        cause.sqlite_errorcode = sqlite3.SQLITE_IOERR
        return sa.exc.OperationalError("", None, cause)

    return error


def sockets(stack: ExitStack, check: Check) -> Callable[[], BaseException]:
    """Reading from, or writing to, a secured connection fails: the line is reset."""
    for name in ("read", "write"):
        stack.enter_context(patch.object(ssl.SSLObject, name, _after(check, getattr(ssl.SSLObject, name))))
    return lambda: ConnectionResetError("reset")


def _after(check: Check, real: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*values: Any, **named: Any) -> Any:
        check()
        return real(*values, **named)

    return checked


class _File:
    """A file whose writing may fail."""

    def __init__(self, file: Any, check: Check) -> None:
        self._file, self._check = file, check

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, octets: Any) -> int:
        self._check()
        return int(self._file.write(octets))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
