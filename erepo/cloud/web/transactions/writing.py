"""What every transaction that writes has in common: how it ends, and how that is said."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.audit.events import Thing
from erepo.cloud.errors import ServiceStopping, where
from erepo.cloud.registry.jobs import Job, Outcome
from erepo.cloud.repository.storing import Ready
from erepo.cloud.web.exchange import Question, Reply
from erepo.soap.message import ready_body
from erepo.xds.errors import RequestRejected
from erepo.xds.responses import RegistryError, write_registry_response
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import Xds

log = logging.getLogger("erepo.cloud")

#: What nearly every request is answered with.
_SUCCESS = ready_body(write_registry_response())

#: What judging a request gives: what may be written, or every reason against it.
Judged = Job | Ready | Sequence[RegistryError]


async def answered(
    question: Question,
    action: str,
    busy: Xds,
    judge: Callable[[], Judged],
    write: Callable[[Any], Awaitable[Outcome]],
) -> Reply:
    """Judge a request, have it written, and answer with a RegistryResponse.

    Args:
        question: the request.
        action: of the answer.
        busy: the code when the storage cannot take it now.
        judge: reads and checks the request: work for the writer, or what is wrong with it.
        write: gives what `judge` returned to the writer and waits for its commit.
    """
    errors = await _errors(question, busy, judge, write)
    payload = write_registry_response(errors=errors) if errors else _SUCCESS
    return Reply(action, payload, errors=tuple(errors))


async def _errors(
    question: Question,
    busy: Xds,
    judge: Callable[[], Judged],
    write: Callable[[Any], Awaitable[Outcome]],
) -> Sequence[RegistryError]:
    try:
        work = await question.working(judge)
        if isinstance(work, Sequence):
            return work
        return (await write(work)).errors
    except RequestRejected as error:
        return error.errors
    except (StorageUnavailable, ServiceStopping) as error:
        log.error("account %s: not stored, %s", question.tenant.account, where(error.__cause__ or error))  # noqa: TRY400  # texts may hold patient data
        return [
            RegistryError(
                busy, "the storage does not answer: ask whether it was stored before sending it again"
            )
        ]


def submitted(registration: Registration) -> list[Thing]:
    """Return what the record says of a submission."""
    submission_set = registration.submission_set
    return [
        Thing("patient", str(submission_set.patient_id)),
        Thing("set", submission_set.unique_id),
        *(Thing("document", entry.unique_id) for entry in registration.documents),
        *(Thing("folder", folder.unique_id) for folder in registration.folders),
    ]
