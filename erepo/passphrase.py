"""The passphrase of the private keys, and those it follows while it is being changed."""

from collections.abc import Iterable
from typing import Self


class Passphrase(bytes):
    """Writing uses the passphrase itself; reading also tries the former ones.

    So keys stay readable at every instant of a change (`erepo.clinic.resealing`), whichever of them have been
    encrypted anew so far. It never shows itself in a text.
    """

    former: tuple[bytes, ...]

    def __new__(cls, current: bytes, former: Iterable[bytes] = ()) -> Self:
        """Put them together; the former ones, latest first."""
        made = super().__new__(cls, current)
        made.former = tuple(one for one in former if one and one != current)
        return made

    @classmethod
    def of_lines(cls, octets: bytes) -> Self:
        """Read a file: the passphrase in the first line, former ones below it."""
        current, *former = [line.strip() for line in octets.strip().split(b"\n")]
        return cls(current, former)

    @property
    def alone(self) -> bytes:
        """The passphrase without the former ones."""
        return bytes(self)

    def __repr__(self) -> str:
        return f"Passphrase(…, {len(self.former)} former)"

    __str__ = __repr__


def tried(passphrase: bytes) -> tuple[bytes, ...]:
    """Return what to try when something is opened, in this order."""
    return bytes(passphrase), *(passphrase.former if isinstance(passphrase, Passphrase) else ())
