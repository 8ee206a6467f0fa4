"""`erepo cloud tenant …`: accounts of the service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from erepo.cli.cloud_account import told, value_words
from erepo.cli.cloud_words import MOST, Json, Known, account_state, cloud_database, last_day, size_of
from erepo.cli.words import fail_politely
from erepo.cloud import operating
from erepo.cloud.credentials import add_tenant, renew_tenant
from erepo.cloud.fixity import sampling
from erepo.cloud.tenancy import options, patients, tenants
from erepo.cloud.tenancy.tenants import GIB, Order
from erepo.settings import Settings
from erepo.texts import Text, language, size_words

app = typer.Typer(help="Accounts of the service.", no_args_is_help=True)


class Security(StrEnum):
    """How an account's messages are protected."""

    WSS = "wss"
    MTLS = "mtls"


class Patients(StrEnum):
    """Whose documents an account takes."""

    OPEN = "open"
    REGISTERED = "registered"


class Codes(StrEnum):
    """Which codes an account takes."""

    OPEN = "open"
    POLISH = "polish"


class Users(StrEnum):
    """Whether messages must say which person acts."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class Signatures(StrEnum):
    """What is done about signatures inside documents."""

    CHECK = "check"
    IGNORE = "ignore"


class Emergencies(StrEnum):
    """Whether other accounts may break the glass."""

    REFUSE = "refuse"
    ALLOW = "allow"


_SECURITY = typer.Option(help="wss: messages must be signed; mtls: mutual TLS alone, for IHE peers.")
_PATIENTS = typer.Option(help="open: of any patient; registered: see `erepo cloud patients add`.")
_CODES = typer.Option(help="open: any code; polish: only codes of the Polish sets.")
_USERS = typer.Option(
    help="Whether messages must say who acts (XUA). By default wss: required, mtls: optional."
)
_SIGNATURES = typer.Option(
    help="check: CDA documents whose own signature was forged or broken are refused; ignore: not looked at."
)
_EMERGENCIES = typer.Option(
    help="allow: other accounts may break the glass, with a stated reason; refuse: never."
)
_BYTES_HELP = "What it may store, in bytes or as 50GB, 1.5TiB."
_BYTES = typer.Option(parser=size_of, metavar="SIZE", show_default="50GiB", help=_BYTES_HELP)
_NEW_BYTES = typer.Option(parser=size_of, metavar="SIZE", show_default=False, help=_BYTES_HELP)
_DOCUMENTS = typer.Option(min=0, max=MOST, help="Documents it may store.")
_UNTIL = typer.Option(
    parser=last_day, metavar="DATE", help="Last day to add documents, 2027-12-31; `open`: no end."
)
_CREDENTIALS = typer.Option(
    file_okay=False, help="Empty folder: keys (in clear), certificates and account.json are written here."
)

_STATE = Text("account {account}: {state}", "konto {account}: {state}")
_WRITTEN = Text(
    "credentials written to {folder}; the keys are not encrypted",
    "dane dostępowe zapisano w {folder}; klucze nie są zaszyfrowane",
)
_CHANGED = Text("{name}: {before} → {after}", "{name}: {before} → {after}")
_SAME = Text("account {account}: nothing changed", "konto {account}: bez zmian")
_OVER = Text(
    "The account holds more than the new {name} allows already, {used}: it reads, but adds nothing.",
    "Konto zajmuje już więcej, niż dopuszcza nowy limit ({name}): {used}; można odczytywać, ale nie dodawać.",
)
_NOTHING = Text(
    "name at least one option to change; see --help", "podaj co najmniej jedną opcję do zmiany; zob. --help"
)
_PATIENTS_HINT = Text(
    "From now on only documents of registered patients are taken: erepo cloud patients add {account} CX…",
    "Od teraz przyjmowane są tylko dokumenty zarejestrowanych pacjentów: erepo cloud patients add"
    " {account} CX…",
)
_ACCOUNT = Text("Account", "Konto")
_HEADERS = (
    _ACCOUNT,
    Text("State", "Stan"),
    Text("Security", "Ochrona"),
    Text("Documents", "Dokumenty"),
    Text("Size", "Rozmiar"),
    Text("Valid until", "Ważne do"),
)


@app.command("add")
def tenant_add(  # noqa: PLR0913  # one option each, all by name
    account: Annotated[str, typer.Argument(help="16 digits, for example 0000000000001003.")],
    *,
    security: Annotated[Security, _SECURITY] = Security.WSS,
    patient_rule: Annotated[Patients, typer.Option("--patients", help=_PATIENTS.help)] = Patients.OPEN,
    codes: Annotated[Codes, _CODES] = Codes.OPEN,
    users: Annotated[Users | None, _USERS] = None,
    signatures: Annotated[Signatures, _SIGNATURES] = Signatures.CHECK,
    emergencies: Annotated[Emergencies, _EMERGENCIES] = Emergencies.REFUSE,
    limit_bytes: Annotated[int, _BYTES] = 50 * GIB,
    limit_documents: Annotated[int, _DOCUMENTS] = 1_000_000,
    valid_until: Annotated[date | None, _UNTIL] = None,
    credentials: Annotated[Path | None, _CREDENTIALS] = None,
) -> None:
    """Add an account.

    Without --credentials it is `ordered`: it waits until the clinic
    activates it with certificates of the office. With --credentials keys
    and certificates are made here, and it is active at once.

    Examples:
      erepo cloud tenant add 0000000000001003 --limit-bytes 200GB

      erepo cloud tenant add 0000000000001003 --security mtls --credentials ./peer
    """
    wanted = Order(
        account,
        limit_bytes,
        limit_documents,
        security.value,
        valid_until,
        patient_rule.value,
        codes.value,
        users.value if users else None,
        signatures.value,
        emergencies.value,
    )
    with fail_politely():
        tenant = add_tenant(Settings(), wanted, credentials)
    _say_state(tenant.account, tenant.state)
    _say_written(credentials)


@app.command("renew")
def tenant_renew(
    account: Known,
    *,
    credentials: Annotated[Path, _CREDENTIALS],
    retire: Annotated[
        bool, typer.Option("--retire", help="End the earlier certificates now: their keys are lost.")
    ] = False,
) -> None:
    """Make new keys and certificates of an account, before the old ones expire or when they are lost.

    The earlier ones serve on until they expire, unless --retire is given.
    """
    with fail_politely():
        tenant = renew_tenant(Settings(), account, credentials, retire=retire)
    _say_state(tenant.account, tenant.state)
    _say_written(credentials)


@app.command("set")
def tenant_set(  # noqa: PLR0913  # one option each, all by name
    account: Known,
    *,
    security: Annotated[Security | None, _SECURITY] = None,
    patient_rule: Annotated[Patients | None, typer.Option("--patients", help=_PATIENTS.help)] = None,
    codes: Annotated[Codes | None, _CODES] = None,
    users: Annotated[Users | None, typer.Option(help="Whether messages must say who acts (XUA).")] = None,
    signatures: Annotated[Signatures | None, _SIGNATURES] = None,
    emergencies: Annotated[Emergencies | None, _EMERGENCIES] = None,
    limit_bytes: Annotated[int | None, _NEW_BYTES] = None,
    limit_documents: Annotated[int | None, _DOCUMENTS] = None,
    valid_until: Annotated[str | None, typer.Option(metavar="DATE", help=_UNTIL.help)] = None,
    as_json: Json = False,
) -> None:
    """Change options of an account; a running service follows within a second.

    Examples:
      erepo cloud tenant set 0000000000001003 --limit-bytes 500GB

      erepo cloud tenant set 0000000000001003 --patients registered --valid-until open
    """
    given = {
        "security": security and security.value,
        "patients": patient_rule and patient_rule.value,
        "codes": codes and codes.value,
        "users": users and users.value,
        "signatures": signatures and signatures.value,
        "emergencies": emergencies and emergencies.value,
        "limit_bytes": limit_bytes,
        "limit_documents": limit_documents,
    }
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if valid_until is not None:
        changed["valid_until"] = _last_day(valid_until)
    if not changed:
        raise typer.BadParameter(_NOTHING.fill(language()))
    with fail_politely(), cloud_database() as database:
        differing = operating.change(database, account, changed)
        with database.everyone("the operator looks") as connection:
            usage = tenants.usage(connection, options.number_of(connection, account))
    if as_json:
        facts = {_public(name): [_plain(old), _plain(new)] for name, (old, new) in differing.items()}
        typer.echo(json.dumps({"account": account, "changed": facts}))
        return
    _say_changes(account, differing)
    for name, used in (("limit_bytes", usage.used_bytes), ("limit_documents", usage.used_documents)):
        if name in differing and used > differing[name][1]:
            words = {"name": name.replace("_", "-"), "used": value_words(name, used, language())}
            typer.echo(_OVER.fill(language(), **words))


def _say_changes(account: str, differing: dict[str, tuple[Any, Any]]) -> None:
    speak = language()
    if not differing:
        typer.echo(_SAME.fill(speak, account=account))
    for name, (old, new) in differing.items():
        before, after = value_words(name, old, speak), value_words(name, new, speak)
        typer.echo(_CHANGED.fill(speak, name=name.replace("_", "-"), before=before, after=after))
    if differing.get("patients", ("", ""))[1] == "registered":
        typer.echo(_PATIENTS_HINT.fill(speak, account=account))


@app.command("list")
def tenant_list(*, as_json: Json = False) -> None:
    """List the accounts with what they use."""
    with fail_politely(), _looking() as connection:
        found = [_shown(row) for row in tenants.accounts(connection)]
    if as_json:
        typer.echo(json.dumps(found))
        return
    speak = language()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(speak), no_wrap=header is _ACCOUNT)
    for each in found:
        documents = f"{each['usedDocuments']} / {each['limitDocuments']}"
        used = f"{size_words(each['usedBytes'], speak)} / {size_words(each['limitBytes'], speak)}"
        table.add_row(
            each["account"],
            account_state(each["state"], speak),
            each["security"],
            documents,
            used,
            each["validUntil"] or "-",
        )
    Console().print(table)


@app.command("show")
def tenant_show(account: Known, *, as_json: Json = False) -> None:
    """Show one account: its options, what it uses, its certificates."""
    with fail_politely(), _looking() as connection:
        number = options.number_of(connection, account)
        row = next(row for row in tenants.accounts(connection) if row.id == number)
        found = _shown(row) | {"registeredPatients": patients.count(connection, number)}
        found |= _checked(connection)
        certificates = [_certificate(each) for each in options.certificates(connection, account)]
    if as_json:
        typer.echo(json.dumps(found | {"certificates": certificates}))
        return
    Console().print(told(found, certificates, language()))


@app.command("suspend")
def tenant_suspend(account: Known) -> None:
    """Close an account: within a second every request of it is refused, until it is resumed."""
    with fail_politely(), cloud_database() as database:
        operating.suspend(database, account)
    _say_state(account, "suspended")


@app.command("resume")
def tenant_resume(account: Known) -> None:
    """Open a suspended account again."""
    with fail_politely(), cloud_database() as database:
        state = operating.resume(database, account)
    _say_state(account, state)


@contextmanager
def _looking() -> Iterator[Connection]:
    with cloud_database() as database, database.everyone("the operator looks") as connection:
        yield connection


def _say_state(account: str, state: str) -> None:
    typer.echo(_STATE.fill(language(), account=account, state=account_state(state, language())))


def _say_written(folder: Path | None) -> None:
    if folder is not None:
        typer.echo(_WRITTEN.fill(language(), folder=folder))


def _last_day(given: str) -> date | None:
    try:
        return last_day(given)
    except typer.BadParameter as error:
        # The parser of an option would know its name; None has to stay "not given" here.
        error.param_hint = "'--valid-until'"
        raise


def _public(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _checked(connection: Connection) -> dict[str, Any]:
    """Return when `erepo cloud check` last ran, how it ended, and since when something may be unread."""
    last, unread = sampling.last(connection) or {}, sampling.unchecked_since(connection)
    return {
        "lastCheck": f"{last['at']}Z" if last else None,
        "lastCheckWell": last.get("well"),
        "uncheckedSince": f"{unread.isoformat()}Z" if unread else None,
    }


def _certificate(row: Any) -> dict[str, str]:
    return {
        "purpose": row.purpose,
        "state": row.state,
        "notAfter": f"{row.not_after.isoformat()}Z",
        "fingerprint": row.fingerprint,
    }


def _shown(row: Any) -> dict[str, Any]:
    return {
        "account": row.account,
        "state": row.state,
        "security": row.security,
        "patients": row.patients,
        "codes": row.codes,
        "users": row.users,
        "signatures": row.signatures,
        "emergencies": row.emergencies,
        "repositoryUniqueId": row.repository_unique_id,
        "sourceId": row.source_id,
        "usedBytes": row.used_bytes,
        "limitBytes": row.limit_bytes,
        "usedDocuments": row.used_documents,
        "limitDocuments": row.limit_documents,
        "validUntil": _plain(row.valid_until),
    }
