"""The subject of a communication certificate: `CN=<account> TLS` or `CN=<account> WSS` (manual 2.3)."""

import re
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

from erepo.pki.errors import SubjectInvalid, WrongSubject

_ACCOUNT = re.compile(r"[0-9]{16}")
_COMMON_NAME = re.compile(r"([0-9]{16}) (TLS|WSS)")

#: Upper bound of O and OU in X.520 (ub-organization-name); longer names of providers exist and are cut.
_LONGEST = 64


class CertificatePurpose(StrEnum):
    """What a certificate is for."""

    TLS = "TLS"
    WSS = "WSS"


def check_account(account: str) -> str:
    """Return the account id if it has the form of one: 16 digits.

    Raises:
        SubjectInvalid: it has not.
    """
    if not _ACCOUNT.fullmatch(account):
        raise SubjectInvalid(field="CN")
    return account


def common_name(account: str, purpose: CertificatePurpose) -> str:
    """Return the CN of an account's certificate.

    Raises:
        SubjectInvalid: the account is not 16 digits.
    """
    return f"{check_account(account)} {purpose}"


def subject_name(
    account: str, purpose: CertificatePurpose, organisation: str, unit: str, country: str
) -> x509.Name:
    """Return the subject of a request: C, O, OU and CN (manual 1.1.2). Empty O or OU is left out.

    Raises:
        SubjectInvalid: a field cannot stand in a certificate; `field` names it.
    """
    if not re.fullmatch(r"[A-Za-z]{2}", country):
        raise SubjectInvalid(field="C")
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, country.upper())]
    fields = (("O", NameOID.ORGANIZATION_NAME, organisation), ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    for field, oid, raw in fields:
        value = raw.strip()[:_LONGEST].rstrip()
        if not value.isprintable():
            raise SubjectInvalid(field=field)
        if value:
            attributes.append(x509.NameAttribute(oid, value))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name(account, purpose)))
    return x509.Name(attributes)


def parse_name(name: x509.Name) -> tuple[str, CertificatePurpose]:
    """Return (account, purpose) of a subject.

    Raises:
        WrongSubject: there is not exactly one CN of the agreed form.
    """
    values = [str(attribute.value) for attribute in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    match = _COMMON_NAME.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        # The text comes from a stranger: ascii() keeps control characters out of logs, the cut bounds it.
        raise WrongSubject(found=ascii(", ".join(values))[:80])
    return match[1], CertificatePurpose(match[2])


def parse_subject(certificate: x509.Certificate) -> tuple[str, CertificatePurpose]:
    """Return (account, purpose) that a certificate's subject names.

    Says nothing about who issued it: see `checks` and `trust`.

    Raises:
        WrongSubject: there is not exactly one CN of the agreed form.
    """
    return parse_name(certificate.subject)


def file_name(certificate: x509.Certificate, purpose: CertificatePurpose) -> str:
    """Return the office's name for a certificate file: `TLS<serial>.pem`, `WSS<serial>.pem` (manual 2.3)."""
    return f"{purpose}{certificate.serial_number:X}.pem"


def shown_subject(certificate: x509.Certificate) -> str:
    """Return a certificate's subject for people: whoever made it, it cannot steer a terminal or a log."""
    text = certificate.subject.rfc4514_string()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
