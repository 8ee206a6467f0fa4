"""Whether the registry holds a document as it lies here. Pure decisions, no input or output."""

from collections.abc import Iterable
from enum import StrEnum

from erepo.xds.model import DocumentEntry
from erepo.xds.vocabulary import APPROVED


class Finding(StrEnum):
    """What comparing one document with the registry gave."""

    EQUAL = "equal"
    MISSING = "missing"
    HASH = "hash"
    SIZE = "size"
    TWICE = "twice"


def compare(unique_id: str, sha1: str, size: int, entries: Iterable[DocumentEntry]) -> Finding:
    """Compare one document with what the registry says about it.

    Args:
        unique_id: the document's uniqueId.
        sha1: hex, of its octets.
        size: its octets.
        entries: what the registry returned, in any order, entries of other documents included.

    Returns:
        EQUAL if exactly one approved entry has this hash and size; TWICE if several have; HASH or SIZE if the
        only entries differ in that; MISSING if there is none.
    """
    own = [entry for entry in entries if entry.unique_id == unique_id and entry.status in ("", APPROVED)]
    if not own:
        return Finding.MISSING
    alike = [entry for entry in own if (entry.hash or "").lower() == sha1]
    if not alike:
        return Finding.HASH
    equal = [entry for entry in alike if entry.size == size]
    if not equal:
        return Finding.SIZE
    return Finding.EQUAL if len(own) == 1 else Finding.TWICE
