"""Anchors: heads of chains, kept where whoever can change the database cannot change them.

A chain proves that nothing in its middle was changed. That its end was not cut off, or the whole of it
written anew, only somebody can tell who remembers an earlier head.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from erepo.cloud.audit.errors import AnchorsUnreadable
from erepo.durable import write_durably

_LARGEST = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of a chain at some moment."""

    account: str
    """16 digits; `nobody` for connections that belong to no account."""
    number: int
    hash: str
    """Hex."""


def read_anchors(file: Path) -> Mapping[str, Anchor]:
    """Return the anchors of an earlier verification, by account.

    Raises:
        AnchorsUnreadable: the file is not there or holds none.
    """
    try:
        with file.open("rb") as stream:
            listed = orjson.loads(stream.read(_LARGEST))["anchors"]
        found = [Anchor(str(one["account"]), int(one["number"]), str(one["hash"])) for one in listed]
    except (OSError, ValueError, KeyError, TypeError):
        raise AnchorsUnreadable(file=str(file)) from None
    return {one.account: one for one in found}


def save_anchors(file: Path, anchors: Iterable[Anchor]) -> None:
    """Write anchors for a later verification; the file is replaced whole."""
    listed = sorted(anchors, key=lambda one: one.account)
    write_durably(file, [orjson.dumps({"anchors": listed}, option=orjson.OPT_INDENT_2)])
