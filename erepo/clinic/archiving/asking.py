"""Asking the registry what became of a submission or a document (ITI-18)."""

from collections.abc import Iterable

from erepo.clinic.archiving.comparing import Finding, compare
from erepo.clinic.archiving.errors import RegisteredDifferently
from erepo.clinic.archiving.shipments import Item, Shipment
from erepo.clinic.archiving.verdicts import STORED, Judgement, Verdict
from erepo.clinic.repository import Cloud
from erepo.xds import iti18
from erepo.xds.model import DocumentEntry

#: Not in the repository: sending it again, with the same ids, is safe.
ABSENT = Judgement(Verdict.LATER, "not-registered")


async def ask_submission(cloud: Cloud, shipment: Shipment) -> Judgement:
    """Ask by the submission's uniqueId (GetSubmissionSetAndContents).

    Returns:
        STORED when all its documents are there, equal in hash and size; ABSENT when the submission is
        unknown; a refusal when the registry holds something else.

    Raises:
        RetryableError: nobody could be asked.
        XdsFailure: the registry could not answer.
    """
    result = await cloud.query(iti18.get_submission_set_and_contents(unique_id=shipment.unique_id))
    if not result.metadata.submission_sets:
        return ABSENT
    return _judge(shipment.items, result.metadata.documents)


async def ask_documents(cloud: Cloud, shipment: Shipment) -> Judgement:
    """Ask by the documents' uniqueIds (GetDocuments), whatever submission brought them.

    Returns, Raises:
        As `ask_submission`; ABSENT when not a single document is known.
    """
    unique_ids = [item.unique_id for item in shipment.items]
    result = await cloud.query(iti18.get_documents(unique_ids=unique_ids))
    return _judge(shipment.items, result.metadata.documents) if result.metadata.documents else ABSENT


def _judge(items: Iterable[Item], entries: Iterable[DocumentEntry]) -> Judgement:
    listed = list(entries)
    # One that has been replaced since is there all the same.
    findings = {compare(item.unique_id, item.sha1, item.size, listed, replaced=None) for item in items}
    # Several equal entries are a matter for `verify`: the document itself is safe.
    different = findings - {Finding.EQUAL, Finding.TWICE}
    if not different:
        return STORED
    error = RegisteredDifferently(field=min(different).value)
    return Judgement(Verdict.REFUSED, error.code, error)
