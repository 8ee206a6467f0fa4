"""Whether certificates were revoked (CRL, RFC 5280; OCSP, RFC 6960).

What is asked where, and why, stands in docs/explanation/security.md.
"""

from erepo.pki.revocation.checking import Revocation
from erepo.pki.revocation.errors import CertificateRevoked, CrlStale, StatusUnknown, StatusUntrusted

__all__ = ["CertificateRevoked", "CrlStale", "Revocation", "StatusUnknown", "StatusUntrusted"]
