"""ITI-18 Registry Stored Query."""

from base64 import b64encode
from collections.abc import Iterator
from functools import partial

from lxml import etree

from erepo.cloud.audit.events import Thing
from erepo.cloud.registry import queries
from erepo.cloud.web.exchange import Question, Reply
from erepo.xds import iti18
from erepo.xds.errors import RequestRejected
from erepo.xds.queries import PATIENT
from erepo.xds.vocabulary import RIM

#: Parameters of stored queries that name a patient.
PATIENT_PARAMETERS = (PATIENT, "$XDSSubmissionSetPatientId", "$XDSFolderPatientId", "$patientId")

#: Most octets of a request that are recorded; a question for thousands of ids is longer.
_LONGEST = 32 * 1024


async def query(question: Question) -> Reply:
    """Answer a stored query."""
    cloud, tenant = question.cloud, question.tenant
    things: tuple[Thing, ...] = (await question.working(partial(_request, question)),)
    try:
        asked = await question.working(partial(iti18.read_query, question.verified))
        things = (*things, *_patients(asked))
        found = await cloud.reading(partial(_answer, question, asked))
    except RequestRejected as error:
        payload = iti18.write_response(errors=error.errors)
        return Reply(iti18.RESPONSE_ACTION, payload, things=things, errors=error.errors)
    payload = iti18.write_response(refs=found.refs, elements=found.elements, home=tenant.home_community_id)
    return Reply(iti18.RESPONSE_ACTION, payload, things=things, entries=_entries(question, found))


def _entries(question: Question, found: queries.Found) -> tuple[str, ...]:
    if question.view is None:
        return ()
    return found.refs or tuple(each.get("id", "") for each in found.elements)


def _request(question: Question) -> Thing:
    """Return the request as it came, also one that cannot be read: IHE wants it recorded (TF-2 3.18.5.1)."""
    payload = question.verified.payload
    adhoc = payload.find(f"{{{RIM}}}AdhocQuery")
    octets = etree.tostring(payload, encoding="UTF-8", with_tail=False)[:_LONGEST]
    return Thing("query", adhoc.get("id", "") if adhoc is not None else "", b64encode(octets).decode())


def _patients(asked: iti18.StoredQuery) -> Iterator[Thing]:
    for value in map(asked.value, PATIENT_PARAMETERS):
        if value:
            yield Thing("patient", value)


def _answer(question: Question, asked: iti18.StoredQuery) -> queries.Found:
    within = None if question.view is None else question.view.condition
    with question.cloud.database.read(question.tenant.id) as connection:
        return queries.answer(connection, question.tenant, asked, within)
