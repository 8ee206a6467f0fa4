"""Versions of one document, and documents that cancel one."""

from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.chain import Chain, read_chain
from erepo.clinic.intake import Intake
from erepo.clinic.tables import document, now
from tests.support.archive_desk import Desk
from tests.support.cda_documents import P1, PATIENT
from tests.support.cda_documents import document as cda

POOL = f"{P1}.2.7.100300.7"
#: Codes of a cancelling document and of a prescription.
CANCELLING = {
    "template": f'<templateId root="{P1}.13.10.1.14" extension="1.3.1"/>',
    "code": f'<code code="51851-4"><translation code="08.80" codeSystem="{P1}.11.1.32"/></code>',
}
PRESCRIPTION = {
    "template": f'<templateId root="{P1}.13.10.1.3" extension="1.3.1"/>',
    "code": f'<code code="57833-6"><translation code="04.01" codeSystem="{P1}.11.1.32"/></code>',
}


def version(
    number: int, *, name: str = "A", parent: str = "", series: str = "S1", year: int = 2026, **parts: str
) -> bytes:
    """Return version `number` of a document; `parent` is the name and number of the one it replaces.

    Args:
        number: its versionNumber; from 2 on it replaces the one before, or `parent`.
        name: of the document; its id is the name with the number.
        parent: id of another document that it replaces.
        series: extension of the setId.
        year: of effectiveTime.
        **parts: as for `tests.support.cda_documents.document`.
    """
    parent = parent or (f"{name}{number - 1}" if number > 1 else "")
    related = (
        f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{POOL}.1" extension="{parent}"/>'
        f'<setId root="{POOL}.2" extension="{series}"/><versionNumber value="{number - 1}"/>'
        "</parentDocument></relatedDocument>"
    )
    octets = cda(
        identity=f'<id root="{POOL}.1" extension="{name}{number}"/>',
        time=f'<effectiveTime value="{year}0102"/>',
        rest=related if parent else "",
        **parts,
    )
    octets = octets.replace(b'extension="S1"/><versionNumber value="1"/>', b'extension="@"/>@', 1)
    mark = f'extension="{series}"/><versionNumber value="{number}"/>'.encode()
    return octets.replace(b'extension="@"/>@', mark, 1)


def another_patient() -> str:
    """Return the recordTarget of somebody else."""
    return PATIENT.replace("44051401359", "02070803628").replace("19440514", "19020708")


class Shelf:
    """A desk to which single documents are brought."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self._folder, self._count = desk, folder, 0

    def bring(self, *documents: bytes) -> list[str]:
        """Take documents in, in this order, and return their opaque ids."""
        ids = []
        for octets in documents:
            self._count += 1
            path = self._folder / f"chain{self._count}.xml"
            path.write_bytes(octets)
            outcome = Intake.at(self.desk.database, self.desk.settings).take(path)
            assert outcome.reason is None, outcome
            ids.append(outcome.public_id)
        with self.desk.database.begin() as connection:
            due = document.c.due_at.is_not(None)
            connection.execute(document.update().where(due).values(due_at=now()))
        return ids

    def chain(self, public_id: str) -> Chain:
        """Return the chain of a document."""
        with self.desk.database.read() as connection:
            return read_chain(connection, public_id)

    def links(self) -> dict[str, tuple[str, str]]:
        """Return (state, code) of every link by the end of the document's uniqueId."""
        rows = self.desk.rows(document.c.unique_id, document.c.public_id)
        found = {}
        for unique_id, public_id in rows:
            one = next(each for each in self.chain(public_id).versions if each.document == public_id)
            if one.link:
                found[unique_id.partition("^")[2]] = (one.link, one.code)
        return found

    def current(self) -> list[str]:
        """Return the ends of the uniqueIds that the registry shows as current."""
        entries = [entry for _, entry in self.desk.cloud.entries.values()]
        return sorted(one.unique_id.partition("^")[2] for one in entries if one.status.endswith("Approved"))

    def set_state(self, public_id: str, state: str) -> None:
        """Put a document into a state that other rooms lead to."""
        with self.desk.database.begin() as connection:
            connection.execute(
                sa.update(document).where(document.c.public_id == public_id).values(state=state)
            )
