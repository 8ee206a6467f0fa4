"""What was proven lately: a clinic sends one assertion with hundreds of messages.

An entry is found by everything its proof depended on but the time, and counts only within the time in which
each of its moments would be judged the same. What depends on the message, and trust in the signer, is not
remembered: `erepo.acting.reading` asks for it again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

    from cryptography import x509

    from erepo.acting.actor import Actor

#: Entries of a process; each is about 2 kB.
_MOST: Final = 1000


@dataclass(frozen=True)
class Proven:
    """Who acts, proven.

    Attributes:
        actor: the person.
        one_time: 32 bytes that the receiver remembers until `until` in the transaction of the message's
            effect, refusing a second message with the same; None if the assertion may be used again.
        until: when the assertion is over anyway.
    """

    actor: "Actor"
    one_time: bytes | None
    until: datetime


@dataclass(frozen=True)
class Proof:
    """What was proven, by whose certificate, and when the same would be found again.

    Attributes:
        since: when it was proven; a clock set back proves anew.
        before: the earliest of its moments that must lie ahead, without skew.
    """

    proven: Proven
    certificate: "x509.Certificate" = field(repr=False)
    since: datetime
    before: datetime


class Memory:
    """Proofs of one process, bounded; any thread may use it."""

    def __init__(self) -> None:
        self._proofs: dict[Hashable, Proof] = {}

    def find(self, key: "Hashable", now: datetime, skew: timedelta) -> Proof | None:
        """Return a proof that is as good now as when it was made."""
        proof = self._proofs.get(key)
        if proof is None or not proof.since <= now or not now - skew < proof.before:
            return None
        return proof

    def keep(self, key: "Hashable", proof: Proof) -> None:
        """Remember a proof."""
        if len(self._proofs) >= _MOST:
            self._proofs.clear()
        self._proofs[key] = proof
