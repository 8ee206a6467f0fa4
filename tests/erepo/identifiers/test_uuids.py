"""UUIDs that grow with time."""

import time
import uuid

from erepo.identifiers.uuids import ordered_uuid


def test_later_ones_are_greater() -> None:
    """Of two UUIDs made in different milliseconds the later one is greater; none comes twice."""
    made = []
    for _ in range(5):
        made.append(ordered_uuid())
        time.sleep(0.002)
    assert made == sorted(made)
    assert len({ordered_uuid() for _ in range(10_000)}) == 10_000


def test_they_are_uuids_of_version_7() -> None:
    """Version and variant are those of RFC 9562, and the URN form reads back."""
    one = ordered_uuid()
    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    assert uuid.UUID(one.urn) == one
