"""Step 4: the service registers the certificates and tells the technical identifiers (manual 1.1.2)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.certificates import check
from erepo.clinic.onboarding.errors import ServiceAuthorityMissing
from erepo.clinic.onboarding.ledger import Bundles, Step
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.rest import AccountClient, Activation, account_url
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import now
from erepo.pki import TrustStore
from erepo.pki.pem import read_certificate
from erepo.settings import HttpTimeouts

_NO_PINS = Pins()


@dataclass(frozen=True)
class Account:
    """The technical facts of an active account; nothing in it is secret."""

    account: str
    service_url: str
    registry_url: str
    repository_url: str
    repository_unique_id: str
    home_community_id: str
    source_id: str
    service_signer: str = field(repr=False)
    trust_pem: str = field(repr=False)
    valid_until: datetime | None
    limit_bytes: int | None
    limit_documents: int | None


def activate(
    database: Database,
    account: str,
    service_root: str,
    passphrase: bytes,
    *,
    pins: Pins = _NO_PINS,
    timeouts: HttpTimeouts | None = None,
) -> Account:
    """Activate the account at the service and keep the answer, unless that is done.

    Args:
        database: the clinic's.
        account: 16 digits.
        service_root: the service's address, such as `https://127.0.0.1:8400`.
        passphrase: opens the keys.
        pins: fixed authorities.
        timeouts: limits of the exchange.

    Raises:
        NotRequested, NotReceived: an earlier step has not been done.
        CertificateRefused: a certificate is not good any more.
        WrongPassphrase: the keys were kept with another passphrase.
        OtherRepositoryActive: the clinic uses another external repository.
        ServiceAuthorityMissing: nobody told which authority vouches for the service.
        ServiceRefusal, AddressUnknown, SecureChannelFailed, RetryableError…: see `AccountClient.activate`.
    """
    entry = ledger.require(database, account)
    if entry.step is Step.ACTIVE:
        return active_account(database, account)
    check(database, account, pins)
    with database.read() as connection:
        ledger.refuse_second(connection, account)
    trust_pem = pins.service or entry.service_authority
    if not trust_pem:
        raise ServiceAuthorityMissing(file="clinic/trust/service.pem")
    address, opened = account_url(service_root, account), entry.open(passphrase)
    with AccountClient(address, account, opened.tls, trust_pem, timeouts) as client:
        answer = client.activate(entry.wss_certificate)
    TrustStore.from_pem(trust_pem).verify(read_certificate(answer.service_signer.encode()), at=now())
    facts = _facts(answer, address, trust_pem)
    with database.begin() as connection:
        ledger.refuse_second(connection, account)
        _store(connection, facts)
        kept = {"serviceAuthority": facts.trust_pem, "answer": answer.model_dump(mode="json", by_alias=True)}
        detail = {"repository_unique_id": facts.repository_unique_id}
        ledger.reach(connection, account, Step.ACTIVE, detail, activation=kept)
    return facts


def active_account(database: Database, account: str) -> Account:
    """Return the facts of an activated account, from the clinic's own table.

    Raises:
        LookupError: it is not there (a damaged database: the row and the ledger's step are one transaction).
    """
    columns = [accounts.c[name] for name in Account.__dataclass_fields__]
    with database.read() as connection:
        row = (
            connection.execute(sa.select(*columns).where(accounts.c.account == account))
            .mappings()
            .one_or_none()
        )
    if row is None:
        raise LookupError("an active onboarding without its account")
    return Account(**row)


def bundles(database: Database, account: str, passphrase: bytes) -> Bundles:
    """Return both bundles of an account with their keys opened; keep them in memory only.

    Raises:
        NotRequested, NotReceived: there are none.
        WrongPassphrase: the keys were kept with another passphrase.
    """
    return ledger.require(database, account).open(passphrase)


def _facts(answer: Activation, address: str, trust_pem: bytes) -> Account:
    return Account(
        account=answer.account,
        service_url=address,
        registry_url=answer.registry,
        repository_url=answer.repository,
        repository_unique_id=answer.repository_unique_id,
        home_community_id=answer.home_community_id,
        source_id=answer.source_id,
        service_signer=answer.service_signer,
        trust_pem=trust_pem.decode("ascii"),
        valid_until=answer.valid_until,
        limit_bytes=answer.limit_bytes,
        limit_documents=answer.limit_documents,
    )


def _store(connection: sa.Connection, facts: Account) -> None:
    values = {**asdict(facts), "repository_kind": "cloud", "active": True, "updated_at": now()}
    changed = connection.execute(
        sa.update(accounts).where(accounts.c.account == facts.account).values(values)
    ).rowcount
    if not changed:
        connection.execute(sa.insert(accounts).values(values))
