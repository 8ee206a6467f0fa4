"""Revoke a consent (manual 1.4 "Odwołanie zgody").

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.clinic.sharing import ConsentState, Revocation
from flows.naming import run_name
from flows.sharing_page import report_revoked
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.sharing import deliver_revocation, intend_revocation

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


@flow(name="revoke-consent", flow_run_name=run_name("revoke-consent"))
@guarded
async def revoke_consent(
    acting_user: Annotated[str, Field(title="Użytkownik / Acting user", min_length=1, max_length=100)],
    consent: Annotated[str, Field(title="Zgoda / Consent", pattern=UUID)],
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """End a consent now: nobody sees anything by it any more, downloads under way included.

    It is written down before anybody is asked; where the service does not answer, the run ends Failed, and
    settle-consents repeats it until it is confirmed.

    Args:
        acting_user: Login of the person who revokes; needs the permission `share`.
        consent: Id of the consent, as `erepo consents list` shows it.
        connection: Name of the clinic's blocks.
    """
    state = await intend_revocation(connection, consent, acting_user)
    done = Revocation(consent, state)
    if state is ConsentState.REVOKING:
        async with opened_repository(connection):
            done = await deliver_revocation(consent)
    await report_revoked(done)
