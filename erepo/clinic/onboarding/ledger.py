"""The ledger of onboarding: one row per account in the table `onboarding`.

The row of an active account holds the generation of keys in use; `erepo.clinic.rotation` replaces it.

Its column `activation` (JSON) holds `serviceAuthority` (PEM) from `received` on, and the service's
`answer` from `active` on. Its column `waiting` (JSON) says who waits for the certificates (`Waiting`), its
column `refusal` what was last refused (`Refusal`); both are notes for people and programs, no step reads
them to decide what is done.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.onboarding.errors import NotReceived, NotRequested, OtherRepositoryActive
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import now, onboarding
from erepo.errors import ErepoError
from erepo.pki import Bundle, load_key
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate, read_certificates
from erepo.texts import Language, Text


class Step(StrEnum):
    """How far an onboarding has come; each step includes those before."""

    REQUESTED = "requested"
    MAILED = "mailed"
    RECEIVED = "received"
    ACTIVE = "active"


#: What each step means to a person.
STEPS = {
    Step.REQUESTED: Text("keys and requests made", "wygenerowano klucze i żądania (CSR)"),
    Step.MAILED: Text("requests mailed, certificates awaited", "wysłano żądania, oczekiwanie na certyfikaty"),
    Step.RECEIVED: Text("certificates received and checked", "certyfikaty przyjęte i sprawdzone"),
    Step.ACTIVE: Text("active", "aktywne"),
}


@dataclass(frozen=True)
class Bundles:
    """The two bundles of an account."""

    tls: Bundle
    """For the channel."""
    wss: Bundle
    """For signing messages."""


@dataclass(frozen=True)
class Waiting:
    """Who waits for the office's answer, and where it may arrive."""

    round: int = 0
    """How many answers of people have been dealt with."""
    runs: dict[str, str] = field(default_factory=dict)
    """Runs that have asked and wait, each with the key of its question; the ids say nothing to us."""
    connection: str = ""
    """Name of the connection whose mail server and mailbox are used."""
    folder: str = ""
    """Maildir of the answers, where one was given."""


@dataclass(frozen=True)
class Refusal:
    """Why the last certificates were not taken, in both languages."""

    code: str
    cause_en: str
    cause_pl: str
    cure_en: str
    cure_pl: str

    @classmethod
    def of(cls, error: ErepoError) -> Self:
        """Put an error into words that last."""
        (cause_en, cure_en), (cause_pl, cure_pl) = error.explain("en"), error.explain("pl")
        return cls(error.code, cause_en, cause_pl, cure_en, cure_pl)

    def explain(self, speak: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language."""
        return (self.cause_pl, self.cure_pl) if speak == "pl" else (self.cause_en, self.cure_en)


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
    office: str = ""
    waiting: Waiting = field(default_factory=Waiting)
    refusal: Refusal | None = None
    reminders: int = 0
    reminded_at: datetime | None = None

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
        office=row.office,
        waiting=Waiting(**(row.waiting or {})),
        refusal=Refusal(**row.refusal) if row.refusal else None,
        reminders=row.reminders,
        reminded_at=row.reminded_at,
        **generation_of(row),
    )


def progress(database: Database, account: str) -> Entry | None:
    """Return how far the account's onboarding has come; None where it has not begun."""
    with database.read() as connection:
        return find(connection, account)


def entries(database: Database) -> list[Entry]:
    """Return all accounts of the ledger, in the order of their numbers."""
    with database.read() as connection:
        names = connection.execute(sa.select(onboarding.c.account).order_by(onboarding.c.account)).scalars()
        found = [find(connection, name) for name in names.all()]
    return [entry for entry in found if entry is not None]


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
