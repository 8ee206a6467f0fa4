"""What an earlier run has planned and not delivered leaves the plan when its kind is switched off.

"If the field is empty, the document is not moved" (manual 1.1.5, since 7.2.0) also holds for documents that
wait in a batch because the service did not answer. One that another archiver holds at this moment is left to
it: a change acts on the next run. Should a request sent earlier arrive after all, the registry refuses the
document's ids when it is sent again, is asked, and it is found there.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from erepo.clinic.archiving.leases import is_free
from erepo.clinic.database import Database
from erepo.clinic.states import State, move
from erepo.clinic.tables import IN_HAND, batch, document, kind_rule, now, submission

#: Why a submission was ended without being sent.
CODE = "kind.off"


def withdraw(database: Database) -> int:
    """Take queued documents of kinds that are off back out of the plan; return how many."""
    with database.read() as connection:
        batches = connection.execute(
            sa.select(submission.c.batch_id)
            .join_from(document, submission, submission.c.id == document.c.submission_id)
            .join(kind_rule, kind_rule.c.kind == document.c.kind)
            .where(*_OFF)
            .distinct()
        ).scalars()
        wanted = sorted(one for one in batches if one)
    withdrawn = 0
    for batch_id in wanted:
        with database.begin() as connection:
            withdrawn += _withdraw(connection, batch_id)
    return withdrawn


_OFF = (IN_HAND, document.c.state == State.QUEUED.value, kind_rule.c.auto_archive.is_(False))


def _withdraw(connection: sa.Connection, batch_id: str) -> int:
    # Locked, so that nobody claims the batch in between.
    lease = connection.execute(
        sa.select(batch.c.run_key).where(batch.c.id == batch_id).with_for_update()
    ).scalar_one_or_none()
    if not is_free(lease):
        return 0
    rows = connection.execute(
        sa.select(document.c.id, document.c.submission_id)
        .join(submission, submission.c.id == document.c.submission_id)
        .join(kind_rule, kind_rule.c.kind == document.c.kind)
        .where(*_OFF, submission.c.batch_id == batch_id)
    ).all()
    values = {"submission_id": None, "due_at": None}
    ids = [row.id for row in rows]
    move(connection, ids, State.QUEUED, State.LOCAL, "withdrawn", values=values, reason=CODE)
    _end_empty(connection, sorted({row.submission_id for row in rows}))
    return len(ids)


def _end_empty(connection: sa.Connection, submissions: Sequence[int]) -> None:
    used = sa.select(document.c.id).where(document.c.submission_id == submission.c.id)
    for key in submissions:
        connection.execute(
            submission.update()
            .where(submission.c.id == key, ~used.exists())
            .values(state="failed", finished_at=now(), reason_code=CODE)
        )
