"""`erepo certificates adopt`: an account whose keys and certificates exist already (manual 1.1.1, 1.1.2)."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from erepo.cli.asking import asked_unseen
from erepo.cli.certificates_ledger import JsonOption, opened, reached
from erepo.cli.errors import FilesIncomplete
from erepo.cli.words import fail_politely
from erepo.clinic import onboarding
from erepo.clinic.onboarding import PemPair, Pins
from erepo.clinic.onboarding.activation import Account
from erepo.pki import Bundle
from erepo.texts import Text, language

_DEPLOYMENT = "onboard-clinic/on-demand"
_ASK = Text("Password of {file}", "Hasło do pliku {file}")
_ACTIVE = Text("The account {account} is active.", "Konto {account} jest aktywne.")
_BLOCKS = Text("Prefect's blocks are being written: {address}", "Bloki Prefect są zapisywane: {address}")
_LATER = Text(
    "Prefect does not answer: start onboard-clinic/on-demand for this account later, it writes the blocks.",
    "Prefect nie odpowiada: uruchom później onboard-clinic/on-demand dla tego konta, aby zapisać bloki.",
)


def adopt(  # noqa: PLR0913, PLR0917 — one option per file
    tls_cert: Annotated[Path | None, typer.Option(help="TLS certificate, PEM.", dir_okay=False)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="TLS private key, PEM.", dir_okay=False)] = None,
    wss_cert: Annotated[Path | None, typer.Option(help="WSSE certificate, PEM.", dir_okay=False)] = None,
    wss_key: Annotated[Path | None, typer.Option(help="WSSE private key, PEM.", dir_okay=False)] = None,
    tls_p12: Annotated[
        Path | None, typer.Option(help="TLS key and certificate, .p12.", dir_okay=False)
    ] = None,
    wss_p12: Annotated[
        Path | None, typer.Option(help="WSSE key and certificate, .p12.", dir_okay=False)
    ] = None,
    tls_password_file: Annotated[
        Path | None,
        typer.Option(help="File with the password of the TLS file; without: asked.", dir_okay=False),
    ] = None,
    wss_password_file: Annotated[
        Path | None,
        typer.Option(help="File with the password of the WSSE file; without: asked.", dir_okay=False),
    ] = None,
    service_ca: Annotated[
        Path | None, typer.Option("--service-ca", help="PEM of the service's authority.", dir_okay=False)
    ] = None,
    service: Annotated[str, typer.Option(help="Root address of the service; without: this machine.")] = "",
    account: Annotated[str, typer.Option(help="The account; without: the one the certificates name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Take over an account with its keys and certificates (four PEM files or two .p12 files) and activate it.

    Passwords are asked for, or read from files; never give one as an argument.
    """
    pems = {"--tls-cert": tls_cert, "--tls-key": tls_key, "--wss-cert": wss_cert, "--wss-key": wss_key}
    stores = {"--tls-p12": tls_p12, "--wss-p12": wss_p12}
    with fail_politely(), opened() as (settings, database):
        tls, wss = _read(pems, stores, (tls_password_file, wss_password_file))
        names = [file.name for file in (tls_p12 or tls_cert, wss_p12 or wss_cert) if file]
        pins = Pins.of(settings)
        proven = onboarding.adopt(
            database,
            tls,
            wss,
            settings.passphrase,
            account=account,
            service_authority=service_ca.read_bytes() if service_ca else b"",
            pins=pins,
            names=(names[0], names[1]),
        )
        number = proven[0].account
        root = service or f"https://{settings.host}:{settings.cloud_port}"
        facts = onboarding.activate(
            database, number, root, settings.passphrase, pins=pins, timeouts=settings.http
        )
        address = None
        with reached(settings) as prefect:
            if prefect is not None:
                address = prefect.start(_DEPLOYMENT, {"account": number, "service": root}).address
    _tell(facts, address, as_json=as_json)


def _tell(facts: Account, address: str | None, *, as_json: bool) -> None:
    if as_json:
        ids = {"repositoryUniqueId": facts.repository_unique_id, "sourceId": facts.source_id}
        typer.echo(orjson.dumps({"account": facts.account, **ids, "run": address}))
        return
    typer.echo(_ACTIVE.fill(language(), account=facts.account))
    typer.echo(f"repositoryUniqueId: {facts.repository_unique_id}\nsourceId: {facts.source_id}")
    typer.echo(_BLOCKS.fill(language(), address=address) if address else _LATER.fill(language()))


def _read(
    pems: dict[str, Path | None],
    stores: dict[str, Path | None],
    secrets: tuple[Path | None, Path | None],
) -> tuple[Bundle, Bundle]:
    """Read the files of one of the two ways."""
    if any(stores.values()):
        tls, wss = (_store(file, secret) for file, secret in zip(_all(stores), secrets, strict=True))
        return tls, wss
    return _pairs(_all(pems), secrets)


def _all(files: dict[str, Path | None]) -> list[Path]:
    """Return all files of one way.

    Raises:
        FilesIncomplete: one was not named.
    """
    if missing := [option for option, file in files.items() if file is None]:
        raise FilesIncomplete(missing=", ".join(missing))
    return [file for file in files.values() if file is not None]


def _store(file: Path, secret: Path | None) -> Bundle:
    return Bundle.from_pkcs12(file.read_bytes(), _password(file, secret))


def _pairs(files: list[Path], secrets: tuple[Path | None, Path | None]) -> tuple[Bundle, Bundle]:
    pairs = []
    for certificate, key, secret in ((files[0], files[1], secrets[0]), (files[2], files[3], secrets[1])):
        pem = key.read_bytes()
        password = _password(key, secret) if b"ENCRYPTED" in pem else None
        pairs.append(PemPair(certificate.read_bytes(), pem, certificate.name, key.name, password))
    return onboarding.read_pairs(pairs[0], pairs[1])


def _password(file: Path, secret: Path | None) -> bytes:
    if secret is not None:
        return secret.read_bytes().rstrip(b"\r\n")
    return asked_unseen(_ASK.fill(language(), file=file.name)).encode()
