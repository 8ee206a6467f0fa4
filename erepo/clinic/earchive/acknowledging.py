"""Records that are lost for good: a person has looked, and wants them named no longer as damage.

Nothing is repaired by it. The history of the clinic holds who said so, and when; nothing else does.
"""

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database, repeated
from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.checking import is_damaged
from erepo.clinic.earchive.errors import RecordSound
from erepo.clinic.permissions import person
from erepo.clinic.tables import audit_event

_EVENT, _SUBJECT = "earchive_record_acknowledged", "earchive"


@repeated
def acknowledge(database: Database, archive: Archive, number: int, login: str) -> bool:
    """Write down that a person knows a record to be lost; audited.

    Args:
        database: the clinic's.
        archive: opened.
        number: of the record.
        login: who says so.

    Returns:
        Whether it is new.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        RecordSound: the record is not damaged, or the index has not left it out.
    """
    with database.begin() as connection:
        person(connection, login)
        if not is_damaged(archive, number):
            raise RecordSound(number=number)
        identity = archive.place.mark.archive
        if number in acknowledged(connection, identity):
            return False
        note(connection, _EVENT, subject=_SUBJECT, subject_id=f"{identity}:{number}", actor=login)
    return True


def acknowledged(connection: sa.Connection, archive: str) -> frozenset[int]:
    """Return the numbers of the records of an archive that somebody knows to be lost."""
    found = connection.execute(
        sa.select(audit_event.c.subject_id).where(
            audit_event.c.event == _EVENT, audit_event.c.subject_id.startswith(f"{archive}:")
        )
    ).scalars()
    return frozenset(int(str(one).rpartition(":")[2]) for one in found)
