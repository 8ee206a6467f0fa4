"""The two `.p12` files that P1 issues to a provider, with P1's old ciphers."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.pki import Authority, Bundle
from erepo.pki.keys import PrivateKey, new_key
from tests.support.certificates import Recipe

TLS_PASSWORD, WSS_PASSWORD = b"p1-tls-secret", b"p1-wss-secret"


@dataclass(frozen=True)
class P1Files:
    """Both files with their passwords, and what is in them."""

    tls: bytes
    wss: bytes
    tls_bundle: Bundle
    wss_bundle: Bundle

    def write(self, folder: Path) -> list[str]:
        """Write files and passwords, and return the options of the command."""
        options = []
        for purpose, octets, password in (("tls", self.tls, TLS_PASSWORD), ("wss", self.wss, WSS_PASSWORD)):
            file, secret = folder / f"Podmiot-{purpose}.p12", folder / f"{purpose}.password"
            file.write_bytes(octets)
            secret.write_bytes(password + b"\n")
            options += [f"--{purpose}", str(file), f"--{purpose}-password", str(secret)]
        return options


def make_p1_files(**changes: Any) -> P1Files:
    """Make a new pair that no P1 has issued; changes go into both recipes."""
    authority = Authority.create("SCP SubCA Test")
    client, other = (ExtendedKeyUsageOID.CLIENT_AUTH,), (ExtendedKeyUsageOID.EMAIL_PROTECTION,)
    one, two = p1_keys()
    tls = Recipe(key=one, issuer=authority, common_name="Podmiot 927722 TLS", extended=client)
    wss = Recipe(key=two, issuer=authority, common_name="Podmiot 927722 WSS", extended=other)
    tls, wss = _bundle(tls.but(**changes)), _bundle(wss.but(**changes))
    return sealed(tls, wss)


def sealed(tls: Bundle, wss: Bundle) -> P1Files:
    """Return both as the files that P1 hands out."""
    return P1Files(legacy(tls, TLS_PASSWORD), legacy(wss, WSS_PASSWORD), tls, wss)


@cache
def p1_keys() -> tuple[PrivateKey, PrivateKey]:
    """Return two keys as P1 wants them; always the same, they take time."""
    return new_key("rsa-3072"), new_key("rsa-3072")


def _bundle(recipe: Recipe) -> Bundle:
    return Bundle(recipe.key, recipe.make())


def legacy(bundle: Bundle, password: bytes) -> bytes:
    """Return a `.p12` with 3DES and SHA-1, as P1 writes it."""
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(password)
    )
    return pkcs12.serialize_key_and_certificates(b"p1", bundle.key, bundle.certificate, None, encryption)
