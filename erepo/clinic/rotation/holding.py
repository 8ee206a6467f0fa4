"""The generation in use: the row of the ledger of onboarding, and a channel that speaks with it."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from erepo.acting import Tokens
from erepo.clinic.account import key_file, no_account
from erepo.clinic.actor import archiving_actor
from erepo.clinic.database import Database
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.occupancy import CLOUD, name_in_use
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.activation import Account, active_account
from erepo.clinic.onboarding.ledger import Entry, Generation, Step
from erepo.clinic.rest import AccountClient
from erepo.clinic.rotation.deciding import Validity
from erepo.clinic.rotation.errors import AccountNotActive
from erepo.clinic.rotation.subjects import request_of
from erepo.clinic.tables import onboarding
from erepo.pki import Bundle, CertificatePurpose
from erepo.pki.pem import read_certificate, write_certificates
from erepo.settings import Settings


def account_in_use(database: Database) -> str:
    """Return the clinic's active account in the cloud.

    Raises:
        AccountMissing: there is none.
    """
    with database.read() as connection:
        found = name_in_use(connection, CLOUD)
        if found is None:
            raise no_account(connection)
    return found


def active(database: Database, settings: Settings, account: str) -> Entry:
    """Return the generation in use of an active account.

    An account that was moved here with key files gets its row now: from here on the ledger holds the keys in
    use of every account. The files stay where they are.

    Raises:
        AccountNotActive, AccountMissing: there is none, or its keys are not here.
        PassphraseMissing, WrongPassphrase: its keys were kept as files, which do not open.
    """
    entry = ledger.progress(database, account)
    if entry is None:
        entry = _adopted(database, settings, account)
    if entry.step is not Step.ACTIVE:
        raise AccountNotActive(account=account)
    return entry


def validities(entry: Generation) -> tuple[Validity, ...]:
    """Return the lives of both certificates.

    Raises:
        NotReceived: there are none yet.
    """
    found = (read_certificate(pem) for pem in entry.certificates())
    return tuple(Validity(one.not_valid_before_utc, one.not_valid_after_utc) for one in found)


@contextmanager
def speaking(database: Database, settings: Settings, keys: Generation) -> Iterator[AccountClient]:
    """Open the account's services with one generation: its TLS pair is the channel, its WSS pair signs.

    Raises:
        StructureIncomplete: no archiving user, on whose behalf the requests are made.
        UserUnknown: the user has no valid PESEL or NPWZ.
        NotReceived, WrongPassphrase: the keys do not open.
    """
    facts, opened = _facts(database, keys.account), keys.open(settings.passphrase)
    with database.read() as connection:
        actor = archiving_actor(connection, keys.account)
    if actor is None:
        absent = ("archiving_user", "login")
        raise StructureIncomplete(record=absent[0], field=absent[1], missing=": ".join(absent), all=[absent])
    tokens = Tokens(actor, opened.wss, facts.service_url)
    trust = facts.trust_pem.encode()
    with AccountClient(facts.service_url, keys.account, opened.tls, trust, settings.http, tokens) as client:
        yield client


def _facts(database: Database, account: str) -> Account:
    try:
        return active_account(database, account)
    except LookupError:
        raise AccountNotActive(account=account) from None


def _adopted(database: Database, settings: Settings, account: str) -> Entry:
    facts = _facts(database, account)
    kept = {"serviceAuthority": facts.trust_pem}
    values: dict[str, object] = {"account": account, "state": Step.ACTIVE.value, "activation": kept}
    for purpose in CertificatePurpose:
        name = purpose.lower()
        certificate, key = key_file(settings, account, name)
        bundle = Bundle.from_pem(certificate, key, settings.passphrase)
        values[f"{name}_key_pem"], values[f"{name}_csr"] = key, request_of(bundle, account, purpose)
        values[f"{name}_certificate"] = write_certificates([bundle.certificate])
        values["chain"] = write_certificates(bundle.chain)
    with database.begin() as connection:
        if ledger.find(connection, account) is None:
            connection.execute(sa.insert(onboarding).values(values))
    return ledger.require(database, account)
