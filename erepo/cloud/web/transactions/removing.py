"""ITI-62 Remove Metadata and ITI-86 Remove Documents."""

from collections.abc import Sequence
from functools import partial

from erepo.cloud.audit.events import Thing
from erepo.cloud.registry.jobs import Job, Outcome
from erepo.cloud.registry.removing import Removal
from erepo.cloud.repository.removing import DocumentRemoval, check_requests
from erepo.cloud.repository.storing import discard
from erepo.cloud.web.exchange import Question, Reply
from erepo.cloud.web.transactions.writing import Judged, answered
from erepo.xds import iti62, iti86
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds


async def remove_objects(question: Question) -> Reply:
    """Remove a closed set of objects from the registry."""
    judging = partial(_judge_objects, question)
    return await answered(question, iti62.RESPONSE_ACTION, Xds.REGISTRY_BUSY, judging, question.trail.write)


def _judge_objects(question: Question) -> Judged:
    ids = iti62.read_request(question.verified)
    evidence = question.trail.evidence([Thing("object", each) for each in ids])
    return Removal(question.tenant.id, ids, evidence).change()


async def remove_documents(question: Question) -> Reply:
    """Remove documents from the repository."""
    judging, writing = partial(_judge_documents, question), partial(_write, question)
    return await answered(question, iti86.RESPONSE_ACTION, Xds.REPOSITORY_BUSY, judging, writing)


def _judge_documents(question: Question) -> Judged:
    requests = iti86.read_request(question.verified)
    evidence = question.trail.evidence(_things(requests))
    most = question.cloud.settings.limits.message_documents
    if len(requests) > most:
        return [RegistryError(Xds.REPOSITORY_ERROR, f"more than {most} documents in one request")]
    if errors := check_requests(question.tenant, requests):
        return errors
    wanted = [each.document_unique_id for each in requests]
    return DocumentRemoval(question.tenant.id, wanted, evidence).change()


def _things(requests: Sequence[iti86.DocumentRequest]) -> list[Thing]:
    return [Thing("document", each.document_unique_id, each.repository_unique_id) for each in requests]


async def _write(question: Question, job: Job) -> Outcome:
    outcome = await question.trail.write(job)
    await discard(question.cloud, outcome.unused)
    return outcome
