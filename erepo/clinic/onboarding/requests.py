"""Step 1: keys and requests. Keys are made here, kept encrypted at once, and never leave."""

from dataclasses import dataclass

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.ledger import Step
from erepo.clinic.tables import onboarding
from erepo.pki import CertificatePurpose, encrypt_key, load_key, make_csr, new_key
from erepo.pki.csr import write_csr
from erepo.pki.keys import KeyType


@dataclass(frozen=True)
class Form:
    """What the manual's form "Generuj CSR" asks for (manual 1.1.2)."""

    account: str
    """16 digits, CN."""
    organisation: str
    """O."""
    unit: str = ""
    """OU."""
    country: str = "PL"
    """C."""
    key_type: KeyType = "ec-p256"
    """Kind of the new keys."""


@dataclass(frozen=True)
class Requests:
    """Both requests of an account, in PEM."""

    account: str
    tls_csr: bytes
    wss_csr: bytes


def make_requests(database: Database, form: Form, passphrase: bytes) -> Requests:
    """Make both keys and requests of an account, unless they exist.

    Existing ones are kept whatever the form says now: the office may already have seen them.

    Args:
        database: the clinic's.
        form: subject and kind of keys.
        passphrase: protects the keys at rest.

    Raises:
        SubjectInvalid: a field cannot stand in a certificate.
        WrongPassphrase: empty, or not the one that existing keys were kept with.
        OtherRepositoryActive: the clinic uses another external repository; nothing was made.
    """
    with database.read() as connection:
        ledger.refuse_second(connection, form.account)
    entry = ledger.progress(database, form.account)
    if entry is None:
        fresh = {"account": form.account, "state": Step.REQUESTED.value, **fresh_keys(form, passphrase)}
        with database.begin() as connection:
            # Another process may have been faster; its keys are as good, ours were seen by nobody.
            if ledger.find(connection, form.account) is None:
                connection.execute(sa.insert(onboarding).values(fresh))
                detail = {"key_type": form.key_type}
                note(
                    connection, "account_requested", subject="account", subject_id=form.account, detail=detail
                )
        entry = ledger.require(database, form.account)
    load_key(entry.tls_key_pem, passphrase)
    return Requests(entry.account, entry.tls_csr, entry.wss_csr)


def fresh_keys(form: Form, passphrase: bytes) -> dict[str, bytes]:
    """Make two keys and their requests, as the columns of a generation; the keys are encrypted.

    Raises:
        SubjectInvalid: a field cannot stand in a certificate.
        WrongPassphrase: it is empty.
    """
    values: dict[str, bytes] = {}
    for purpose in CertificatePurpose:
        key = new_key(form.key_type)
        csr = make_csr(
            key,
            account=form.account,
            purpose=purpose,
            organisation=form.organisation,
            unit=form.unit,
            country=form.country,
        )
        values[f"{purpose.lower()}_key_pem"] = encrypt_key(key, passphrase)
        values[f"{purpose.lower()}_csr"] = write_csr(csr)
    return values
