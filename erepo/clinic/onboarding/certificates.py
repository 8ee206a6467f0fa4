"""Step 3: the office's answer, checked completely before a byte of it is kept."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from erepo.clinic.database import Database
from erepo.clinic.mail import Letter, Mailbox
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.errors import CertificatesAwaited, CertificatesInUse, RefusedByOffice
from erepo.clinic.onboarding.ledger import Generation, Step
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.onboarding.sorting import Given, Pem, attached, check_names, names, place, restore, sort
from erepo.clinic.tables import now
from erepo.errors import ErepoError, InvalidInput, RemoteRefused
from erepo.pki import CertificatePurpose, Proven, TrustStore, check_certificate, check_request, read_csr
from erepo.pki.pem import read_certificate, read_certificates
from erepo.pki.serials import check_serials

_NO_PINS = Pins()

Both = tuple[Proven, Proven]


def collect_certificates(database: Database, account: str, mailbox: Mailbox, pins: Pins = _NO_PINS) -> Both:
    """Look for the office's answer in a mailbox and keep its certificates.

    Letters that do not answer our request are left alone. A letter whose certificates do not pass is marked
    as handled (it would fail for ever), and the next one is tried.

    Returns:
        What was proven about the TLS and the WSS certificate.

    Raises:
        NotRequested: step 1 has not been done.
        CertificatesAwaited: no answer yet; look again later.
        StatusUnknown, StatusUntrusted: nobody proves that none was revoked; the letter stays.
        RefusedByOffice: an answer without certificates.
        InvalidInput: the last answer's certificates do not pass; the leaf class says why.
        MailboxMissing: there is no such mailbox.
    """
    entry = ledger.require(database, account)
    if entry.step in (Step.RECEIVED, Step.ACTIVE):
        return check(database, account, pins)
    return search(mailbox, account, entry.message_id, partial(_keep, database, account, pins))


def search(mailbox: Mailbox, account: str, message_id: str, keep: Callable[[Given], Both]) -> Both:
    """Look for the office's answer in a mailbox and hand its certificates to `keep`.

    Args:
        mailbox: where the answers arrive.
        account: 16 digits.
        message_id: of the mail that carried the requests; empty while none was sent.
        keep: checks and keeps; what it raises is the letter's verdict.

    Raises:
        CertificatesAwaited, RefusedByOffice, InvalidInput, MailboxMissing: as `collect_certificates`.
    """
    refusal: ErepoError = CertificatesAwaited(account=account)
    for letter in mailbox.letters():
        pems = attached(letter.message)
        if not (_answers(letter, message_id) or names([each.content for each in pems], account)):
            continue
        try:
            if not pems:
                raise RefusedByOffice(account=account, letter=letter.key)
            proven = keep(sort_files(pems, account))
        except (InvalidInput, RemoteRefused) as error:
            refusal = error
            mailbox.done(letter.key)
        else:
            mailbox.done(letter.key)
            return proven
    raise refusal


def collect_files(database: Database, account: str, files: Iterable[Path], pins: Pins = _NO_PINS) -> Both:
    """Keep the certificates of given PEM files (any order, authorities among them).

    Raises:
        NotRequested: step 1 has not been done.
        InvalidInput: the certificates do not pass; the leaf class says why.
        CertificatesInUse: the account is active with others.
        OSError: a file cannot be read.
    """
    ledger.require(database, account)
    given = sort_files([Pem(file.read_bytes(), file.name) for file in files], account)
    return _keep(database, account, pins, given)


def collect_texts(
    database: Database, account: str, tls: str, wss: str, authorities: str = "", pins: Pins = _NO_PINS
) -> Both | None:
    """Keep the certificates that a person pasted into a form, each into its own field.

    Where one field is empty, the other may hold both.

    Returns:
        What was proven; None where all fields are empty.

    Raises:
        NotRequested: step 1 has not been done.
        PrivateKeyGiven: a field holds a private key.
        InvalidInput: the certificates do not pass; the leaf class says why.
        CertificatesInUse: the account is active with others.
    """
    # First of all: whoever keeps the form has to hear of a private key, whatever else is wrong.
    given_tls, given_wss, above = (restore(text) if text.strip() else b"" for text in (tls, wss, authorities))
    ledger.require(database, account)
    if not (given_tls or given_wss or above):
        return None
    if given_tls and given_wss:
        given = place(given_tls, given_wss, above)
    else:
        given = sort([pem for pem in (given_tls, given_wss, above) if pem], account)
    return _keep(database, account, pins, given)


def receive_certificates(
    database: Database,
    account: str,
    tls: bytes,
    wss: bytes,
    issuers: bytes = b"",
    service_authority: bytes = b"",
    *,
    pins: Pins = _NO_PINS,
) -> Both:
    """Check both certificates, each in its own place, and keep them; the same ones again change nothing.

    Args:
        database: the clinic's.
        account: 16 digits.
        tls: PEM of the TLS certificate.
        wss: PEM of the WSS certificate.
        issuers: PEM of the authorities above them, kept as their chain.
        service_authority: PEM of the authority that vouches for the service.
        pins: fixed authorities, stronger than the given ones.

    Raises:
        As `collect_files`.
    """
    entry = ledger.require(database, account)
    proven = prove(entry, tls, wss, issuers, pins)
    fingerprints = (proven[0].fingerprint, proven[1].fingerprint)
    with database.begin() as connection:
        current = ledger.find(connection, account) or entry
        if current.step is Step.ACTIVE:
            if current.fingerprints != fingerprints:
                raise CertificatesInUse(account=account)
            return proven
        authority = pins.service or service_authority or current.service_authority
        values = {"tls_certificate": tls, "wss_certificate": wss, "chain": issuers}
        activation = {"serviceAuthority": authority.decode("ascii")}
        detail = {"tls_serial": proven[0].serial, "wss_serial": proven[1].serial}
        ledger.reach(
            connection, account, Step.RECEIVED, detail, **values, activation=activation, refusal=None
        )
    return proven


def check(database: Database, account: str, pins: Pins = _NO_PINS) -> Both:
    """Check the kept certificates again, as of now.

    Raises:
        NotRequested, NotReceived: there are none.
        CertificateRefused: one is not good (any more); the leaf class says why.
    """
    entry = ledger.require(database, account)
    tls, wss = entry.certificates()
    return prove(entry, tls, wss, entry.chain, pins)


def _answers(letter: Letter, message_id: str) -> bool:
    told = f"{letter.message.get('In-Reply-To', '')} {letter.message.get('References', '')}"
    return bool(message_id) and message_id in told


def sort_files(pems: list[Pem], account: str) -> Given:
    """Sort certificates that came as files, each of them what its name says.

    Raises:
        FileNameWrong, PrivateKeyGiven: see `check_names`.
        InvalidInput: as `sort`.
    """
    check_names(pems)
    return sort([each.content for each in pems], account)


def _keep(database: Database, account: str, pins: Pins, given: Given) -> Both:
    return receive_certificates(
        database, account, given.tls, given.wss, given.issuers, given.service_authority, pins=pins
    )


def prove(entry: Generation, tls: bytes, wss: bytes, issuers: bytes, pins: Pins) -> Both:
    """Check two certificates completely against the requests of a generation, as of now.

    Their authority is asked whether they were revoked: this may take its time.

    Raises:
        CertificateRefused: one is not good; the leaf class says why.
        StatusUnknown, StatusUntrusted: nobody proves that neither was revoked.
    """
    chain = read_certificates(issuers) if issuers else ()
    # Without a fixed authority the given one is believed: the service itself will judge it at the activation.
    trust = pins.office_trust or (TrustStore(chain) if chain else None)
    moment = now()

    def proven(pem: bytes, csr: bytes, purpose: CertificatePurpose) -> Proven:
        return check_certificate(
            read_certificate(pem),
            account=entry.account,
            purpose=purpose,
            # The request holds the public half: no passphrase is needed to know whether the key matches.
            key=check_request(read_csr(csr)).public_key,
            trust=trust,
            intermediates=chain,
            at=moment,
        )

    both = (
        proven(tls, entry.tls_csr, CertificatePurpose.TLS),
        proven(wss, entry.wss_csr, CertificatePurpose.WSS),
    )
    pair = read_certificate(tls), read_certificate(wss)
    check_serials(pair)
    for each in pair:
        pins.expect_unrevoked(each, chain, trust, moment)
    return both
