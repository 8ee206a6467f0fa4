"""ITI-18 Registry Stored Query."""

from functools import partial

import orjson

from erepo.cloud.audit.events import Thing
from erepo.cloud.registry import queries
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.exchange import Question, Reply
from erepo.xds import iti18
from erepo.xds.errors import RequestRejected
from erepo.xds.queries import PATIENT

#: Parameters of stored queries that name a patient.
PATIENT_PARAMETERS = (PATIENT, "$XDSSubmissionSetPatientId", "$XDSFolderPatientId", "$patientId")


async def query(question: Question) -> Reply:
    """Answer a stored query."""
    cloud, tenant = question.cloud, question.tenant
    things: tuple[Thing, ...] = ()
    try:
        asked = iti18.read_query(question.verified)
        things = _asked(asked)
        found = await cloud.reading(partial(_answer, cloud, tenant, asked))
    except RequestRejected as error:
        payload = iti18.write_response(errors=error.errors)
        return Reply(iti18.RESPONSE_ACTION, payload, things=things, errors=error.errors)
    payload = iti18.write_response(refs=found.refs, elements=found.elements, home=tenant.home_community_id)
    return Reply(iti18.RESPONSE_ACTION, payload, things=things)


def _asked(asked: iti18.StoredQuery) -> tuple[Thing, ...]:
    patients = [asked.value(name) for name in PATIENT_PARAMETERS]
    return (
        Thing("query", asked.id, orjson.dumps(asked.parameters).decode()),
        *(Thing("patient", each) for each in patients if each),
    )


def _answer(cloud: Cloud, tenant: Tenant, asked: iti18.StoredQuery) -> queries.Found:
    with cloud.database.read() as connection:
        return queries.answer(connection, tenant, asked)
