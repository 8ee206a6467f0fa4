"""From rows to submissions: description and content of each document, made right before sending."""

from erepo.cda.kinds import Kind
from erepo.clinic.archiving.errors import LocalContentLost, StoreUnavailable
from erepo.clinic.archiving.shipments import Item, Shipment
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.headers import read_stored_header
from erepo.clinic.metadata import Deposit, Depositor, submission_of
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import now
from erepo.content import Content, FileContent, MemoryContent
from erepo.settings import Settings
from erepo.xds.iti41 import Submission


class Builder:
    """Builds the submissions of one run; the provider's structure is read once.

    Raises:
        StructureIncomplete: a resort code or the archiving user is missing.
    """

    def __init__(self, database: Database, settings: Settings, source_id: str) -> None:
        self._store = ContentStore(settings.clinic_home / "content")
        self._in_memory = settings.limits.large_body
        with database.read() as connection:
            self._depositor = Depositor(source_id, check_ready(connection))

    def build(self, shipment: Shipment) -> Submission:
        """Describe a submission and open its content.

        Raises:
            LocalContentLost: the content is not what was taken in.
            StoreUnavailable: nobody's content can be read.
        """
        deposits = [(_deposit(item), self._content(item)) for item in shipment.items]
        return submission_of(shipment.unique_id, deposits, self._depositor, now=now())

    def _content(self, item: Item) -> Content:
        """Small content is read once; a large one stays in its file and is streamed from there."""
        path = self._store.path(item.sha256)
        try:
            size = path.stat().st_size
            if size != item.size:
                raise LocalContentLost(size=size, expected=item.size)
            return FileContent(path) if size > self._in_memory else MemoryContent(path.read_bytes())
        except FileNotFoundError as error:
            # The whole list: a glob given up half-way warns of a folder left open, some time later.
            if not list(self._store.root.glob("??")):
                raise StoreUnavailable(problem=error.strerror) from None
            raise LocalContentLost(size=0, expected=item.size) from None
        except OSError as error:
            # No permission, too many open files, a failing disk: no fault of the document.
            raise StoreUnavailable(problem=error.strerror) from None


def _deposit(item: Item) -> Deposit:
    header = read_stored_header(item.header) if item.header else None
    return Deposit(
        unique_id=item.unique_id,
        sha1=item.sha1,
        sha256=item.sha256,
        size=item.size,
        mime_type=item.mime_type,
        kind=Kind(item.kind),
        patient=item.patient,
        person=item.person,
        header=header,
        title=item.title,
        created=item.created,
        reference_ids=item.reference_ids,
        destroy_after_year=item.destroy_after_year,
        replaces=item.replaces,
    )
