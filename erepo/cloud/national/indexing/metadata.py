"""From the account's own registry entry to what P1's index is told, with every Polish attribute (§4.6).

Pure functions; the moment is given to them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from erepo.cloud.national.indexing.codes import CONFIDENTIALITY, SCHEMES, SUBMISSION_CONTENT
from erepo.cloud.national.indexing.preflight import Ready
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX, XCN, XON
from erepo.xds.iti42 import Registration
from erepo.xds.iti57 import Update, status_change
from erepo.xds.model import Association, Author, DocumentEntry, SubmissionSet, new_entry_uuid
from erepo.xds.vocabulary import (
    APPROVED,
    AVAILABILITY_ONLINE,
    DEPRECATED,
    AssociationType,
    Slot,
)

_POLAND: Final = ZoneInfo("Europe/Warsaw")


def registration_of(
    ready: Ready, sha1: str, size: int, submission_id: str, now: datetime, targets: Sequence[str] = ()
) -> Registration:
    """Describe the index of one document.

    Args:
        ready: what passed the pre-flight.
        sha1: hex, of the octets as received.
        size: octets.
        submission_id: uniqueId of the submission, stored before it is sent.
        now: aware.
        targets: P1's entryUUIDs of what it replaces.
    """
    assert ready.entry is not None
    entry = _entry(ready, ready.entry, sha1, size)
    replaces = tuple(
        Association(
            entry_uuid=new_entry_uuid(), type=AssociationType.REPLACE, source=entry.entry_uuid, target=each
        )
        for each in targets
    )
    own = _submission_set(ready, submission_id, now, entry.patient_id)
    return Registration(own, (entry,), associations=replaces)


def withdrawal_of(
    ready: Ready, submission_id: str, now: datetime, targets: Sequence[str], patient: CX
) -> Update:
    """Describe the end of an index: Approved becomes Deprecated.

    Args:
        ready: what passed the pre-flight.
        submission_id: a fresh uniqueId.
        now: aware.
        targets: P1's entryUUIDs.
        patient: as P1 has it: the document itself may be gone from here.
    """
    own = _submission_set(ready, submission_id, now, patient)
    return Update(own, tuple(status_change(own, each, APPROVED, DEPRECATED) for each in targets))


def local_time(moment: datetime) -> str:
    """Return a moment as P1 wants it of a submission: Polish local time, where IHE has UTC (REG.WER.4636)."""
    return f"{moment.astimezone(_POLAND):%Y%m%d%H%M%S}"


def _entry(ready: Ready, entry: DocumentEntry, sha1: str, size: int) -> DocumentEntry:
    codes = {name: scheme.told(getattr(entry, name)) for name, scheme in SCHEMES.items()}
    slots = {
        Slot.STORAGE_CATEGORY.value: (str(ready.wanted.storage_year),),
        Slot.MEDICAL_EVENT_ID.value: (str(ready.event),),
        Slot.DOCUMENT_AVAILABILITY.value: (AVAILABILITY_ONLINE,),
    }
    return replace(
        entry,
        **codes,  # type: ignore[arg-type]  # each is a code of its attribute
        entry_uuid=new_entry_uuid(),
        confidentiality=tuple(filter(None, map(CONFIDENTIALITY.told, entry.confidentiality))),
        hash=sha1,
        size=size,
        repository_unique_id=ready.repository_id,
        extra_slots=slots,
        status="",
        lid="",
        version=None,
        home="",
    )


def _submission_set(ready: Ready, submission_id: str, now: datetime, patient: CX) -> SubmissionSet:
    root, number = ready.acting.user
    institution = XON(ready.provider_name, oids.PROVIDER, ready.acting.organisation)
    return SubmissionSet(
        entry_uuid=new_entry_uuid(),
        unique_id=submission_id,
        source_id=oids.own_node(ready.acting.organisation),
        patient_id=patient,
        content_type=SUBMISSION_CONTENT,
        submission_time=local_time(now),
        authors=(Author(person=XCN(number, "", "", authority_oid=root), institutions=(institution,)),),
    )
