"""ITI-41 Provide and Register Document Set-b."""

from collections.abc import Sequence
from functools import partial

from erepo.cloud.registry.jobs import Outcome
from erepo.cloud.registry.rules import check_term
from erepo.cloud.repository.storing import Ready, judge, store
from erepo.cloud.web.exchange import Question, Reply
from erepo.cloud.web.transactions.writing import answered, submitted
from erepo.xds import iti41
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds


async def provide(question: Question) -> Reply:
    """Store documents and register them; the registry's errors and warnings are the answer's."""
    return await answered(
        question,
        iti41.RESPONSE_ACTION,
        Xds.REPOSITORY_BUSY,
        partial(_judge, question),
        partial(_store, question),
    )


def _judge(question: Question) -> Ready | Sequence[RegistryError]:
    if late := check_term(question.tenant, Xds.REPOSITORY_ERROR):
        return late
    submission = iti41.read_request(question.verified)
    objects = iti41.objects_of(question.verified)
    evidence = question.trail.evidence(submitted(submission.registration()))
    return judge(question.cloud, question.tenant, submission, objects, evidence)


async def _store(question: Question, ready: Ready) -> Outcome:
    return await store(question.cloud, ready, question.trail.write)
