"""Replace the account's keys and certificates before they expire (manual 1.1.3).

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings.
The truth about how far a rotation has come lies in the ledger of the clinic's own database: each run does
what can be done, waits for nobody, and the next one goes on.
"""

from contextlib import suppress
from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from erepo.errors import ErepoError
from flows.naming import run_name
from flows.reporting_rotation import report_rotation
from tasks import rotating
from tasks.boundary import guarded
from tasks.clinic import not_needed

Line = Annotated[str, Field(max_length=200)]
#: Prefect keeps what a form was given: one with a private key is refused before it is kept.
# Written so that the rule itself is no hit for whoever looks for keys in Prefect's database.
Pem = Annotated[str, Field(max_length=50_000, json_schema_extra={"not": {"pattern": "PRIVATE[ ]KEY"}})]


@flow(name="rotate-certificates", flow_run_name=run_name("rotate"))
@guarded
async def rotate_certificates(  # noqa: PLR0913, PLR0917 — one argument per field of the form
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    because: Annotated[Literal["time", "forced", "compromised"], Field(title="Powód / Reason")] = "time",
    tls_certificate: Annotated[Pem, Field(title="Nowy certyfikat TLS / New TLS certificate (PEM)")] = "",
    wss_certificate: Annotated[Pem, Field(title="Nowy certyfikat WSS / New WSS certificate (PEM)")] = "",
    office: Annotated[
        Line, Field(title="Adres biura (BOK) / Address of the certificate office")
    ] = "biuro@office.example",
    reply_folder: Annotated[Line, Field(title="Skrzynka z odpowiedziami / Mailbox with the replies")] = "",
    overlap_days: Annotated[int, Field(title="Okres przejściowy (dni) / Overlap, days", ge=0, le=60)] = 7,
    administrator: Annotated[Line, Field(title="Ostrzeżenia na adres / Mail warnings to")] = "",
) -> State[None] | None:
    """Warn before certificates expire; in time, order new ones, change over to them and retire the old.

    Runs daily by itself. As a form it is „Aktualizuj certyfikaty”: choose a reason to begin at once, or paste
    the certificates that the office has sent.

    Args:
        connection: Name of the clinic's blocks.
        because: time leaves it to the age of the certificates; forced begins now; compromised begins now and
            gives the old ones no overlap.
        tls_certificate: What the office sent as TLS….pem; empty looks into the mailbox.
        wss_certificate: What the office sent as WSS….pem; empty looks into the mailbox.
        office: Where the requests go.
        reply_folder: Maildir that receives the answers; empty takes the sandbox's.
        overlap_days: How long the service goes on accepting the old certificates after the change.
        administrator: Address that gets the warnings by mail as well; empty sends none.
    """
    if (end := await not_needed(connection)) is not None:
        return end
    account = await rotating.find_account(connection)
    try:
        await rotating.warn(account)
        if administrator:
            await rotating.mail_warnings(account, connection, administrator)
        pasted = [text for text in (tls_certificate, wss_certificate) if text.strip()]
        under_way = await rotating.start(account, because)
        if pasted:
            await rotating.receive_pasted(account, pasted)
        elif under_way:
            await rotating.mail_requests(account, connection, office)
            await rotating.collect(account, connection, reply_folder)
        if under_way:
            await rotating.register(account)
            await rotating.cut_over(account, overlap_days)
        await rotating.publish(account, connection)
        await rotating.retire(account)
        await rotating.remove_old_block(account, connection)
    finally:
        # Also of a run that failed: what was reached stays, and the next run goes on from it.
        with suppress(ErepoError):
            await report_rotation(await rotating.read(account))
    return None
