"""What the registry holds of some documents, and what must go with them (ITI-18).

The questions: GetDocuments for references (of any number of patients), GetDocuments for the entries that the
clinic does not know (one at a time: an answer in full is about one patient), GetAssociations.
"""

from collections.abc import Collection, Iterable, Sequence

from erepo.clinic.removal.model import RemoteDocument
from erepo.clinic.repository import Cloud
from erepo.xds import iti18
from erepo.xds.model import Association
from erepo.xds.vocabulary import AssociationType

#: Ids of one question.
_IDS = 1000


async def entries_of(cloud: Cloud, documents: Sequence[RemoteDocument]) -> frozenset[str]:
    """Return the entryUUIDs of all versions of these documents' entries in this repository.

    An entry of the same uniqueId that points at another repository is none of ours and stays. So does one
    that was not asked for: what a registry answers too much would be removed.
    """
    result = await cloud.query(
        iti18.get_documents(unique_ids=[one.unique_id for one in documents], return_type=iti18.OBJECT_REF)
    )
    found = frozenset(result.object_refs)
    known = {one.entry_uuid for one in documents if one.entry_uuid}
    wanted = {one.unique_id for one in documents}
    strange = [one for one in sorted(found - known) if not await _is_one_of(cloud, one, wanted)]
    return found.difference(strange)


async def is_registered(cloud: Cloud, document: RemoteDocument) -> bool:
    """Tell whether the registry shows a document of this repository."""
    return bool(await entries_of(cloud, [document]))


async def _is_one_of(cloud: Cloud, entry_uuid: str, unique_ids: Collection[str]) -> bool:
    result = await cloud.query(iti18.get_documents(entry_uuids=[entry_uuid]))
    return any(
        one.unique_id in unique_ids and one.repository_unique_id == cloud.repository_unique_id
        for one in result.metadata.documents
    )


async def closed_set(cloud: Cloud, entries: Collection[str]) -> frozenset[str]:
    """Return the entries with everything that must go in the same request (ITI-62, supplement RMD).

    That is: every association that begins or ends at something that goes, memberships of associations
    included; and each submission set that would be left without any association. A folder stays, even empty:
    its own submission set holds it. A replaced document stays when its replacement goes, and stays replaced;
    only the association between them goes.
    """
    going, edge = set(entries), set(entries)
    links: dict[str, Association] = {}
    asked: set[str] = set()
    while edge:
        for link in await _links(cloud, edge):
            links[link.entry_uuid] = link
        asked |= edge
        touching = {name for name, link in links.items() if link.source in going or link.target in going}
        going |= touching
        holders = {
            link.source
            for name, link in links.items()
            if name in going and link.type == AssociationType.HAS_MEMBER
        }
        going |= _emptied(holders & asked, links.values(), going)
        edge = (going | holders) - asked
    return frozenset(going)


def _emptied(holders: Collection[str], links: Iterable[Association], going: Collection[str]) -> set[str]:
    """Return the submission sets among the holders, known with all their links, that have none left."""
    known = list(links)
    # Only a folder is itself a member of something.
    folders = {link.target for link in known if link.type == AssociationType.HAS_MEMBER}
    kept = {link.source for link in known if link.entry_uuid not in going}
    return {one for one in holders if one not in folders and one not in kept}


async def _links(cloud: Cloud, entry_uuids: Collection[str]) -> list[Association]:
    found: list[Association] = []
    listed = sorted(entry_uuids)
    for start in range(0, len(listed), _IDS):
        result = await cloud.query(iti18.get_associations(listed[start : start + _IDS]))
        found += result.metadata.associations
    return found
