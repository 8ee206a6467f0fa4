"""Make a clinic's account usable: keys, requests, certificates, activation, panel, blocks, structure, P1.

Requires the account's number, the passphrase of the keys in the worker's surroundings, and a mail server. The
truth about how far it has come lies in the ledger of the clinic's own database, never in Prefect: started
again after a crash, a refusal or days of waiting, the flow goes on where it stopped and repeats nothing.

While the office has not answered the run is suspended: it has no process, survives restarts of everything,
and begins anew from its first line when somebody gives the certificates.
"""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.asking import until_certificates
from flows.naming import run_name
from flows.reporting_account import report_onboarding
from tasks.administrator import create_administrator
from tasks.boundary import guarded
from tasks.clinic import opened
from tasks.onboarding import activate, entry_of, mail_requests, make_requests, write_mail_server
from tasks.p1 import register, write_repository_id
from tasks.publishing import write_blocks
from tasks.structure import introduce_structure

Account = Annotated[str, Field(title="ID konta / Account", pattern=r"^[0-9]{16}$")]
Line = Annotated[str, Field(max_length=200)]
Country = Annotated[str, Field(title="Kraj (C) / Country", pattern=r"^[A-Z]{2}$")]
Keys = Annotated[Literal["ec-p256", "rsa-3072"], Field(title="Rodzaj kluczy / Key type")]
Office = Annotated[Line, Field(title="Adres biura (BOK) / Address of the certificate office")]
Port = Annotated[int, Field(title="Port serwera poczty / Port of the mail server", ge=0, le=65535)]
Service = Annotated[Line, Field(title="Adres usługi repozytorium / Address of the repository service")]
Minutes = Annotated[
    float,
    Field(title="Najpierw sprawdzaj skrzynkę (minuty) / Look into the mailbox first, minutes", ge=0, le=1440),
]
Connection = Annotated[str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)]
Block = Annotated[
    str,
    Field(
        title="Blok z certyfikatami P1 / Block with the P1 certificates",
        pattern="^[a-z0-9-]*$",
        max_length=100,
    ),
]


@flow(name="onboard-clinic", flow_run_name=run_name("onboard"))
@guarded
async def onboard_clinic(  # noqa: PLR0913, PLR0917 — one argument per field of the form
    account: Account,
    organisation: Annotated[Line, Field(title="Organizacja (O) / Organisation")] = "",
    department: Annotated[Line, Field(title="Jednostka organizacyjna (OU) / Organisational unit")] = "",
    country: Country = "PL",
    key_type: Keys = "ec-p256",
    office: Office = "biuro@office.example",
    sender: Annotated[Line, Field(title="Nasz adres e-mail / Our own address")] = "",
    smtp_host: Annotated[Line, Field(title="Serwer poczty / Mail server")] = "",
    smtp_port: Port = 0,
    reply_folder: Annotated[Line, Field(title="Skrzynka z odpowiedziami / Mailbox with the replies")] = "",
    service: Service = "",
    wait_minutes: Minutes = 10,
    connection: Connection = "clinic",
    p1_certificates: Block = "",
) -> None:
    """Order certificates for an account, wait for them, activate the account, introduce the clinic.

    The panel's first login lies in `secrets/panel-login-<account>` of the clinic's home then.

    May be started again at any time; what is done is not repeated.

    Args:
        account: The 16 digits of the account.
        organisation: Name in the certificates (O); empty takes it from the structure.
        department: Unit in the certificates (OU); empty takes it from the structure.
        country: Country in the certificates (C), two letters.
        key_type: Kind of the new keys, where none exist yet.
        office: Where the requests go.
        sender: Where the mail comes from and the answer goes to; empty keeps that of the MailServer block.
        smtp_host: Name of the mail server; empty takes the MailServer block, or the sandbox on this machine.
        smtp_port: Its port; 0 takes the usual one, or the sandbox's.
        reply_folder: Maildir that receives the answers; empty takes the mailbox of the MailServer block, or
            the sandbox's.
        service: Root address of the service; empty takes the one on this machine.
        wait_minutes: How long to look for the answer before the run is suspended and asks; 0: at once.
        connection: Name to save the blocks under.
        p1_certificates: Name of a P1Certificates block: registers the repository in the national domain with
            them; empty leaves that to register-p1.
    """
    # First of all, for it refuses where the clinic uses another repository: nothing is written then.
    await make_requests(account, organisation, department, country, key_type)
    await write_mail_server(connection, smtp_host, smtp_port, sender)
    await mail_requests(account, connection, office)
    await until_certificates(account, connection, reply_folder, wait_minutes)
    await activate(account, service)
    await create_administrator(account)
    await write_blocks(account, connection)
    async with opened(connection):
        await introduce_structure()
        if p1_certificates:
            await register(p1_certificates, start_over=False, new_repository=False)
            await write_repository_id(connection)
    await report_onboarding(await entry_of(account))
