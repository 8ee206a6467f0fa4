"""Keys, certificate requests, certificates, PKCS#12 files and TLS contexts.

Certificates come in pairs: one for the channel (`<account> TLS`), one for signing messages (`<account> WSS`);
manual 2.3. Code never takes one for the other: every check names the purpose it expects.
"""

from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.checks import Proven, check_certificate
from erepo.pki.csr import check_request, make_csr, read_csr
from erepo.pki.keys import PrivateKey, encrypt_key, load_key, new_key
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.tls import client_context, server_context
from erepo.pki.trust import TrustStore

__all__ = [
    "Authority",
    "Bundle",
    "CertificatePurpose",
    "PrivateKey",
    "Proven",
    "TrustStore",
    "check_certificate",
    "check_request",
    "client_context",
    "encrypt_key",
    "load_key",
    "make_csr",
    "new_key",
    "parse_subject",
    "read_csr",
    "server_context",
]
