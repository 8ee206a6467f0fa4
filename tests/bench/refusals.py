"""What refusals cost: milliseconds of CPU of every attack vector, the dearest first, beside good messages.

python -m tests.bench.refusals [--shown 25] [--rounds 5]
"""

import argparse
import sys
import time
from contextlib import suppress

from erepo.errors import ErepoError
from erepo.soap.mtom import unpack
from erepo.soap.verifying import Verifier
from tests.erepo.soap.attacks.catalogue import VECTORS
from tests.support.attack_kit import Kit, Message
from tests.support.soap_messages import LIMITS, identity


def cost(verifier: Verifier, message: Message, rounds: int) -> float:
    """Return milliseconds of CPU, the least of all rounds."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time_ns()
        with suppress(ErepoError):
            verifier.verify(unpack(*message, LIMITS))
        least = min(least, (time.process_time_ns() - start) / 1e6)
    return least


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.refusals")
    parser.add_argument("--shown", type=int, default=25, help="rows of the table")
    parser.add_argument("--rounds", type=int, default=5, help="of which the least counts")
    wanted = parser.parse_args()
    victim = identity()
    kit = Kit(victim, identity("rsa-3072", victim.authority), identity())
    verifier = victim.verifier()
    lines = [("CPU ms", "octets", "message")]
    for size in (0, 50_000, 1_000_000):
        message = kit.mtom(b"x" * size)
        milliseconds = cost(verifier, message, wanted.rounds)
        lines.append((f"{milliseconds:.2f}", str(len(message[1])), "(good, for comparison)"))
    found = []
    for vector in VECTORS:
        message = vector.make(kit)
        found.append((cost(verifier, message, wanted.rounds), len(message[1]), vector))
    found.sort(key=lambda row: -row[0])
    lines += [
        (f"{milliseconds:.2f}", str(size), f"{vector.code}: {vector.title}")
        for milliseconds, size, vector in found[: wanted.shown]
    ]
    middle = found[len(found) // 2][0]
    lines.append((f"{middle:.2f}", "", f"(the middle one of {len(found)} vectors)"))
    sys.stdout.writelines(f"{first:>8}  {second:>9}  {third}\n" for first, second, third in lines)


if __name__ == "__main__":
    main()
