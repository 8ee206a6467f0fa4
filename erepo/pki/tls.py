"""TLS contexts: 1.2 or newer, both sides shown, nothing trusted but what is given.

`ssl` reads keys from files only. They pass through an anonymous file in memory (Linux `memfd`),
encrypted with a password used once, so that no key touches a disk.
"""

import os
import secrets
import ssl

from erepo.pki.bundle import Bundle
from erepo.pki.keys import encrypt_key

#: TLS 1.2 suites with forward secrecy and authenticated encryption; TLS 1.3 has no others.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def client_context(bundle: Bundle | None, trust_pem: bytes) -> ssl.SSLContext:
    """Make the context of a client that shows its certificate and checks the server's chain and host name.

    Args:
        bundle: the client's TLS key and certificate; None shows none.
        trust_pem: the only authorities trusted for the server; the system's are not.

    Raises:
        ssl.SSLError: `trust_pem` holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=trust_pem.decode("ascii"))
    _harden(context)
    if bundle is not None:
        load_bundle(context, bundle)
    return context


def server_context(bundle: Bundle, client_ca_pem: bytes) -> ssl.SSLContext:
    """Make the context of a server that lets nobody in without a certificate of the given authorities.

    Args:
        bundle: the server's TLS key and certificate.
        client_ca_pem: authorities of the clients; may be empty, then no client can enter.

    Raises:
        ssl.SSLError: `client_ca_pem` is not empty and holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if client_ca_pem.strip():
        context.load_verify_locations(cadata=client_ca_pem.decode("ascii"))
    context.verify_mode = ssl.CERT_REQUIRED
    server_context_options(context)
    load_bundle(context, bundle)
    return context


def server_context_options(context: ssl.SSLContext) -> None:
    """Harden a server's context: TLS ≥1.2, forward secrecy, no renegotiation, our order of ciphers."""
    _harden(context)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_SINGLE_ECDH_USE


def load_bundle(context: ssl.SSLContext, bundle: Bundle) -> None:
    """Give a context its key and certificate chain without writing either to a disk.

    Raises:
        ssl.SSLError: OpenSSL refuses the pair.
    """
    password = secrets.token_urlsafe(32)
    descriptor = os.memfd_create("erepo-tls", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, encrypt_key(bundle.key, password.encode()) + bundle.certificate_pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=password)
    finally:
        os.close(descriptor)


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_ciphers(_CIPHERS)
