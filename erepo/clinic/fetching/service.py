"""Fetching documents of another provider, one after the other; a refused one never stops the others."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from erepo.cda.header import is_cda, read_header
from erepo.clinic import audit
from erepo.clinic.abroad.origins import Origin, keep_origin
from erepo.clinic.database import Database
from erepo.clinic.fetching.errors import DocumentAbsent, FetchedDiffers
from erepo.clinic.fetching.places import Place
from erepo.clinic.intake import Beside, Intake, Outcome, Received, Status
from erepo.clinic.intake.patients import PatientFacts
from erepo.clinic.repository import Cloud
from erepo.clinic.tables import document
from erepo.content import read_all
from erepo.errors import ErepoError, PermanentError
from erepo.identifiers.hl7 import CX
from erepo.xds import iti18
from erepo.xds.errors import RegistryError, XdsRefused
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.responses import raise_for_status


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to fetch, and what is known about it.

    Attributes:
        unique_id: XDSDocumentEntry.uniqueId.
        sha1: hex, as its registry entry says; empty if not known.
        size: octets, likewise; None if not known.
        patient: whose it is, for documents that do not say it themselves.
    """

    unique_id: str
    sha1: str = ""
    size: int | None = None
    patient: CX | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one document, in the order asked for.

    Attributes:
        unique_id: as asked.
        status: taken in, known before, or refused.
        public_id: opaque id here; empty if refused.
        reason: why it was refused.
    """

    unique_id: str
    status: Status
    public_id: str = ""
    reason: ErepoError | None = None


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What became of all of them."""

    documents: tuple[Fetched, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing was refused."""
        return all(one.status is not Status.REFUSED for one in self.documents)


@dataclass(frozen=True)
class Desk:
    """What fetching works with: an opened connection, what is known of its repository, and our intake."""

    cloud: Cloud
    place: Place
    database: Database
    intake: Intake
    actor: str


async def fetch(desk: Desk, wanted: Sequence[Wanted]) -> FetchReport:
    """Fetch documents, check each, and take it in durably with origin `foreign`.

    Where the repository's registry is known, it is asked first: hash, size and patient of the entry are then
    what the octets are held against, together with what the caller says.

    Args:
        desk: see there.
        wanted: without repetition.

    Returns:
        What became of each; a permanent refusal is an outcome, not an error.

    Raises:
        RetryableError: nobody answers, or not now; what was fetched before stays.
        OSError: our own disk refused.
    """
    done: list[Fetched] = []
    for one in wanted:
        try:
            done.append(await _fetch(desk, await _asked(desk, one)))
        except PermanentError as error:
            done.append(Fetched(one.unique_id, Status.REFUSED, reason=error))
    return FetchReport(tuple(done))


async def _asked(desk: Desk, one: Wanted) -> Wanted:
    """Return what the foreign registry says about a document, joined with what the caller says."""
    if not desk.place.registry_url:
        return one
    result = await desk.cloud.query(iti18.get_documents(unique_ids=[one.unique_id]))
    entry = next((each for each in result.metadata.documents if each.unique_id == one.unique_id), None)
    if entry is None:
        raise DocumentAbsent(where="registry", codes="-")
    _expect_patient(one.patient, [entry.patient_id])
    said = ((one.sha1, (entry.hash or "").lower(), "hash"), (one.size, entry.size, "size"))
    for ours, theirs, what in said:
        if ours and theirs is not None and ours != theirs:
            raise FetchedDiffers(what=what)
    return replace(
        one,
        sha1=(entry.hash or "").lower() or one.sha1,
        size=entry.size if entry.size is not None else one.size,
        patient=one.patient or entry.patient_id,
    )


async def _fetch(desk: Desk, one: Wanted) -> Fetched:
    place = desk.place
    request = DocumentRequest(place.repository_unique_id, one.unique_id, place.home_community_id)
    result = await desk.cloud.retrieve([request])
    found = [
        each
        for each in result.documents
        if (each.repository_unique_id, each.document_unique_id) == (place.repository_unique_id, one.unique_id)
    ]
    if len(found) != 1:
        with suppress(XdsRefused):
            raise_for_status(result.status, result.errors)
        raise DocumentAbsent(where="repository", codes=_codes(result.errors))
    outcome = await asyncio.to_thread(_take, desk, one, read_all(found[0].content))
    return Fetched(one.unique_id, outcome.status, outcome.public_id, outcome.reason)


def _expect_patient(wanted: CX | None, named: Sequence[CX]) -> None:
    """Refuse what is about somebody else: taken in, it would lie among that patient's documents.

    Only identifiers that one authority gives can be compared.

    Raises:
        FetchedDiffers: it is.
    """
    if wanted is None:
        return
    theirs = {one.id for one in named if one.authority_oid == wanted.authority_oid}
    if theirs and wanted.id not in theirs:
        raise FetchedDiffers(what="patient")


def _codes(errors: Sequence[RegistryError]) -> str:
    # A code is the other side's text: what does not look like one is not repeated.
    return (
        ", ".join(sorted({one.code for one in errors if one.code.isalnum() and len(one.code) <= 64})) or "-"
    )


def _take(desk: Desk, one: Wanted, octets: bytes) -> Outcome:
    patient = PatientFacts(one.patient.id, one.patient.authority_oid) if one.patient else None
    received = Received.of(octets, Beside(patient), actor=desk.actor, origin="foreign")
    if one.sha1 and received.digests.sha1 != one.sha1:
        raise FetchedDiffers(what="hash")
    if one.size is not None and received.digests.size != one.size:
        raise FetchedDiffers(what="size")
    if is_cda(octets):
        named = read_header(octets, limit=len(octets)).patient.ids
        _expect_patient(one.patient, [CX(each.extension, each.root) for each in named])

    def note(connection: sa.Connection, public_ids: Mapping[str, str]) -> None:
        detail: dict[str, Any] = {"repository": desk.place.repository_unique_id}
        ids = connection.execute(
            sa.select(document.c.id).where(document.c.public_id.in_(public_ids.values()))
        )
        origin = Origin(desk.place.repository_unique_id, one.unique_id, fetched_by=desk.actor)
        keep_origin(connection, list(public_ids.values()), origin)
        audit.record(connection, "fetched", list(ids.scalars()), actor=desk.actor, detail=detail)

    return desk.intake.take_received(received, also=note)
