"""Consents as other systems give and see them; nothing of a patient, a recipient or a reason comes back."""

from typing import Any

import sqlalchemy as sa

from erepo.api.errors import RequestInvalid
from erepo.api.models_sharing import ConsentQuery, ConsentSearch, NewConsent, RecipientGiven
from erepo.clinic.intake import parse_patient
from erepo.clinic.sharing import Recipient, Search, Wanted, find
from erepo.clinic.sharing.errors import ConsentUnknown, RecipientWrong
from erepo.identifiers.errors import IdentifierInvalid
from erepo.identifiers.hl7 import CX


def wanted_of(given: NewConsent) -> Wanted:
    """Return what a request means.

    Raises:
        RecipientWrong: the recipient cannot be understood.
    """
    return Wanted(
        given.documents, _recipient(given.recipient), given.valid_from or "", given.valid_until, given.matter
    )


def list_consents(connection: sa.Connection, query: ConsentQuery | ConsentSearch) -> dict[str, Any]:
    """Return one page in the form of `ConsentList`, the latest first.

    Raises:
        RequestInvalid: patient or recipient cannot be read, or the cursor names no consent.
        RecipientWrong: the recipient's number cannot be used.
    """
    patient = getattr(query, "patient", None)
    recipient = getattr(query, "recipient", None)
    whom = Recipient.person(recipient) if recipient else None
    wanted = Search(
        states=[query.state] if query.state else (),
        open=query.open,
        document=query.document or "",
        patient=_patient(patient) if patient else None,
        recipient=CX(whom.extension or "", whom.root or "") if whom else None,
        after=query.cursor or "",
        limit=query.limit + 1,
    )
    try:
        found = find(connection, wanted)
    except ConsentUnknown:
        raise RequestInvalid(field="cursor") from None
    page = found[: query.limit]
    more = len(found) > len(page)
    return {"consents": [one.as_json() for one in page], "next": page[-1].id if more else None}


def _recipient(given: RecipientGiven) -> Recipient:
    match given.kind:
        case "patient" if not (given.number or given.account):
            return Recipient.patient()
        case "person" if given.number and not given.account:
            return Recipient.person(given.number, given.name or "")
        case "account" if given.account and not given.number:
            return Recipient.of_account(given.account, given.name or "")
        case _:
            raise RecipientWrong(field=given.kind)


def _patient(text: str) -> CX:
    try:
        return parse_patient(text)
    except IdentifierInvalid:
        raise RequestInvalid(field="patient") from None
