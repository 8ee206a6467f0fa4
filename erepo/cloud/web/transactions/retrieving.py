"""ITI-43 Retrieve Document Set."""

from collections.abc import Sequence
from functools import partial

from erepo.cloud.audit.events import Thing
from erepo.cloud.consents import NothingVisible
from erepo.cloud.repository import retrieving
from erepo.cloud.web.exchange import Question, Reply
from erepo.xds import iti43
from erepo.xds.errors import RequestRejected
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds


async def retrieve(question: Question) -> Reply:
    """Give documents out."""
    cloud, tenant = question.cloud, question.tenant
    try:
        requests = await question.working(partial(iti43.read_request, question.verified))
    except RequestRejected as error:
        return retrieved([], [], error.errors)
    if len(requests) > cloud.settings.limits.message_documents:
        context = f"more than {cloud.settings.limits.message_documents} documents in one request"
        return retrieved([], [], [RegistryError(Xds.REPOSITORY_ERROR, context)])
    work = partial(retrieving.retrieve, cloud, tenant, requests, question.damaged, partial(_seen, question))
    documents, errors = await cloud.reading(work)
    return retrieved(requests, documents, errors)


def _seen(question: Question, unique_id: str) -> bool:
    """Tell whether a document is there for who asks; to a foreign account only what is shared is."""
    if question.view is None:
        return True
    with question.cloud.database.read(question.tenant.id) as connection:
        try:
            question.view.granted(connection, unique_id)
        except NothingVisible:
            return False
    return True


def retrieved(
    requests: Sequence[iti43.DocumentRequest],
    documents: Sequence[iti43.RetrievedDocument],
    errors: Sequence[RegistryError],
) -> Reply:
    """Return the answer: documents, an error for each that is not given, and both for the record."""
    payload, attachments = iti43.write_response(documents, errors)
    given = {each.document_unique_id for each in documents}
    things = tuple(_thing(each, given=each.document_unique_id in given) for each in requests)
    return Reply(iti43.RESPONSE_ACTION, payload, attachments, things, tuple(errors))


def _thing(request: iti43.DocumentRequest, *, given: bool) -> Thing:
    kind = "document" if given else "withheld"
    return Thing(kind, request.document_unique_id, request.repository_unique_id)
