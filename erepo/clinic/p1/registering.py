"""Register the repository in the national domain, and take that back (manual 1.3, 2.1).

    L  look    the files are checked here; nothing has left
    P  put     the service stores the certificates, registers in P1 (SZAR) and answers with the id
    K  keep    id and serial numbers into our table, one transaction with its audit event

    interrupted      service        we say        next call
    ---------------  -------------  ------------  --------------------------------------------------------
    before P         nothing        none          puts
    in P, or P … K   all or a part  none          puts the same again: the service finishes what is unfinished
                                                  and answers alike
    P without an id  stored         stored        `start_over`: revokes, then puts (manual 2.1)

Revoking: the service first, then our row; a kill in between is repaired by revoking once more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.p1.errors import (
    P1CertificatesPresent,
    P1IdMissing,
    P1NotRegistered,
    P1RepositoryExists,
)
from erepo.clinic.p1.files import FileFacts, Pair, check_pair
from erepo.clinic.rest import AccountClient, P1State
from erepo.clinic.rest.answers import P1Certificate
from erepo.clinic.rest.errors import AnswerInvalid, ServiceRefusal
from erepo.clinic.tables import now
from erepo.clinic.tables_account import p1_registration
from erepo.errors import ErepoError

_OURS: Final[dict[str, type[ErepoError]]] = {
    P1CertificatesPresent.code: P1CertificatesPresent,
    P1IdMissing.code: P1IdMissing,
    P1RepositoryExists.code: P1RepositoryExists,
}
#: After these the service has the certificates, and no id.
_STORED: Final = (P1IdMissing, P1RepositoryExists)


@dataclass(frozen=True, slots=True)
class Registration:
    """What we know of the account's registration in the national domain.

    Attributes:
        account: 16 digits.
        state: `none`, `stored` (manual 2.1: no id) or `registered`.
        repository_unique_id: the id P1 gave; empty unless `registered`.
        tls_serial: serial number of the TLS certificate, hex.
        wss_serial: of the WSS certificate.
        tls_until: last moment of the TLS certificate.
        wss_until: of the WSS certificate.
        updated_at: when this was written down.
    """

    account: str
    state: str
    repository_unique_id: str
    tls_serial: str
    wss_serial: str
    tls_until: datetime | None
    wss_until: datetime | None
    updated_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "account": self.account,
            "state": self.state,
            "repositoryId": self.repository_unique_id or None,
            "tls": {"serial": self.tls_serial, "notAfter": self.tls_until},
            "wss": {"serial": self.wss_serial, "notAfter": self.wss_until},
            "updatedAt": self.updated_at,
        }


_COLUMNS: Final = tuple(p1_registration.c[name] for name in Registration.__dataclass_fields__)


def register(
    client: AccountClient,
    database: Database,
    account: str,
    pair: Pair,
    *,
    start_over: bool = False,
    force_new: bool = False,
    actor: str = "erepo",
) -> Registration:
    """Hand both certificates to the service and keep the id that P1 gives. May be repeated.

    Args:
        client: of the account.
        database: the clinic's.
        account: 16 digits.
        pair: as `read_pair` gives it.
        start_over: revoke first: the cure of a missing id (manual 2.1), and the way to new certificates.
        force_new: have P1 make a new repository, where it says there is one already.
        actor: for the audit.

    Raises:
        P1FileWrong, P1FilesSame, P1FilesSwapped: the files; nothing was sent.
        P1CertificatesPresent: others are registered; revoke them first.
        P1IdMissing: stored, but P1 gave no id (manual 2.1).
        P1RepositoryExists: stored, but P1 knows another repository; `force_new` makes a further one.
        ServiceRefusal, RetryableError…: see `AccountClient.register_p1`.
    """
    check_pair(pair)
    facts = pair.facts
    if start_over:
        revoke(client, database, account, actor=actor)
    else:
        _refuse_others(database, account, facts)
    try:
        answer = client.register_p1({**pair.to_send(), "force_new_repository": force_new})
    except ServiceRefusal as refusal:
        ours = _OURS.get(str(refusal.data["code"]))
        if ours in _STORED:
            _keep(database, account, "stored", "", facts, actor)
        raise (ours() if ours else refusal) from None
    _same_certificates(answer, facts)
    state = "registered" if answer.repository_id else "stored"
    kept = _keep(database, account, state, answer.repository_id, facts, actor)
    if not answer.repository_id:
        raise P1IdMissing
    return kept


def revoke(client: AccountClient, database: Database, account: str, *, actor: str = "erepo") -> Registration:
    """Have the service forget the P1 certificates, and stop using the id; it stays in the audit. Idempotent.

    Raises:
        ServiceRefusal, RetryableError…: see `AccountClient.revoke_p1`.
    """
    client.revoke_p1()
    return _keep(database, account, "none", "", None, actor)


def registration(database: Database, account: str) -> Registration | None:
    """Return what we know; None where nothing was ever registered from here."""
    with database.read() as connection:
        return _row(connection, account)


def repository_id(connection: sa.Connection, account: str) -> str:
    """Return the repositoryUniqueId under which documents are indexed in P1.

    Raises:
        P1NotRegistered: there is none.
    """
    found = _row(connection, account)
    if found is None or not found.repository_unique_id:
        raise P1NotRegistered
    return found.repository_unique_id


def adopt(database: Database, state: P1State, *, actor: str = "erepo") -> Registration:
    """Write down what the service says, where our own row differs: say, our database came from a backup."""
    known = registration(database, state.account)
    # The id alone does not tell: P1 gives the same one for other certificates of the provider.
    told = (state.state, state.repository_id, _serial(state.tls), _serial(state.wss))
    if known is not None and told == (
        known.state,
        known.repository_unique_id,
        known.tls_serial,
        known.wss_serial,
    ):
        return known
    facts = None
    if state.tls and state.wss:
        facts = tuple(
            FileFacts(_serial(one), one.subject, one.not_before, one.not_after)
            for one in (state.tls, state.wss)
        )
    return _keep(database, state.account, state.state, state.repository_id, facts, actor)


def _refuse_others(database: Database, account: str, facts: tuple[FileFacts, FileFacts]) -> None:
    known = registration(database, account)
    if known is None or known.state == "none":
        return
    if (known.tls_serial, known.wss_serial) != tuple(one.serial for one in facts):
        raise P1CertificatesPresent


def _same_certificates(answer: P1State, facts: tuple[FileFacts, FileFacts]) -> None:
    """The service has to have read what we sent, not something else."""
    told = (_serial(answer.tls), _serial(answer.wss))
    if told != tuple(one.serial for one in facts):
        raise AnswerInvalid(address="p1/certificates", reason="serial")


def _serial(told: P1Certificate | None) -> str:
    """Return a serial number that the service tells, written as ours are."""
    return told.serial.upper().lstrip("0") if told else ""


def _keep(
    database: Database,
    account: str,
    state: str,
    repository: str,
    facts: tuple[FileFacts, ...] | None,
    actor: str,
) -> Registration:
    tls, wss = facts or (None, None)
    row = Registration(
        account=account,
        state=state,
        repository_unique_id=repository,
        tls_serial=tls.serial if tls else "",
        wss_serial=wss.serial if wss else "",
        tls_until=tls.not_after if tls else None,
        wss_until=wss.not_after if wss else None,
        updated_at=now(),
    )
    with database.begin() as connection:
        before = _row(connection, account)
        connection.execute(p1_registration.delete().where(p1_registration.c.account == account))
        connection.execute(
            p1_registration.insert().values({column.name: getattr(row, column.name) for column in _COLUMNS})
        )
        detail = {"state": state, "repository_id": repository}
        if before is not None and before.repository_unique_id:
            detail["before"] = before.repository_unique_id
        note(connection, f"p1_{state}", subject="account", subject_id=account, actor=actor, detail=detail)
    return row


def _row(connection: sa.Connection, account: str) -> Registration | None:
    row = connection.execute(sa.select(*_COLUMNS).where(p1_registration.c.account == account)).one_or_none()
    return Registration(*row) if row is not None else None
