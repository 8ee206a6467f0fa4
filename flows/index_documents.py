"""Index documents in P1, and withdraw the indexes of what left the repository (manual 1.3).

Requires the blocks that onboard-clinic writes, the registration that register-p1 makes, and the passphrase of
the keys in the worker's surroundings. Where the eArchiwum is in use, there is nothing to index.
"""

from collections.abc import Sequence
from typing import Annotated, get_args

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from erepo.clinic.archiving.results import Problem
from erepo.clinic.indexing import Choice, RunResult
from erepo.texts import Text, language
from flows.index_page import report_indexing
from flows.kind_choices import IndexKind, kind_names
from flows.naming import run_name
from tasks.boundary import guarded
from tasks.clinic import not_needed, opened
from tasks.indexing import announce_deadlines, index_due, look_at_indexes, order_indexes, read_index_report

_UNUSED = Text(
    "The repository is not registered in P1, and nothing of it is indexed there: nothing to do.",
    "Repozytorium nie jest zarejestrowane w P1 i nic z niego nie jest tam zaindeksowane: nie ma nic do"
    " zrobienia.",
)
_Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
_EVERYTHING = "Puste: wszystkie wymagane / Empty: all that are required."
_KINDS = kind_names(get_args(IndexKind))


@flow(name="index-documents", flow_run_name=run_name("index"))
@guarded
async def index_documents(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    kinds: Annotated[
        Sequence[IndexKind],
        Field(title="Rodzaje dokumentów / Document kinds", description=f"{_EVERYTHING} {_KINDS}"),
    ] = [],
    document_ids: Annotated[Sequence[_Id], Field(title="Dokumenty / Documents", max_length=1000)] = [],
    most_documents: Annotated[
        int, Field(title="Najwięcej dokumentów / Most documents", ge=0, le=1_000_000)
    ] = 0,
    dry_run: Annotated[
        bool, Field(title="Tylko pokaż, co zostanie zrobione / Only show what would be done")
    ] = False,
    acting_user: Annotated[
        str, Field(title="Osoba zlecająca (login) / Acting user (login)", max_length=64)
    ] = "",
) -> State[None] | None:
    """Have every document that the law wants in P1's index put there, the oldest deadline first.

    May be started at any moment, also after a crash: the service asks P1 what it has before anything is sent.
    While P1 does not answer, the account leaves it alone for a while; such a run sends nothing, tells so on
    its page and ends Completed. Documents near or after their deadline become an event
    `erepo.index.deadline`. Inside a maintenance window nothing begins; without a valid licence only
    indexes of what has left the repository are withdrawn.

    Args:
        connection: Name of the clinic's blocks.
        kinds: Only documents of these kinds; empty means all that have to be indexed.
        document_ids: Only these documents, at once: opaque ids, as `erepo documents list` shows them.
        most_documents: At most so many; 0 means all that are due.
        dry_run: Send nothing; leave a page of how many would be taken, what is late, and why.
        acting_user: Login of the person in whose name P1 is asked; empty takes the archiving task's user.
    """
    if (end := await not_needed(connection)) is not None:
        return end
    chosen = tuple(dict.fromkeys(kinds))
    choice = Choice(chosen, tuple(dict.fromkeys(document_ids)), most_documents or None)
    async with opened(connection):
        if dry_run:
            await report_indexing(None, await look_at_indexes(choice), await read_index_report())
            return None
        if choice.ids:
            await order_indexes(choice.ids, acting_user)
        result, problem = RunResult(), None
        try:
            result = await index_due(choice, acting_user)
        except Exception as error:  # noqa: BLE001 — deadlines pass in a maintenance window as well
            problem = error
            result.problem = Problem.of(error)
        found = await read_index_report()
        if found.unused:
            return Completed(message=_UNUSED.fill(language()))
        await report_indexing(result, result.due, found)
        await announce_deadlines()
    if (problem := problem or result.error()) is not None:
        raise problem
    return None
