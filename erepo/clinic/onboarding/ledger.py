"""The ledger of onboarding: one row per account in the table `onboarding`.

The row of an active account holds the generation of keys in use; `erepo.clinic.rotation` replaces it.

Its column `activation` (JSON) holds `serviceAuthority` (PEM) from `received` on, and the service's
`answer` from `active` on.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.onboarding.errors import NotReceived, NotRequested, OtherRepositoryActive
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import now, onboarding
from erepo.pki import Bundle, load_key
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate, read_certificates


class Step(StrEnum):
    """How far an onboarding has come; each step includes those before."""

    REQUESTED = "requested"
    MAILED = "mailed"
    RECEIVED = "received"
    ACTIVE = "active"


@dataclass(frozen=True)
class Bundles:
    """The two bundles of an account."""

    tls: Bundle
    """For the channel."""
    wss: Bundle
    """For signing messages."""


@dataclass(frozen=True)
class Generation:
    """One generation of an account's keys with their requests and, in the end, their certificates.

    Keys only as encrypted PEM, and never shown.
    """

    account: str
    tls_key_pem: bytes = field(repr=False)
    wss_key_pem: bytes = field(repr=False)
    tls_csr: bytes = field(repr=False)
    wss_csr: bytes = field(repr=False)
    tls_certificate: bytes = field(repr=False)
    wss_certificate: bytes = field(repr=False)
    chain: bytes = field(repr=False)

    @property
    def fingerprints(self) -> tuple[str, str]:
        """SHA-256 of the TLS and of the WSS certificate.

        Raises:
            NotReceived: there are none yet.
        """
        tls, wss = (fingerprint(read_certificate(pem)) for pem in self.certificates())
        return tls, wss

    def certificates(self) -> tuple[bytes, bytes]:
        """Return the TLS and the WSS certificate in PEM.

        Raises:
            NotReceived: there are none yet.
        """
        if not (self.tls_certificate and self.wss_certificate):
            raise NotReceived(account=self.account)
        return self.tls_certificate, self.wss_certificate

    def open(self, passphrase: bytes) -> Bundles:
        """Decrypt the keys and put them together with their certificates.

        Raises:
            NotReceived: there are no certificates yet.
            WrongPassphrase: the passphrase is not the one the keys were kept with.
        """
        chain = read_certificates(self.chain) if self.chain else ()
        tls, wss = (read_certificate(pem) for pem in self.certificates())
        return Bundles(
            Bundle(load_key(self.tls_key_pem, passphrase), tls, chain),
            Bundle(load_key(self.wss_key_pem, passphrase), wss, chain),
        )


#: Columns of a generation, in every table that keeps one.
GENERATION = tuple(each.name for each in fields(Generation) if each.name != "account")


def generation_of(row: Any) -> dict[str, Any]:
    """Return the columns of a generation in a row; what is not there yet is empty."""
    return {name: getattr(row, name) or b"" for name in GENERATION}


@dataclass(frozen=True, kw_only=True)
class Entry(Generation):
    """One row: the generation that is active, or on its way to be the first."""

    step: Step
    mailed_at: datetime | None
    message_id: str
    activation: dict[str, Any] = field(repr=False)

    @property
    def service_authority(self) -> bytes:
        """PEM of the authority that vouches for the service; empty while unknown."""
        return str(self.activation.get("serviceAuthority", "")).encode("ascii")


def find(connection: sa.Connection, account: str) -> Entry | None:
    """Return the account's row, if there is one."""
    row = connection.execute(sa.select(onboarding).where(onboarding.c.account == account)).one_or_none()
    if row is None:
        return None
    return Entry(
        account=row.account,
        step=Step(row.state),
        mailed_at=row.mailed_at,
        message_id=row.message_id or "",
        activation=row.activation or {},
        **generation_of(row),
    )


def progress(database: Database, account: str) -> Entry | None:
    """Return how far the account's onboarding has come; None where it has not begun."""
    with database.read() as connection:
        return find(connection, account)


def require(database: Database, account: str) -> Entry:
    """Return the account's row.

    Raises:
        NotRequested: there is none.
    """
    entry = progress(database, account)
    if entry is None:
        raise NotRequested(account=account)
    return entry


def write(connection: sa.Connection, account: str, **values: Any) -> None:
    """Change the account's row."""
    statement = sa.update(onboarding).where(onboarding.c.account == account)
    connection.execute(statement.values(**values, updated_at=now()))


def reach(connection: sa.Connection, account: str, step: Step, detail: dict[str, Any], **values: Any) -> None:
    """Change the row, set its step, and note it in the history; all in the caller's transaction."""
    write(connection, account, state=step.value, **values)
    note(connection, f"account_{step.value}", subject="account", subject_id=account, detail=detail)


def refuse_second(connection: sa.Connection, account: str) -> None:
    """Check that the clinic uses no other external repository.

    Raises:
        OtherRepositoryActive: it does.
    """
    other = sa.select(accounts.c.account).where(accounts.c.active, accounts.c.account != account)
    if (found := connection.execute(other.limit(1)).scalar()) is not None:
        raise OtherRepositoryActive(other=found)
