"""Resources beside the accounts: figures, the description of the REST interface, WSDL and schemas."""

from erepo.cloud import metrics
from erepo.cloud.errors import MethodNotAllowed, PathUnknown
from erepo.cloud.service import Cloud
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.openapi import document
from erepo.xds.wsdl import documents


async def figures(cloud: Cloud, fingerprint: str) -> Answer:
    """Answer `/metrics`.

    Raises:
        PathUnknown: it is none of the operator's certificates.
    """
    if fingerprint not in await cloud.reading(cloud.home.operators):
        raise PathUnknown
    return Answer(200, metrics.CONTENT_TYPE, await cloud.reading(cloud.metrics.page))


def description(cloud: Cloud) -> Answer:
    """Answer `/openapi.json`."""
    return json_answer(200, document(cloud.base_url))


def service_document(cloud: Cloud, path: str, query: str) -> Answer:
    """Answer `?wsdl` and `?xsd=NAME` of an XDS endpoint of the caller's own account.

    Args:
        cloud: the service.
        path: of the endpoint; its address stands in the WSDL.
        query: of the URL, without the question mark.

    Raises:
        PathUnknown: no such schema.
        MethodNotAllowed: neither was asked for.
    """
    name, _, value = query.partition("=")
    if name.lower() == "wsdl":
        return Answer(
            200, documents.MEDIA_TYPE, documents.wsdl(path.rpartition("/")[2], cloud.base_url + path)
        )
    if name.lower() != "xsd":
        raise MethodNotAllowed(allowed="POST")
    try:
        return Answer(200, documents.MEDIA_TYPE, documents.schema(value))
    except KeyError:
        raise PathUnknown from None
