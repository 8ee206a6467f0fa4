"""Whether the registry holds a document as it lies here. Pure decisions, no input or output."""

from collections.abc import Iterable
from enum import StrEnum

from erepo.xds.model import DocumentEntry
from erepo.xds.vocabulary import APPROVED, DEPRECATED


class Finding(StrEnum):
    """What comparing one document with the registry gave."""

    EQUAL = "equal"
    MISSING = "missing"
    HASH = "hash"
    SIZE = "size"
    TWICE = "twice"
    #: Replaced in the registry, and nothing here says by what.
    DEPRECATED = "deprecated"
    #: Replaced by a document of ours, and the registry shows it as current all the same.
    CURRENT = "current"


def compare(
    unique_id: str,
    sha1: str,
    size: int,
    entries: Iterable[DocumentEntry],
    *,
    replaced: bool | None = False,
) -> Finding:
    """Compare one document with what the registry says about it.

    Args:
        unique_id: the document's uniqueId.
        sha1: hex, of its octets.
        size: its octets.
        entries: what the registry returned, in any order, entries of other documents included.
        replaced: whether another document has taken its place there; None when that may be so.

    Returns:
        EQUAL if exactly one entry of the right status (approved; deprecated if it was replaced) has this hash
        and size; TWICE if several have; HASH or SIZE if the only entries differ in that; MISSING if there is
        none; DEPRECATED or CURRENT if only the status is wrong.
    """
    listed = [entry for entry in entries if entry.unique_id == unique_id]
    if not listed:
        return Finding.MISSING
    right = {False: ("", APPROVED), True: (DEPRECATED,), None: ("", APPROVED, DEPRECATED)}[replaced]
    own = [entry for entry in listed if entry.status in right]
    if not own:
        same = any((entry.hash or "").lower() == sha1 and entry.size == size for entry in listed)
        return (Finding.CURRENT if replaced else Finding.DEPRECATED) if same else Finding.HASH
    alike = [entry for entry in own if (entry.hash or "").lower() == sha1]
    if not alike:
        return Finding.HASH
    equal = [entry for entry in alike if entry.size == size]
    if not equal:
        return Finding.SIZE
    return Finding.EQUAL if len(own) == 1 else Finding.TWICE
