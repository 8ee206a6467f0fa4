"""The rows of a change that touches registered objects, gathered and then written at once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from lxml import etree
from sqlalchemy import Connection

from erepo.blobs.codec import Compressor
from erepo.cloud.registry.holdings import Held, Holdings, about_to_be
from erepo.cloud.registry.jobs import Outcome, Row, SubmissionJob
from erepo.cloud.registry.kinds import Status
from erepo.cloud.registry.registering import Inserts, accept, load_states, new_documents, write
from erepo.cloud.registry.relating import Consequences, Ends
from erepo.cloud.registry.rows import association_row, hl7_time
from erepo.cloud.storage.numbers import Numbers
from erepo.identifiers.uuids import ordered_uuid
from erepo.xds.ebrim import write_objects
from erepo.xds.model import Association, MetadataSet
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import APPROVED, AssociationType


class Draft:
    """What one change is about to write, inside its transaction; nothing of the job is changed."""

    def __init__(self, connection: Connection, numbers: Numbers, job: SubmissionJob) -> None:
        self._connection, self._numbers, self.job = connection, numbers, job
        self.state = load_states(connection, [job])[job.tenant_id]
        self.holdings = Holdings(connection, job.tenant_id)
        self.here: Mapping[str, Held] = dict(zip(job.ids, map(about_to_be, job.objects), strict=True))
        self._changed: dict[int, Row] = {}
        self._links: list[tuple[str, Held, Held]] = []
        self._status: dict[int, Status] = {}
        self._touched: set[int] = set()

    def refuse(self, errors: Iterable[RegistryError]) -> Outcome:
        """Return the outcome of a change that is not made."""
        return Outcome(tuple(errors), tuple(each.blob_key for each in self.job.documents if each.blob_key))

    def change(self, number: int, **columns: object) -> None:
        """Set columns of an object of the message."""
        self._changed[number] = self._changed.get(number, {}) | columns

    def tie(self, found: Iterable[Ends]) -> None:
        """Give associations of the message the numbers of both their ends."""
        for link in found:
            row = self.here[link.association.entry_uuid]
            self.change(row.id, source_object=link.source.id, target_object=link.target.id)

    def link(self, kind: str, source: Held, target: Held) -> None:
        """Add an association of the registry's own making."""
        self._links.append((kind, source, target))

    def set_status(self, number: int, status: Status) -> None:
        """Give a registered object a status."""
        self._status[number] = status

    def status_of(self, held: Held) -> int:
        """Return the status that a registered object will have."""
        return self._status.get(held.id, held.status)

    def touch(self, folders: Iterable[int]) -> None:
        """Set lastUpdateTime of registered folders to now."""
        self._touched.update(folders)

    def follow(self, consequences: Consequences) -> None:
        """Take over what follows from associations."""
        for number in consequences.deprecated:
            self.set_status(number, Status.DEPRECATED)
        self.touch(consequences.touched)
        for folder, document in sorted(consequences.filed, key=lambda each: (each[0].id, each[1].id)):
            self.link(AssociationType.HAS_MEMBER, folder, document)

    def write(self, own: str) -> Outcome:
        """Write everything.

        Args:
            own: id of the submission set in the message; it gets new memberships of folders as members.
        """
        new = new_documents(self.state, self.job)
        inserts = Inserts()
        accept(self.state, self.job, inserts)
        inserts.objects = [row | self._changed.get(row["id"], {}) for row in inserts.objects]
        inserts.objects += self._made(self.here[own])
        write(self._connection, inserts, {self.job.tenant_id: self.state})
        for status in Status:
            self.holdings.set_status([key for key, one in self._status.items() if one is status], status)
        self.holdings.touch(self._touched, hl7_time(datetime.now(UTC)))
        known = [each for each in self.job.documents if each not in new]
        return Outcome(unused=tuple(each.blob_key for each in known if each.blob_key))

    def _made(self, own: Held) -> list[Row]:
        if not self._links:
            return []
        numbers = iter(self._numbers.take_within(self._connection, 2 * len(self._links)))
        compressor, rows = Compressor(), []
        for kind, source, target in self._links:
            made = self._association(next(numbers), kind, source, target, compressor)
            rows.append(made)
            if source.is_folder:
                member = AssociationType.HAS_MEMBER
                rows.append(self._association(next(numbers), member, own, about_to_be(made), compressor))
        return rows

    def _association(self, number: int, kind: str, source: Held, target: Held, compressor: Compressor) -> Row:
        own = ordered_uuid()
        model = Association(
            entry_uuid=own.urn,
            lid=own.urn,
            version=1,
            status=APPROVED,
            type=kind,
            source=uuid.UUID(bytes=source.entry_uuid).urn,
            target=uuid.UUID(bytes=target.entry_uuid).urn,
        )
        (element,) = write_objects(MetadataSet(associations=(model,)))
        xml = compressor.compress(etree.tostring(element, method="c14n", exclusive=True))
        return association_row(self.job.tenant_id, number, own, kind, (source.id, target.id), xml)
