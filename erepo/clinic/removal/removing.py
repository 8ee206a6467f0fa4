"""Removing documents from registry and repository."""

from collections.abc import Sequence

from erepo.clinic.removal.asking import closed_set, entries_of
from erepo.clinic.removal.errors import RemovalUnconfirmed, RepositoryDiffers
from erepo.clinic.removal.model import RemoteDocument, Removal
from erepo.clinic.repository import Cloud
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.responses import XdsRefused
from erepo.xds.vocabulary import Xds

#: Documents removed by one request: their closed set stays far below the 10,000 objects of a request.
SLICE = 250
#: Times a closed set is built anew because somebody changed the registry meanwhile.
_TRIES = 4
_CHANGED_MEANWHILE = frozenset({Xds.UNRESOLVED_REFERENCE, Xds.REFERENCES_EXIST, Xds.UNREFERENCED_OBJECT})


async def remove_remote(cloud: Cloud, wanted: Sequence[RemoteDocument]) -> Removal:
    """Remove documents for good: entries with their closed set (ITI-62), then octets (ITI-86).

    May be called again at any moment, after any crash: it asks first, removes what is left, and asks again in
    the end. The documents may be of several patients. A refusal meets the documents it is about, not those
    that were asked for together with them.

    Args:
        cloud: an opened connection to the repository that holds the documents.
        wanted: the documents; what is not there any more counts as removed.

    Returns:
        What is gone, confirmed by registry and repository, and what was refused, with the reason.

    Raises:
        RetryableError: nobody could be asked, or an answer was lost; what was removed until then stays so.
        ErepoError: the account as a whole cannot be used.
    """
    unique = list({one.unique_id: one for one in wanted}.values())
    here = [one for one in unique if one.repository_unique_id == cloud.repository_unique_id]
    failed: dict[str, Exception] = {one.unique_id: RepositoryDiffers() for one in unique if one not in here}
    gone: set[str] = set()
    waiting = [here[start : start + SLICE] for start in range(0, len(here), SLICE)]
    while waiting:
        some = waiting.pop()
        try:
            await _remove(cloud, some)
        except XdsRefused as error:
            if len(some) == 1:
                failed[some[0].unique_id] = error
            else:
                middle = len(some) // 2
                waiting += [some[:middle], some[middle:]]
            continue
        gone |= {one.unique_id for one in some}
    return Removal(frozenset(gone), failed)


async def _remove(cloud: Cloud, documents: Sequence[RemoteDocument]) -> None:
    await _remove_entries(cloud, documents)
    requests = [DocumentRequest(one.repository_unique_id, one.unique_id) for one in documents]
    await _remove_octets(cloud, requests)
    await _confirm(cloud, documents, requests)


async def _remove_entries(cloud: Cloud, documents: Sequence[RemoteDocument]) -> None:
    """Remove the entries; somebody else may remove neighbours of the same submission at this moment."""
    for left in reversed(range(_TRIES)):
        entries = await entries_of(cloud, documents)
        if not entries:
            return
        try:
            await cloud.remove_metadata(sorted(await closed_set(cloud, entries)))
        except XdsRefused as refused:
            if not left or {error.code for error in refused.errors} - _CHANGED_MEANWHILE:
                raise
        else:
            return


async def _remove_octets(cloud: Cloud, requests: Sequence[DocumentRequest]) -> None:
    """Remove octets; those that an earlier attempt has removed are named by the refusal and left out."""
    left = list(requests)
    while left:
        try:
            await cloud.remove_documents(left)
        except XdsRefused as refused:
            if {error.code for error in refused.errors} != {Xds.DOCUMENT_UNIQUE_ID}:
                raise
            absent = {error.location for error in refused.errors}
            rest = [one for one in left if one.document_unique_id not in absent]
            if len(left) == 1:
                return
            if len(rest) == len(left):
                raise
            left = rest
        else:
            return


async def _confirm(
    cloud: Cloud, documents: Sequence[RemoteDocument], requests: Sequence[DocumentRequest]
) -> None:
    entries = await entries_of(cloud, documents)
    result = await cloud.retrieve(requests)
    absent = {error.location for error in result.errors if error.code == Xds.DOCUMENT_UNIQUE_ID}
    unclear = {one.unique_id for one in documents} - absent
    if entries or unclear:
        raise RemovalUnconfirmed(count=max(len(entries), len(unclear)))
