"""Tell the administrator of accesses because a life was in danger; never whose documents, nor why."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from prefect import task

from erepo.clinic.abroad.emergencies import EVENT, Emergency, mark_told, untold
from erepo.clinic.abroad.ledger import forget
from erepo.clinic.database import Database
from erepo.clinic.tables import now
from erepo.texts import Text, language, moment_words
from tasks.boundary import guarded
from tasks.clinic import current
from tasks.events import emit
from tasks.notifying import find_notifier
from tasks.retrying import PATIENT

_SUBJECT = Text("erepo: emergency access to documents", "erepo: ratunkowy dostęp do dokumentów")
_WORDS = Text(
    "{login} asked P1 for a patient's documents because a life was in danger, on {at}. The reason stands in"
    " the clinic's database (emergency_access, number {number}).",
    "{login} zapytał(a) P1 o dokumenty pacjenta z powodu zagrożenia życia, {at}. Powód zapisano w bazie"
    " placówki (emergency_access, numer {number}).",
)


@task(name="tell-emergencies", **PATIENT)
@guarded
async def tell_emergencies(notifier: str) -> None:
    """Tell Prefect (an event) and people (a notification) of each emergency access, once.

    Written down after telling: after a crash somebody is told twice rather than never. Searches whose day is
    over are forgotten by the way: they name patients.
    """
    database = current().database
    waiting = await asyncio.to_thread(_untold, database)
    block = await find_notifier(notifier) if waiting else None
    for one in waiting:
        payload = {"login": one.login, "at": one.made_at.isoformat(), "number": one.id}
        await emit(EVENT, f"erepo.emergency.{one.id}", payload, UUID(one.event_id))
        if block is not None:
            speak = language()
            words = _WORDS.fill(speak, login=one.login, at=moment_words(one.made_at), number=one.id)
            await block.notify(words, _SUBJECT.fill(speak))
        await asyncio.to_thread(_mark, database, one)


def _untold(database: Database) -> Sequence[Emergency]:
    with database.begin() as connection:
        forget(connection, now())
        return untold(connection)


def _mark(database: Database, one: Emergency) -> None:
    with database.begin() as connection:
        mark_told(connection, one)
