"""Step 3: the office's answer, in a mailbox, in files, or pasted into a form (manual 1.1.3)."""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from erepo.clinic.database import Database
from erepo.clinic.mail import Mailbox
from erepo.clinic.onboarding.certificates import Both, prove, search
from erepo.clinic.onboarding.errors import CertificatesAwaited
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.onboarding.sorting import Given, sort
from erepo.clinic.rotation import ledger
from erepo.clinic.rotation.errors import CertificatesSettled, NothingRequested
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.tables import now

_NO_PINS = Pins()
_OPEN = (Stage.REQUESTED, Stage.MAILED, Stage.RECEIVED)
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


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
    try:
        search(mailbox, account, found.message_id, partial(_keep, database, account, pins))
    except CertificatesAwaited:
        return False
    return True


def collect_files(database: Database, account: str, files: Iterable[Path], pins: Pins = _NO_PINS) -> Both:
    """Keep the certificates of given PEM files (any order, authorities among them).

    Raises:
        NothingRequested: no rotation waits for certificates.
        CertificatesSettled: it goes on with others.
        InvalidInput: the certificates do not pass; the leaf class says why.
        OSError: a file cannot be read.
    """
    return _keep(database, account, pins, sort([file.read_bytes() for file in files], account))


def receive_pasted(database: Database, account: str, texts: Iterable[str], pins: Pins = _NO_PINS) -> Both:
    """Keep the certificates of texts that somebody pasted into a form (which may have lost line ends).

    Raises:
        As `collect_files`.
    """
    return _keep(database, account, pins, sort([unpasted(text) for text in texts if text.strip()], account))


def unpasted(text: str) -> bytes:
    """Return the certificates of a text as well-formed PEM; what is none of them is left out."""
    blocks = ("".join(block.split()) for block in _BLOCK.findall(text))
    lines = ("\n".join(block[start : start + 64] for start in range(0, len(block), 64)) for block in blocks)
    pem = (f"-----BEGIN CERTIFICATE-----\n{each}\n-----END CERTIFICATE-----\n" for each in lines)
    return "".join(pem).encode("ascii")


def _keep(database: Database, account: str, pins: Pins, given: Given) -> Both:
    found = ledger.under_way(database, account)
    if found is None:
        raise NothingRequested(account=account)
    proven = prove(found, given.tls, given.wss, given.issuers, pins)
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
