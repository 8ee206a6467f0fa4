"""The two letters: the clinic's request as it is read, the office's answer as it is written."""

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.headerregistry import AddressHeader
from email.message import EmailMessage, Message
from itertools import islice

from cryptography import x509

from erepo.errors import ErepoError
from erepo.pki.csr import check_request, read_csr
from erepo.pki.names import CertificatePurpose, file_name
from erepo.pki.pem import write_certificates
from erepo.sandbox.office import ADDRESS
from erepo.sandbox.office.errors import RequestsIncomplete, SenderUnusable

_ADDRESS = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,253}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_MOST_PARTS = 20
_LONGEST_THREAD = 20


@dataclass(frozen=True)
class Requests:
    """What a letter asks for: certificates of one account."""

    account: str
    csrs: dict[CertificatePurpose, x509.CertificateSigningRequest]


@dataclass(frozen=True)
class Issued:
    """What the office gives: one certificate per purpose, and whose signature they carry."""

    account: str
    certificates: dict[CertificatePurpose, x509.Certificate]
    issuer: bytes
    """The office's own authority, PEM."""
    service_ca: bytes
    """The authority of the repository service, PEM; empty where the office was told none."""


def parse(octets: bytes) -> EmailMessage:
    """Read a letter."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def sender(message: EmailMessage) -> str:
    """Return the lower-case address an answer goes to; safe as the name of a folder.

    Raises:
        SenderUnusable: none, several, or one of an unusual form.
    """
    header = message.get("Reply-To") or message.get("From")
    addresses = header.addresses if isinstance(header, AddressHeader) else ()
    if len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0].addr_spec):
        raise SenderUnusable
    return addresses[0].addr_spec.lower()


def message_id(message: EmailMessage) -> str:
    """Return the letter's Message-ID, empty if it has none of a sane form."""
    value = str(message.get("Message-ID", "")).strip()
    return value if _MESSAGE_ID.fullmatch(value) else ""


def read_requests(message: EmailMessage) -> Requests:
    """Find the two requests of a letter and check them.

    Raises:
        RequestsIncomplete: not one TLS and one WSS request of one account.
        InvalidInput: a request is broken, forged, weak or has another subject; see `erepo.pki.errors`.
    """
    csrs = [read_csr(octets) for octets in islice(_attached(message), 3)]
    proven = [check_request(csr) for csr in csrs]
    by_purpose = {proof.purpose: csr for proof, csr in zip(proven, csrs, strict=True)}
    accounts = {proof.account for proof in proven}
    if len(csrs) != len(CertificatePurpose) or len(by_purpose) != len(csrs) or len(accounts) != 1:
        raise RequestsIncomplete(found=len(csrs))
    return Requests(accounts.pop(), by_purpose)


def _attached(message: Message) -> Iterator[bytes]:
    for part in islice(message.walk(), _MOST_PARTS):
        name = part.get_filename() or ""
        if part.get_content_type() == "application/pkcs10" or name.lower().endswith(".csr"):
            content = part.get_payload(decode=True)
            yield content if isinstance(content, bytes) else b""


def write_certificates_letter(to: str, request: EmailMessage, issued: Issued) -> EmailMessage:
    """Write the answer with the certificates: `TLS<serial>.pem`, `WSS<serial>.pem` and whom to trust."""
    answer = _answer(to, request, "Certyfikaty dla konta tenanta " + issued.account)
    answer.set_content(
        "Witamy,\n\n"
        f"w załączeniu przekazujemy klucze publiczne (certyfikaty) dla konta tenanta {issued.account}.\n"
        "Prosimy o wskazanie ich podczas rejestracji certyfikatów.\n\n"
        "Wiadomość została wygenerowana automatycznie.\n\n"
        "Biuro Obsługi Klienta\n"
    )
    for purpose, certificate in issued.certificates.items():
        _attach(answer, write_certificates([certificate]), file_name(certificate, purpose))
    _attach(answer, issued.issuer, "issuer.pem")
    if issued.service_ca:
        _attach(answer, issued.service_ca, "ca.pem")
    return answer


def write_refusal(to: str, request: EmailMessage, error: ErepoError) -> EmailMessage:
    """Write the answer that says what was wrong and what to do."""
    answer = _answer(to, request, "Odmowa wydania certyfikatu")
    texts = [" ".join(error.explain(language)) for language in ("pl", "en")]
    answer.set_content("Witamy,\n\nnie możemy wydać certyfikatów.\n\n" + "\n\n".join(texts) + "\n")
    return answer


def _answer(to: str, request: EmailMessage, subject: str) -> EmailMessage:
    answer = EmailMessage(policy=email.policy.SMTP)
    answer["From"] = ADDRESS
    answer["To"] = to
    answer["Subject"] = subject
    if identifier := message_id(request):
        answer["In-Reply-To"] = identifier
        # The whole thread (RFC 5322, 3.6.4): an answer to a reminder answers the first letter, too.
        thread = _MESSAGE_ID.findall(str(request.get("References", "")))[:_LONGEST_THREAD]
        answer["References"] = " ".join(dict.fromkeys([*thread, identifier]))
    return answer


def _attach(message: EmailMessage, pem: bytes, name: str) -> None:
    message.add_attachment(pem, maintype="application", subtype="x-pem-file", filename=name)


def files(issued: Issued) -> Iterable[str]:
    """Return the names of the certificate files, for logs."""
    return [file_name(certificate, purpose) for purpose, certificate in issued.certificates.items()]
