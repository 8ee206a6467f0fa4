"""ITI-42 Register Document Set-b."""

from functools import partial

from erepo.cloud.registry.rules import check_term
from erepo.cloud.registry.submitting import judge
from erepo.cloud.web.exchange import Question, Reply
from erepo.cloud.web.transactions.writing import Judged, answered, submitted
from erepo.xds import iti42
from erepo.xds.vocabulary import Xds


async def register(question: Question) -> Reply:
    """Register metadata of documents that lie in any repository."""
    judging = partial(_judge, question)
    return await answered(question, iti42.RESPONSE_ACTION, Xds.REGISTRY_BUSY, judging, question.trail.write)


def _judge(question: Question) -> Judged:
    if late := check_term(question.tenant, Xds.REGISTRY_ERROR):
        return late
    registration = iti42.read_request(question.verified)
    objects = iti42.objects_of(question.verified)
    evidence = question.trail.evidence(submitted(registration))
    return judge(question.cloud.numbers, question.tenant, registration, objects, evidence)
