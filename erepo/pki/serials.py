"""Serial numbers: an authority gives each once (RFC 5280 §4.1.2.2); a second makes revocation ambiguous."""

from collections.abc import Iterable

from cryptography import x509

from erepo.pki.bundle import fingerprint
from erepo.pki.errors import SerialTwice


def check_serials(certificates: Iterable[x509.Certificate]) -> None:
    """Prove that no two different certificates of one issuer bear the same serial number.

    Raises:
        SerialTwice: two do.
    """
    seen: dict[tuple[x509.Name, int], str] = {}
    for each in certificates:
        mark = fingerprint(each)
        if seen.setdefault((each.issuer, each.serial_number), mark) != mark:
            raise SerialTwice(serial=f"{each.serial_number:X}")
