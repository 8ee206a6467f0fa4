"""Share documents by a consent (manual 1.2 "Udostępnij", 1.4 "Wyślij").

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings.
"""

from typing import Annotated, Final, Literal

from prefect import flow
from pydantic import Field

from erepo.clinic.sharing.errors import OneOfTwo
from flows.migrate_documents import DAY, PublicId
from flows.naming import run_name
from flows.sharing_page import report_shared
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.sharing import draft_for_patient, send_consent

UUID_OR_NOTHING: Final = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
#: Parameters lie in Prefect in clear: a reason in somebody's own words stands in the consent alone.
MATTERS: Final = {"request": "Na wniosek pacjenta", "treatment": "Kontynuacja leczenia"}
_WORDS = (
    "request: Na wniosek pacjenta / At the patient's request; "
    "treatment: Kontynuacja leczenia / Continued treatment."
)


@flow(name="share-documents", flow_run_name=run_name("share"))
@guarded
async def share_documents(
    acting_user: Annotated[str, Field(title="Użytkownik / Acting user", min_length=1, max_length=100)],
    consent: Annotated[str, Field(title="Zgoda / Consent", pattern=UUID_OR_NOTHING)] = "",
    documents: Annotated[
        list[PublicId], Field(title="Dokumenty dla pacjenta / Documents for their patient", max_length=1000)
    ] = [],  # noqa: B006
    valid_from: Annotated[str, Field(title="Data od / Valid from", pattern=DAY)] = "",
    valid_until: Annotated[str, Field(title="Data do / Valid until", pattern=DAY)] = "",
    matter: Annotated[
        Literal["request", "treatment"], Field(title="Sprawa / Reason", description=_WORDS)
    ] = "request",
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """Archive what is not in the repository yet, send the consent, and mark the documents as shared.

    Either the id of a consent that was written down in the clinic (`erepo share new`, REST), with whatever
    recipient and reason; or documents of one patient, which are shared with that patient. May be started
    again at any moment, also after a crash: nothing is given twice, and what is left open goes on by itself.

    Args:
        acting_user: Login of the person who shares; needs the permission `share`.
        consent: Id of a consent, as `erepo share new` prints it; then nothing else is needed.
        documents: Opaque ids of documents of one patient, who is the recipient; where no consent is given.
        valid_from: First day, as 2026-11-30, Polish time; empty is now.
        valid_until: Last day, as 2026-12-31, until its midnight; needed where documents are given.
        matter: Why; other words stand in a consent that is written down in the clinic.
        connection: Name of the clinic's blocks.
    """
    if bool(consent) == bool(documents):
        raise OneOfTwo
    name = consent or await draft_for_patient(
        connection, documents, (valid_from, valid_until), MATTERS[matter], acting_user
    )
    async with opened_repository(connection):
        await report_shared(await send_consent(name, acting_user))
