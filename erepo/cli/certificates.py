"""`erepo certificates`: the account's certificates, from the office's answer to a file for a browser."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from erepo.cli.certificates_adopting import adopt
from erepo.cli.certificates_export import export
from erepo.cli.certificates_ledger import (
    AccountArgument,
    JsonOption,
    cancel_runs,
    opened,
    run_goes_on,
    the_account,
    wake_runs,
)
from erepo.cli.certificates_rotation import rollback, rotate, status
from erepo.cli.words import fail_politely
from erepo.clinic import onboarding, rotation
from erepo.clinic.account import keys_folder
from erepo.clinic.database import Database
from erepo.clinic.onboarding import STEPS, Entry, Pins, Step
from erepo.clinic.onboarding.activation import active_account
from erepo.clinic.onboarding.errors import NotRequested
from erepo.pki import CertificatePurpose
from erepo.pki.bundle import fingerprint
from erepo.pki.names import shown_subject
from erepo.pki.pem import read_certificate
from erepo.settings import Settings
from erepo.texts import Text, day_words, language

app = typer.Typer(
    help="The account's keys and certificates: receive, take over, show, save, replace.",
    no_args_is_help=True,
    add_completion=False,
)
app.command(name="adopt")(adopt)
app.command(name="export")(export)
app.command(name="status")(status)
app.command(name="rotate")(rotate)
app.command(name="rollback")(rollback)

_RECEIVED = Text(
    "The certificates of the account {account} are good and kept.",
    "Certyfikaty konta {account} są poprawne i zostały zapisane.",
)
_WOKEN = Text("The run that waited for them goes on.", "Oczekujące uruchomienie jest kontynuowane.")
_GOING_ON = Text(
    "A run of onboard-clinic is going on with them; its page in Prefect shows how far it is.",
    "Trwa uruchomienie onboard-clinic, które ich używa; jego postęp pokazuje strona w Prefect.",
)
_START = Text(
    "Now start the deployment onboard-clinic/on-demand for this account; it activates it.",
    "Uruchom teraz wdrożenie onboard-clinic/on-demand dla tego konta; aktywuje ono konto.",
)
_IN_USE = Text(
    "The account is active with them already; nothing is left to be done.",
    "Konto jest już z nimi aktywne; nic więcej nie trzeba robić.",
)
_REPLACING = Text(
    "The next run of rotate-certificates/daily puts them to use; `erepo certificates rotate` does it now.",
    "Następne uruchomienie rotate-certificates/daily zacznie ich używać; od razu zrobi to"
    " `erepo certificates rotate`.",
)
_SURE = Text(
    "Keys and requests of the account {account} will be destroyed; certificates for them will be worthless."
    " Go on?",
    "Klucze i żądania (CSR) konta {account} zostaną zniszczone; wydane do nich certyfikaty będą bezużyteczne."
    " Kontynuować?",
)
_ABANDONED = Text(
    "The onboarding of {account} was given up. onboard-clinic/on-demand begins it anew, with new keys.",
    "Porzucono przyłączanie konta {account}. Nowe, z nowymi kluczami, rozpocznie onboard-clinic/on-demand.",
)
_ADDRESSES = {
    "panel": Text("Tenant panel", "Panel administracyjny konta tenanta"),
    "eSurvey": Text("E-survey portal", "Portal eAnkiety"),
}
_NEEDED = Text(
    "Both ask for the TLS certificate of the account: `erepo certificates export`, then import the file into"
    " the browser.",
    "Oba wymagają certyfikatu TLS konta: `erepo certificates export`, a następnie zaimportuj plik w"
    " przeglądarce.",
)
_CERTIFICATE = Text(
    "{purpose}: serial {serial}, valid from {since} until {until} ({days} days left)",
    "{purpose}: numer {serial}, ważny od {since} do {until} (pozostało dni: {days})",
)
_STATE = Text(
    "Account {account}, step: {step}, generation: {generation}.",
    "Konto {account}, etap: {step}, generacja: {generation}.",
)
_LAST = Text("Not accepted last: {why}", "Ostatnio nie przyjęto: {why}")


@app.command()
def receive(
    files: Annotated[
        list[Path], typer.Argument(help="The office's files, in any order.", dir_okay=False, exists=True)
    ],
    account: Annotated[
        str, typer.Option(help="The account; without: the one that the certificates name.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check the office's certificates completely, keep them, and let onboarding or rotation go on."""
    with fail_politely(), opened() as (settings, database):
        chosen = _meant(database, files, account)
        pins = Pins.of(settings)
        # Once the account is active, what the office sends belongs to its rotation.
        replacing = rotation.under_way(database, chosen) is not None
        proven = (rotation if replacing else onboarding).collect_files(database, chosen, files, pins)
        woken = wake_runs(settings, database, chosen)
        entry = onboarding.progress(database, chosen)
        active = entry is not None and entry.step is Step.ACTIVE
        going_on = not (replacing or active or woken) and run_goes_on(settings, chosen)
    if as_json:
        serials = {each.purpose.value: each.serial for each in proven}
        typer.echo(orjson.dumps({"account": chosen, "serials": serials, "woken": woken}))
        return
    typer.echo(_RECEIVED.fill(language(), account=chosen))
    begun = _IN_USE if active else _WOKEN if woken else _GOING_ON if going_on else _START
    next_step = _REPLACING if replacing else begun
    typer.echo(next_step.fill(language()))


@app.command()
def abandon(
    account: Annotated[str, typer.Argument(help="The account: 16 digits.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give up an onboarding that has not ended: its keys and requests are destroyed."""
    with fail_politely(), opened() as (settings, database):
        if not yes:
            typer.confirm(_SURE.fill(language(), account=account), abort=True)
        left = onboarding.abandon(database, account)
        cancel_runs(settings, left)
    typer.echo(_ABANDONED.fill(language(), account=account))


@app.command()
def show(account: AccountArgument = "", as_json: JsonOption = False) -> None:
    """Show both certificates of an account: serial, validity, days left, generation, technical ids."""
    with fail_politely(), opened() as (settings, database):
        chosen = the_account(database, account)
        facts = _facts(database, settings, chosen)
    if as_json:
        typer.echo(orjson.dumps(facts))
    else:
        _print(facts)


@app.command()
def addresses(account: AccountArgument = "", as_json: JsonOption = False) -> None:
    """Print the addresses of the tenant panel and the e-survey portal, for a browser."""
    with fail_politely(), opened() as (_, database):
        root = active_account(database, the_account(database, account)).service_url
    found = {"panel": f"{root}/app", "eSurvey": f"{root}/e-survey-gui/#/login"}
    if as_json:
        typer.echo(orjson.dumps(found))
        return
    for name, address in found.items():
        typer.echo(f"{_ADDRESSES[name].fill(language())}: {address}")
    typer.echo(_NEEDED.fill(language()))


def _meant(database: Database, files: list[Path], account: str) -> str:
    """Return the account that is meant: the one given, the one the files name, or the only one that waits."""
    if account:
        return account
    known = {entry.account for entry in onboarding.entries(database)}
    named = set(onboarding.accounts_named([file.read_bytes() for file in files])) & known
    return named.pop() if len(named) == 1 else the_account(database, "", waiting=True)


def _facts(database: Database, settings: Settings, account: str) -> dict[str, Any]:
    entry = onboarding.progress(database, account)
    found: dict[str, Any] = {"account": account, "step": entry.step.value if entry else "active"}
    pems = _certificates(entry, settings, account)
    found["certificates"] = [_certificate(purpose, pem) for purpose, pem in pems.items() if pem]
    tls = pems[CertificatePurpose.TLS]
    found["generation"] = f"{account}-{fingerprint(read_certificate(tls))[:12]}" if tls else None
    found["refusal"] = entry.refusal.explain(language()) if entry and entry.refusal else None
    answer = (entry.activation.get("answer") or {}) if entry else {}
    found["technical"] = {name: value for name, value in answer.items() if name != "serviceSigner"}
    return found


def _certificates(entry: Entry | None, settings: Settings, account: str) -> dict[CertificatePurpose, bytes]:
    if entry is not None:
        return {CertificatePurpose.TLS: entry.tls_certificate, CertificatePurpose.WSS: entry.wss_certificate}
    folder = keys_folder(settings, account)
    try:
        return {purpose: (folder / f"{purpose.lower()}.pem").read_bytes() for purpose in CertificatePurpose}
    except FileNotFoundError:
        raise NotRequested(account=account) from None


def _certificate(purpose: CertificatePurpose, pem: bytes) -> dict[str, Any]:
    certificate = read_certificate(pem)
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return {
        "purpose": purpose.value,
        "serial": f"{certificate.serial_number:X}",
        "subject": shown_subject(certificate),
        "notBefore": certificate.not_valid_before_utc.isoformat(),
        "notAfter": certificate.not_valid_after_utc.isoformat(),
        "daysLeft": left.days,
        "fingerprint": fingerprint(certificate),
    }


def _print(facts: dict[str, Any]) -> None:
    console, speak = Console(), language()
    step = STEPS[Step(facts["step"])].fill(speak)
    words = _STATE.fill(speak, account=facts["account"], step=step, generation=facts["generation"] or "-")
    console.print(words, markup=False, highlight=False, soft_wrap=True)
    for one in facts["certificates"]:
        since, until = (day_words(datetime.fromisoformat(one[name])) for name in ("notBefore", "notAfter"))
        words = _CERTIFICATE.fill(
            speak,
            purpose=one["purpose"],
            serial=one["serial"],
            since=since,
            until=until,
            days=one["daysLeft"],
        )
        console.print(words, markup=False, highlight=False, soft_wrap=True)
    if facts["refusal"]:
        why = _LAST.fill(speak, why=" ".join(facts["refusal"]))
        console.print(why, style="yellow", markup=False, highlight=False, soft_wrap=True)
    for name, value in facts["technical"].items():
        if value is None:
            continue
        console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
