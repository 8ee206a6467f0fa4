"""Lists of revoked certificates (CRL, RFC 5280 §5): read, proven, asked.

Taken are complete lists that the issuer of the certificate signs itself. Delta lists, lists of other issuers'
certificates and lists for some reasons alone are refused: what they leave out would count as not revoked.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from erepo.pki.revocation.addresses import extension, published
from erepo.pki.revocation.errors import CrlForged, CrlStale, CrlUnusable, RevokedByCrl

_PEM: Final = b"-----BEGIN X509 CRL-----"
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType)
_WEAK: Final = (hashes.SHA1, hashes.MD5)
_REMEMBERED: Final = 4096
_MOST_OF_LIFE: Final = 0.75
#: How far the authority's clock may be ahead of ours.
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, eq=False)
class RevocationList:
    """A proven list of one authority."""

    crl: x509.CertificateRevocationList
    issuer: x509.Certificate
    source: str
    """Host or file it came from, for people."""
    fetched_at: datetime | None = None
    """When it was fetched; None where it is the operator's file."""
    _found: dict[int, x509.RevokedCertificate | None] = field(default_factory=dict, init=False, repr=False)

    def until(self, longest: timedelta) -> datetime:
        """Return the moment up to which the list tells anything.

        Args:
            longest: how long a list counts since it was fetched; a file of the operator's without an end of
                its own likewise since it was made.
        """
        end = self.crl.next_update_utc
        if self.fetched_at is None:
            return end or self.crl.last_update_utc + longest
        limit = self.fetched_at + longest
        return min(end, limit) if end else limit

    def covers(self, certificate: x509.Certificate) -> bool:
        """Tell whether the list is for this certificate, where it says for which, or for which addresses."""
        point = extension(self.crl.extensions, x509.IssuingDistributionPoint)
        names = _names(point) if point is not None else set()
        basic = extension(certificate.extensions, x509.BasicConstraints)
        if point is not None and point.only_contains_user_certs and basic is not None and basic.ca:
            return False
        return not names or bool(names & set(published(certificate).crls))

    def is_due(self, at: datetime, every: timedelta) -> bool:
        """Tell whether it is time to fetch the list anew: after so long, or when most of its life is over."""
        if self.fetched_at is None:
            return False
        made, end = self.crl.last_update_utc, self.crl.next_update_utc
        if self.fetched_at > at:  # a clock was wrong: nobody knows its age
            return True
        return at - self.fetched_at >= every or (end is not None and at > made + _MOST_OF_LIFE * (end - made))

    def expect_current(self, at: datetime, longest: timedelta) -> None:
        """Return if the list still tells something.

        Raises:
            CrlStale: it is too old.
        """
        until = self.until(longest)
        if at > until:
            raise CrlStale(issuer=shown(self.issuer), until=f"{until:%Y-%m-%d %H:%M}")

    def refuse_listed(self, certificate: x509.Certificate) -> None:
        """Return if the list does not name the certificate. Also an old list counts: nothing is taken back.

        Raises:
            RevokedByCrl: it does.
        """
        entry = self._entry(certificate.serial_number)
        if entry is not None:
            reason = extension(entry.extensions, x509.CRLReason)
            raise RevokedByCrl.of(certificate, entry.revocation_date_utc, reason.reason if reason else None)

    def _entry(self, serial: int) -> x509.RevokedCertificate | None:
        # The library goes through the whole list, and the same certificates come with every message.
        if serial not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[serial] = self.crl.get_revoked_certificate_by_serial_number(serial)
        return self._found[serial]


def read_list(octets: bytes, source: str) -> x509.CertificateRevocationList:
    """Read a list in PEM or DER; nothing in it is trusted yet.

    Raises:
        CrlUnusable: it is none.
    """
    try:
        pem = octets.lstrip().startswith(_PEM)
        crl = x509.load_pem_x509_crl(octets) if pem else x509.load_der_x509_crl(octets)
        _ = crl.issuer, crl.extensions, crl.last_update_utc, crl.next_update_utc, len(crl)
    except _UNREADABLE:
        raise CrlUnusable(source=source, rule="no CRL / to nie jest lista CRL") from None
    return crl


def prove_list(
    crl: x509.CertificateRevocationList,
    issuer: x509.Certificate,
    source: str,
    *,
    at: datetime,
    url: str = "",
    fetched_at: datetime | None = None,
) -> RevocationList:
    """Prove that a list is the issuer's own and complete for the certificates it has issued to others.

    Args:
        crl: as read.
        issuer: a trusted authority, or one proven to be below one.
        source: where it came from, for people.
        at: now, aware.
        url: where it was fetched; a list that says for which addresses it is must name it. Empty for a file:
            then `covers` tells.
        fetched_at: see `RevocationList`.

    Raises:
        CrlForged: the issuer has not signed it.
        CrlUnusable: it is of a kind that is not taken, or from the future.
    """
    if crl.issuer != issuer.subject or not _may_sign(issuer) or not _signed(crl, issuer):
        raise CrlForged(source=source, issuer=shown(issuer))
    try:
        rule = _unusable(crl, url)
    except _UNREADABLE:
        rule = "an extension cannot be read / nieczytelne rozszerzenie"
    if not rule and crl.last_update_utc > at + SKEW:
        rule = "it is from the future / pochodzi z przyszłości"
    if rule:
        raise CrlUnusable(source=source, rule=rule)
    return RevocationList(crl, issuer, source, fetched_at)


def shown(authority: x509.Certificate) -> str:
    """Return an authority's name for people: bounded, and nothing in it steers a terminal."""
    text = authority.subject.rfc4514_string()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)[:120]


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        if crl.signature_hash_algorithm is None or isinstance(crl.signature_hash_algorithm, _WEAK):
            return False
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # raises for the others
    except _UNREADABLE:
        return False


def _may_sign(issuer: x509.Certificate) -> bool:
    usage = extension(issuer.extensions, x509.KeyUsage)
    return usage is None or usage.crl_sign


def _unusable(crl: x509.CertificateRevocationList, url: str) -> str:
    """Return why a list does not tell of every certificate, "" if it does."""
    for each in crl.extensions:
        if isinstance(each.value, x509.DeltaCRLIndicator):
            return "a list of changes only / to tylko lista zmian"
        if isinstance(each.value, x509.IssuingDistributionPoint):
            if rule := _partial(each.value, url):
                return rule
        elif each.critical:
            return f"unknown extension {each.oid.dotted_string} / nieznane rozszerzenie"
    return ""


def _partial(point: x509.IssuingDistributionPoint, url: str) -> str:
    if (
        point.indirect_crl
        or point.only_contains_ca_certs
        or point.only_contains_attribute_certs
        or point.only_some_reasons
    ):
        return "only for some certificates or reasons / tylko część certyfikatów lub przyczyn"
    names = _names(point)
    if point.relative_name or (names and url and url not in names):
        return "made for another address / sporządzona dla innego adresu"
    return ""


def _names(point: x509.IssuingDistributionPoint) -> set[str]:
    return {str(name.value) for name in point.full_name or ()}
