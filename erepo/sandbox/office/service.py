"""The office itself: its authority, what it has issued, and where its answers go.

    secrets/passphrase                  opens the authority's key
    ca/ca.key, ca/ca.pem                the authority
    service-ca.pem                      the repository service's authority, handed to clinics
    issued/<key>-<account>-<purpose>.pem    every certificate, found again by its public key
    mail/<address>/{new,cur,tmp}        one Maildir per clinic: the answers
    revoked/, revoked.crl               what was taken back: see `revoking`
    mode, pending, decided              letters that wait for a person: see `desk`
    outbox, undeliverable               answers that are mailed as well: see `outbox`

Commit points: a certificate is durable in `issued` before any answer names it, so the same request (after a
crash, or mailed twice) gets the same certificates; the answer is durable in the Maildir before the SMTP
dialogue ends with 250, so a clinic that saw 250 will find an answer.
"""

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cryptography import x509

from erepo.durable import make_folder, write_durably
from erepo.errors import ErepoError
from erepo.pki.authority import Authority
from erepo.pki.keys import check_public, public_der
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import read_certificate, read_certificates, write_certificates
from erepo.sandbox.office import desk, outbox, revoking
from erepo.sandbox.office.errors import Declined, KeyRevoked, OfficeNotReady
from erepo.sandbox.office.letters import (
    Issued,
    Requests,
    message_id,
    parse,
    read_requests,
    sender,
    write_certificates_letter,
    write_refusal,
)

if TYPE_CHECKING:
    from erepo.clinic.mail import Mailer

#: A certificate that ends sooner than this is not given out again for a repeated request.
_STILL_GOOD = timedelta(days=30)


class Office:
    """One office in one folder."""

    def __init__(self, home: Path, authority: Authority) -> None:
        self.home = home
        self.authority = authority
        self.relay: Mailer | None = None
        """Where answers are mailed to as well, beside the Maildirs."""

    def name_list(self, url: str) -> None:
        """Put the address of the revocation list into what is issued from now on; empty: none."""
        self.authority = replace(self.authority, crl_url=url)

    def revoke(self, serial: str, reason: str) -> revoking.Revoked:
        """Take a certificate back; see `revoking`.

        Raises:
            SerialUnknown: the office has issued no such certificate.
        """
        return revoking.revoke(self.home, self.authority, serial, reason)

    @classmethod
    def initialise(cls, home: Path, service_ca: bytes | None = None) -> Self:
        """Set the office up: passphrase, authority, the service's authority; may be repeated at any time.

        Args:
            home: its folder.
            service_ca: PEM handed to clinics with their certificates; None keeps what is there.

        Raises:
            CertificateUnreadable: `service_ca` holds no certificate.
        """
        passphrase = home / "secrets" / "passphrase"
        if not passphrase.exists():
            write_durably(passphrase, [secrets.token_urlsafe(32).encode()])
        authority = Authority.load_or_create(home / "ca", passphrase.read_bytes(), "erepo sandbox office CA")
        if service_ca is not None:
            write_durably(home / "service-ca.pem", [write_certificates(read_certificates(service_ca))], 0o644)
        return cls(home, authority)

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open an office that was set up before.

        Raises:
            OfficeNotReady: it was not.
        """
        try:
            passphrase = (home / "secrets" / "passphrase").read_bytes()
            return cls(home, Authority.load(home / "ca", passphrase))
        except FileNotFoundError:
            raise OfficeNotReady(folder=str(home)) from None

    def answer(self, octets: bytes) -> Path:
        """Read a letter, do what it asks or write why not, and put the answer into the sender's Maildir.

        Where the office works by hand, a letter without defects waits for a person instead.

        Not thread-safe for two letters with the same key at once: the server takes one letter at a time.

        Returns:
            The file of the answer, or of the letter that waits.

        Raises:
            SenderUnusable: there is nobody to answer.
            OSError: the disk refused; the letter must be sent again.
        """
        request = parse(octets)
        to = sender(request)
        try:
            requests = read_requests(request)
            if desk.mode(self.home) == "manual":
                return desk.put(self.home, octets, requests)
            letter = write_certificates_letter(to, request, self.issue(requests))
        except ErepoError as error:
            letter = write_refusal(to, request, error)
        return self._deliver(to, letter, _name(request, octets))

    def issue_pending(self, wanted: str) -> Issued:
        """Issue what a waiting letter asks for, mail it, and take the letter off the desk.

        Args:
            wanted: number of the letter, or the account.

        Raises:
            RequestNotPending, SeveralPending: nothing, or too much, fits.
            InvalidInput: a key is too weak or of an unknown kind.
            OSError: the disk refused; the letter still waits.
        """
        pending = desk.find(self.home, wanted)
        request = parse(pending.letter)
        issued = self.issue(read_requests(request))
        letter = write_certificates_letter(pending.sender, request, issued)
        self._deliver(pending.sender, letter, _name(request, pending.letter))
        desk.close(self.home, pending.number)
        return issued

    def refuse_pending(self, wanted: str, reason: str) -> desk.Pending:
        """Decline what a waiting letter asks for, mail the reason, and take the letter off the desk.

        Raises:
            RequestNotPending, SeveralPending: nothing, or too much, fits.
            OSError: the disk refused; the letter still waits.
        """
        pending = desk.find(self.home, wanted)
        request = parse(pending.letter)
        letter = write_refusal(pending.sender, request, Declined(reason=" ".join(reason.split())))
        self._deliver(pending.sender, letter, _name(request, pending.letter))
        desk.close(self.home, pending.number)
        return pending

    def post(self) -> int:
        """Mail the answers that were not mailed yet, where a server is configured; return how many went."""
        return outbox.flush(self.home, self.relay) if self.relay else 0

    def issue(self, requests: Requests) -> Issued:
        """Issue the certificates of one account; the same keys get the same certificates again.

        Raises:
            InvalidInput: a key is too weak or of an unknown kind, or its certificate was revoked.
            OSError: the disk refused.
        """
        certificates = {
            purpose: self._certificate(requests.account, purpose, csr)
            for purpose, csr in requests.csrs.items()
        }
        service_ca = self.home / "service-ca.pem"
        return Issued(
            account=requests.account,
            certificates=certificates,
            issuer=self.authority.pem,
            service_ca=service_ca.read_bytes() if service_ca.exists() else b"",
        )

    def _certificate(
        self, account: str, purpose: CertificatePurpose, csr: x509.CertificateSigningRequest
    ) -> x509.Certificate:
        key = hashlib.sha256(public_der(check_public(csr.public_key()))).hexdigest()
        file = self.home / "issued" / f"{key}-{account}-{purpose}.pem"
        if file.exists():
            known = read_certificate(file.read_bytes())
            if revoking.is_revoked(self.home, known):
                raise KeyRevoked(serial=f"{known.serial_number:X}")
            if known.not_valid_after_utc - datetime.now(UTC) > _STILL_GOOD:
                return known
        certificate = self.authority.issue_client(csr, account, purpose)
        write_durably(file, [write_certificates([certificate])], mode=0o644)
        return certificate

    def _deliver(self, to: str, letter: EmailMessage, name: str) -> Path:
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<{name}@office.example>"
        box = self.home / "mail" / to
        for folder in ("tmp", "cur", "new"):
            make_folder(box / folder)
        if self.relay is not None:
            outbox.put(self.home, letter, name)
        file = box / "new" / f"{name}.office"
        write_durably(file, [letter.as_bytes()])
        return file


def _name(request: EmailMessage, octets: bytes) -> str:
    """Return the name of the answer: a letter that is sent again gets the same answer again."""
    identity = message_id(request).encode() or octets
    return hashlib.sha256(identity).hexdigest()[:32]
