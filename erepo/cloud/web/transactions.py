"""The transactions of XDS.b that the service speaks: from a proven message to the body of its answer."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import orjson

from erepo.cloud.audit.events import Action, Thing
from erepo.cloud.errors import ServiceStopping, StorageUnavailable, where
from erepo.cloud.registry import queries
from erepo.cloud.registry.jobs import SubmissionJob
from erepo.cloud.repository.retrieving import retrieve
from erepo.cloud.repository.storing import judge, store
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.exchange import Question, Reply, Transaction
from erepo.soap.message import ready_body
from erepo.xds import iti18, iti41, iti43
from erepo.xds.ebrim import OBJECT_LIST
from erepo.xds.errors import RequestRejected
from erepo.xds.queries import PATIENT
from erepo.xds.responses import RegistryError, write_registry_response
from erepo.xds.vocabulary import Xds

log = logging.getLogger("erepo.cloud")

#: Parameters of stored queries that name a patient.
PATIENT_PARAMETERS = (PATIENT, "$XDSSubmissionSetPatientId", "$XDSFolderPatientId", "$patientId")
#: What nearly every submission is answered with.
_SUCCESS = ready_body(write_registry_response())


async def _provide(question: Question) -> Reply:
    """ITI-41."""
    errors = await _submit(question)
    payload = write_registry_response(errors=errors) if errors else _SUCCESS
    return Reply(iti41.RESPONSE_ACTION, payload, errors=tuple(errors))


async def _submit(question: Question) -> Sequence[RegistryError]:
    cloud, tenant = question.cloud, question.tenant
    if tenant.expired:
        context = f"the account was valid until {tenant.valid_until}"
        return [RegistryError(Xds.REPOSITORY_OUT_OF_RESOURCES, context)]
    try:
        work = partial(_judge, question)
        job = await cloud.heavily(work) if question.large else work()
        if isinstance(job, list):
            return job
        return (await store(cloud, job, question.trail.write)).errors
    except RequestRejected as error:
        return error.errors
    except (StorageUnavailable, ServiceStopping) as error:
        log.error("account %s: not stored, %s", tenant.account, where(error.__cause__ or error))  # noqa: TRY400  # texts may hold patient data
        return [RegistryError(Xds.REPOSITORY_BUSY, "the storage cannot take it now; nothing was stored")]


def _judge(question: Question) -> SubmissionJob | list[RegistryError]:
    submission = iti41.read_request(question.verified)
    objects = next(question.verified.payload.iter(OBJECT_LIST))
    evidence = question.trail.evidence(_submitted(submission))
    return judge(question.tenant, submission, objects, evidence)


def _submitted(submission: iti41.Submission) -> list[Thing]:
    submission_set = submission.submission_set
    return [
        Thing("patient", str(submission_set.patient_id)),
        Thing("set", submission_set.unique_id),
        *(Thing("document", entry.unique_id) for entry, _ in submission.entries),
    ]


async def _retrieve(question: Question) -> Reply:
    """ITI-43."""
    cloud, tenant = question.cloud, question.tenant
    try:
        requests = iti43.read_request(question.verified)
    except RequestRejected as error:
        return _retrieved([], [], error.errors)
    if len(requests) > cloud.settings.limits.message_documents:
        context = f"more than {cloud.settings.limits.message_documents} documents in one request"
        return _retrieved([], [], [RegistryError(Xds.REPOSITORY_ERROR, context)])
    documents, errors = await cloud.reading(partial(retrieve, cloud, tenant, requests, question.damaged))
    return _retrieved(requests, documents, errors)


def _retrieved(
    requests: Sequence[iti43.DocumentRequest],
    documents: Sequence[iti43.RetrievedDocument],
    errors: Sequence[RegistryError],
) -> Reply:
    payload, attachments = iti43.write_response(documents, errors)
    things = tuple(Thing("document", each.document_unique_id, each.repository_unique_id) for each in requests)
    return Reply(iti43.RESPONSE_ACTION, payload, attachments, things, tuple(errors))


async def _query(question: Question) -> Reply:
    """ITI-18."""
    cloud, tenant = question.cloud, question.tenant
    things: tuple[Thing, ...] = ()
    try:
        query = iti18.read_query(question.verified)
        things = _asked(query)
        found = await cloud.reading(partial(_answer, cloud, tenant, query))
    except RequestRejected as error:
        payload = iti18.write_response(errors=error.errors)
        return Reply(iti18.RESPONSE_ACTION, payload, things=things, errors=error.errors)
    payload = iti18.write_response(refs=found.refs, elements=found.elements, home=tenant.home_community_id)
    return Reply(iti18.RESPONSE_ACTION, payload, things=things)


def _asked(query: iti18.StoredQuery) -> tuple[Thing, ...]:
    patients = [query.value(name) for name in PATIENT_PARAMETERS]
    return (
        Thing("query", query.id, orjson.dumps(query.parameters).decode()),
        *(Thing("patient", each) for each in patients if each),
    )


def _answer(cloud: Cloud, tenant: Tenant, query: iti18.StoredQuery) -> queries.Found:
    with cloud.database.read() as connection:
        return queries.answer(connection, tenant, query)


#: By the last part of the endpoint's path, then by wsa:Action.
TRANSACTIONS: Final[Mapping[str, Mapping[str, Transaction]]] = {
    "repository": {
        iti41.ACTION: Transaction("ITI-41", Action.CREATE, _provide),
        iti43.ACTION: Transaction("ITI-43", Action.READ, _retrieve),
    },
    "registry": {iti18.ACTION: Transaction("ITI-18", Action.EXECUTE, _query)},
}
