"""Step 3: the office's answer, in a mailbox, in files, or pasted into a form (manual 1.1.3)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.mail import Letter, Mailbox
from erepo.clinic.onboarding.certificates import Both, prove, search, sort_files
from erepo.clinic.onboarding.errors import CertificatesAwaited
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.onboarding.sorting import Given, Pem, attached, is_authority, restore, sort
from erepo.clinic.rotation import ledger
from erepo.clinic.rotation.errors import CertificatesSettled, NothingRequested
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.tables import now, onboarding, rotation
from erepo.pki.errors import CertificateRefused
from erepo.pki.pem import read_certificate, read_certificates, write_certificates
from erepo.pki.serials import check_serials

_NO_PINS = Pins()
_OPEN = (Stage.REQUESTED, Stage.MAILED, Stage.RECEIVED)


def collect_certificates(database: Database, account: str, mailbox: Mailbox, pins: Pins = _NO_PINS) -> bool:
    """Look once for the office's answer to the rotation under way, and keep its certificates.

    Returns:
        Whether certificates are here; False means: look again later.

    Raises:
        RefusedByOffice: an answer without certificates.
        InvalidInput: the last answer's certificates do not pass; the leaf class says why.
        MailboxMissing: there is no such mailbox.
    """
    found = ledger.under_way(database, account)
    if found is None:
        return False
    if found.stage not in (Stage.REQUESTED, Stage.MAILED):
        return True
    fresh = _Fresh(mailbox, _known(database, account))
    try:
        search(fresh, account, found.message_id, partial(_keep, database, account, pins))
    except CertificatesAwaited:
        return False
    return True


def collect_files(database: Database, account: str, files: Iterable[Path], pins: Pins = _NO_PINS) -> Both:
    """Keep the certificates of given PEM files (any order, authorities among them).

    Raises:
        NothingRequested: no rotation waits for certificates.
        CertificatesSettled: it goes on with others.
        InvalidInput: the certificates do not pass; the leaf class says why.
        StatusUnknown, StatusUntrusted: nobody proves that neither was revoked.
        OSError: a file cannot be read.
    """
    _require(database, account)
    given = sort_files([Pem(file.read_bytes(), file.name) for file in files], account)
    return _keep(database, account, pins, given)


def receive_pasted(database: Database, account: str, texts: Iterable[str], pins: Pins = _NO_PINS) -> Both:
    """Keep the certificates of texts that somebody pasted into a form (which may have lost line ends).

    Raises:
        As `collect_files`.
    """
    _require(database, account)
    return _keep(database, account, pins, sort([restore(text) for text in texts if text.strip()], account))


@dataclass(frozen=True)
class _Fresh:
    """A mailbox without the letters that only repeat what an earlier generation got.

    A request that was mailed twice is answered twice; the second answer says nothing about new keys.
    """

    box: Mailbox
    known: frozenset[bytes]

    def letters(self) -> Iterator[Letter]:
        """Yield the others; those are marked as handled."""
        for letter in self.box.letters():
            leaves = _leaves([each.content for each in attached(letter.message)])
            if leaves and leaves <= self.known:
                self.box.done(letter.key)
            else:
                yield letter

    def done(self, key: str) -> None:
        """Mark a letter as handled."""
        self.box.done(key)


def _known(database: Database, account: str) -> frozenset[bytes]:
    """Return the certificates (PEM) of all generations that the account has ever had."""
    with database.read() as connection:
        rows = [
            row
            for table in (onboarding, rotation)
            for row in connection.execute(
                sa.select(table.c.tls_certificate, table.c.wss_certificate).where(table.c.account == account)
            )
        ]
    return frozenset(pem for row in rows for pem in row if pem)


def _leaves(pems: Iterable[bytes]) -> frozenset[bytes]:
    """Return the certificates that are no authority's, each as PEM; none where something is unreadable."""
    try:
        found = [one for pem in pems for one in read_certificates(pem)]
    except CertificateRefused:
        return frozenset()
    return frozenset(write_certificates([one]) for one in found if not is_authority(one))


def _require(database: Database, account: str) -> Rotation:
    found = ledger.under_way(database, account)
    if found is None:
        raise NothingRequested(account=account)
    return found


def _keep(database: Database, account: str, pins: Pins, given: Given) -> Both:
    found = _require(database, account)
    proven = prove(found, given.tls, given.wss, given.issuers, pins)
    check_serials(read_certificate(pem) for pem in (given.tls, given.wss, *_known(database, account)))
    if found.stage not in _OPEN:
        if found.stage.before_cut_over and found.certificates() == (given.tls, given.wss):
            return proven
        raise CertificatesSettled(account=account)
    _store(database, found, given, proven)
    return proven


def _store(database: Database, found: Rotation, given: Given, proven: Both) -> None:
    values = {
        "tls_certificate": given.tls,
        "wss_certificate": given.wss,
        "chain": given.issuers,
        "received_at": now(),
    }
    detail = {"tls_serial": proven[0].serial, "wss_serial": proven[1].serial}
    with database.begin() as connection:
        if found.stage is Stage.RECEIVED:
            # The office has sent better ones; nobody has used the first.
            ledger.write(connection, found, **values)
            return
        ledger.reach(connection, found, Stage.RECEIVED, detail, **values)
