"""ITI-57 Update Document Set."""

from functools import partial

from erepo.cloud.audit.events import Thing
from erepo.cloud.registry.rules import check_term
from erepo.cloud.registry.updating import judge
from erepo.cloud.web.exchange import Question, Reply
from erepo.cloud.web.transactions.writing import Judged, answered
from erepo.xds import iti42, iti57
from erepo.xds.vocabulary import Xds


async def update(question: Question) -> Reply:
    """Change metadata that is registered."""
    judging = partial(_judge, question)
    return await answered(question, iti57.RESPONSE_ACTION, Xds.REGISTRY_BUSY, judging, question.trail.write)


def _judge(question: Question) -> Judged:
    if late := check_term(question.tenant, Xds.REGISTRY_ERROR):
        return late
    asked = iti57.read_request(question.verified)
    objects = iti42.objects_of(question.verified)
    evidence = question.trail.evidence(_things(asked))
    return judge(question.cloud.numbers, question.tenant, asked, objects, evidence)


def _things(asked: iti57.Update) -> list[Thing]:
    own = asked.submission_set
    things = [Thing("patient", str(own.patient_id)), Thing("set", own.unique_id)]
    for one in asked.operations:
        match one:
            case iti57.NewVersion():
                things.append(Thing("object", one.entry.lid, f"version {one.previous_version + 1}"))
            case iti57.StatusChange():
                things.append(Thing("object", one.target, one.new))
            case iti57.NewAssociation():
                things.append(Thing("object", one.association.entry_uuid, one.association.type))
    return things
