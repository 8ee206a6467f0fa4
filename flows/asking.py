"""Asking a person for the certificates: the form on the run's page, and the words above it."""

from prefect import runtime
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from erepo.clinic.onboarding import Entry
from erepo.texts import Text
from flows.reporting_account import report_onboarding
from tasks.onboarding import entry_of
from tasks.waiting import look_for_certificates, take_form

#: A run may wait for a year; the office is reminded meanwhile by watch-onboarding.
LONGEST = 365 * 24 * 3600

_LIMIT = 20_000


class Certificates(RunInput):
    """Certyfikaty z biura / The office's certificates."""

    tls: str = Field(
        "",
        max_length=_LIMIT,
        title="Certyfikat TLS / TLS certificate",
        description="Treść pliku TLS….pem / The text of the file TLS….pem.",
    )
    wss: str = Field(
        "",
        max_length=_LIMIT,
        title="Certyfikat WSS / WSS certificate",
        description="Treść pliku WSS….pem / The text of the file WSS….pem.",
    )
    authority: str = Field(
        "",
        max_length=_LIMIT,
        title="Urzędy certyfikacji / Authorities",
        description="Treść plików issuer.pem i ca.pem, jeśli je przysłano / "
        "The texts of issuer.pem and ca.pem, where the office sent them.",
    )


_TITLE = Text("## Certificates for the account {account}", "## Certyfikaty dla konta {account}")
_TODO = Text(
    "The requests (CSR) were mailed to {office}. Open both files of its answer in a text editor and copy"
    " their whole texts into the fields below. Only certificates belong here, **never a private key**. With"
    " all fields left empty the mailbox is looked at again. The same on the command line:"
    " `erepo certificates receive FILE…`; to give up: `erepo certificates abandon {account}`.",
    "Żądania (CSR) wysłano na adres {office}. Otwórz oba pliki z odpowiedzi w edytorze tekstu i skopiuj całą"
    " ich treść do pól poniżej. Należy tu podać wyłącznie certyfikaty, **nigdy klucz prywatny**. Jeśli"
    " wszystkie pola pozostaną puste, skrzynka pocztowa zostanie sprawdzona ponownie. To samo z wiersza"
    " poleceń: `erepo certificates receive PLIK…`; rezygnacja: `erepo certificates abandon {account}`.",
)
_REFUSED = Text(
    "**Not accepted last time** (`{code}`): {cause} {cure}",
    "**Ostatnio nie przyjęto** (`{code}`): {cause} {cure}",
)


def question(entry: Entry) -> str:
    """Return the words above the form as Markdown, Polish first, then English."""
    parts = []
    for speak in ("pl", "en"):
        parts.append(_TITLE.fill(speak, account=entry.account))
        if entry.refusal is not None:
            cause, cure = entry.refusal.explain(speak)
            parts.append(_REFUSED.fill(speak, code=entry.refusal.code, cause=cause, cure=cure))
        parts.append(_TODO.fill(speak, account=entry.account, office=entry.office or "BOK"))
    return "\n\n".join(parts)


async def until_certificates(account: str, connection: str, reply_folder: str, minutes: float) -> None:
    """Wait for the certificates: in the mailbox for some minutes, then for a person, as often as needed.

    The run ends here while it waits, and begins anew from its first line when somebody answers.
    """
    run = str(runtime.flow_run.id) if runtime.deployment.id else ""
    while True:
        key, new = await look_for_certificates(account, connection, reply_folder, minutes, run)
        if not key:
            return
        entry = await entry_of(account)
        if new:
            await report_onboarding(entry)
        form = Certificates.with_initial_data(description=question(entry))
        given = await asuspend_flow_run(wait_for_input=form, timeout=LONGEST, key=key)
        await take_form(account, run, key, given.tls, given.wss, given.authority)
