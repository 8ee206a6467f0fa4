"""Certificates as they come (in a letter, in files, in a form, in any order) sorted into their places."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import islice

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from erepo.clinic.onboarding.errors import CertificatesIncomplete, FileNameWrong, PrivateKeyGiven
from erepo.pki import CertificatePurpose, parse_subject
from erepo.pki.errors import CertificateRefused, WrongPurpose, WrongSubject
from erepo.pki.names import file_name
from erepo.pki.pem import read_certificates, write_certificates

_MOST_PARTS = 30

#: The office's names of certificate files (manual 2.3); other names say nothing.
_NAMED = re.compile(r"(TLS|WSS)([0-9A-Fa-f]+)\.pem", re.IGNORECASE)
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True)
class Pem:
    """A PEM text and, where it came as a file, the file's name."""

    content: bytes
    name: str = ""


@dataclass(frozen=True)
class Given:
    """What was found, in PEM."""

    tls: bytes
    """Claims to be the TLS certificate."""
    wss: bytes
    """Claims to be the WSS certificate."""
    issuers: bytes
    """Authorities that signed one of the two."""
    service_authority: bytes
    """Authorities that signed neither: the service's; where there is none, the issuers."""


def attached(message: EmailMessage) -> list[Pem]:
    """Return the PEM files attached to a letter."""
    return list(_attached(message))


def _attached(message: EmailMessage) -> Iterator[Pem]:
    for part in islice(message.walk(), _MOST_PARTS):
        content = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(content, bytes) and b"-----BEGIN CERTIFICATE-----" in content:
            yield Pem(content, part.get_filename() or "")


def restore(text: str) -> bytes:
    """Return the certificates of a pasted text as proper PEM; a one-line field has lost its line breaks.

    Anything beside the certificates (the words of a letter, say) is left out. A text without any is returned
    as it is, to be refused by whoever reads it.

    Raises:
        PrivateKeyGiven: it holds a private key.
    """
    if _KEY.search(text):
        raise PrivateKeyGiven
    bodies = ["".join(body.split()) for body in _BLOCK.findall(text)]
    blocks = ["\n".join(body[at : at + 64] for at in range(0, len(body), 64)) for body in bodies]
    whole = [f"-----BEGIN CERTIFICATE-----\n{block}\n-----END CERTIFICATE-----\n" for block in blocks]
    return "".join(whole).encode("ascii") if whole else text.encode()


def check_names(pems: Iterable[Pem]) -> None:
    """Check that files with a name of the office's kind hold what the name says.

    Raises:
        FileNameWrong: one holds another certificate.
        PrivateKeyGiven: one holds a private key.
        CertificateUnreadable: one holds no certificate.
    """
    for pem in pems:
        if _KEY.search(pem.content.decode("ascii", "replace")):
            raise PrivateKeyGiven
        said = _NAMED.fullmatch(pem.name.rpartition("/")[2])
        if said is None:
            continue
        own = [each for each in read_certificates(pem.content) if not is_authority(each)]
        rights = {file_name(each, parse_subject(each)[1]).lower(): each for each in own}
        decimal = {f"{parse_subject(each)[1]}{each.serial_number}.pem".lower() for each in own}
        told = f"{said[1]}{said[2].lstrip('0')}.pem".lower()
        if told not in rights and told not in decimal:
            right = " / ".join(file_name(each, parse_subject(each)[1]) for each in own) or "issuer.pem"
            raise FileNameWrong(file=ascii(pem.name)[1:-1][:80], right=right)


def names(pems: Iterable[bytes], account: str) -> bool:
    """Tell whether one of the certificates names the account; unreadable ones do not."""
    return account in accounts_named(pems)


def accounts_named(pems: Iterable[bytes]) -> list[str]:
    """Return the accounts that certificates name; unreadable ones name none."""
    found: dict[str, None] = {}
    for pem in pems:
        try:
            found.update({_subject(each)[0]: None for each in read_certificates(pem)})
        except CertificateRefused:
            continue
    return [account for account in found if account]


def sort(pems: Iterable[bytes], account: str) -> Given:
    """Find the account's two certificates and the authorities among what was given.

    Says nothing about whether they are good: `check_certificate` does.

    Raises:
        CertificateUnreadable: a file holds no certificate.
        WrongSubject: a certificate that is no authority's names no account.
        WrongPurpose: two certificates, both for the same purpose.
        CertificatesIncomplete: TLS or WSS is missing.
    """
    found = [certificate for pem in pems for certificate in read_certificates(pem)]
    authorities = [each for each in found if is_authority(each)]
    own = {parse_subject(each)[1]: each for each in found if each not in authorities}
    for purpose in CertificatePurpose:
        if purpose not in own:
            if len(found) - len(authorities) > 1:
                raise WrongPurpose(expected=purpose.value, found=next(iter(own)).value)
            raise CertificatesIncomplete(account=account, missing=purpose.value)
    return _given(own[CertificatePurpose.TLS], own[CertificatePurpose.WSS], authorities)


def place(tls: bytes, wss: bytes, authorities: bytes = b"") -> Given:
    """Take each certificate from its own place, and authorities from wherever they stand.

    Says nothing about whether they are good, nor about whether they stand in the right place:
    `check_certificate` does.

    Raises:
        CertificateUnreadable: a text holds no certificate.
    """
    texts = [read_certificates(pem) for pem in (tls, wss, *([authorities] if authorities.strip() else []))]
    above = [each for text in texts for each in text if is_authority(each)]
    leaves = [next((each for each in text if each not in above), text[0]) for text in texts[:2]]
    return _given(leaves[0], leaves[1], above)


def _given(tls: x509.Certificate, wss: x509.Certificate, authorities: Sequence[x509.Certificate]) -> Given:
    vouching, below = set[x509.Certificate](), {tls, wss}
    # Upwards, as far as the chain was given.
    while below := {each for each in authorities if any(_issued(one, each) for one in below)} - vouching:
        vouching |= below
    issuers = [each for each in authorities if each in vouching]
    others = [each for each in authorities if each not in issuers] or issuers
    return Given(
        tls=write_certificates([tls]),
        wss=write_certificates([wss]),
        issuers=write_certificates(issuers),
        service_authority=write_certificates(others),
    )


def _subject(certificate: x509.Certificate) -> tuple[str, str]:
    try:
        return parse_subject(certificate)
    except WrongSubject:
        return "", ""


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is an authority's."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
