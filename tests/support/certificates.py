"""Certificates with one defect each, signed by a throw-away authority."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from erepo.pki import Authority, CertificatePurpose, new_key

ACCOUNT = "0000000000001003"
NOW = datetime.now(UTC)
TLS, WSS = CertificatePurpose.TLS, CertificatePurpose.WSS


def usage(*, signature: bool = True, certificates: bool = False, lists: bool = False) -> x509.KeyUsage:
    """Key usage with the three bits that matter here."""
    bits = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("encipher_only", "decipher_only")
    return x509.KeyUsage(
        digital_signature=signature,
        key_cert_sign=certificates,
        crl_sign=lists,
        **dict.fromkeys(bits + more, False),
    )


@dataclass(frozen=True)
class Recipe:
    """Everything a certificate is made of; tests replace one thing."""

    key: Any = field(default_factory=new_key)
    common_name: str = f"{ACCOUNT} TLS"
    issuer: Authority | None = None
    since: datetime = NOW - timedelta(days=1)
    until: datetime = NOW + timedelta(days=30)
    hash: Any = field(default_factory=hashes.SHA256)
    usage: x509.KeyUsage | None = field(default_factory=usage)
    extended: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    basic: x509.BasicConstraints | None = field(
        default_factory=lambda: x509.BasicConstraints(ca=False, path_length=None)
    )
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    serial: int = 0

    def but(self, **changes: object) -> "Recipe":
        """Return the recipe with some things replaced."""
        return replace(self, **changes)

    def make(self) -> x509.Certificate:
        """Sign it: by the issuer, or by its own key where there is none."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)])
        issuer = self.issuer.certificate.subject if self.issuer else name
        signer = self.issuer.key if self.issuer else self.key
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(self.key.public_key())
            .serial_number(self.serial or x509.random_serial_number())
            .not_valid_before(self.since)
            .not_valid_after(self.until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
        )
        extended = x509.ExtendedKeyUsage(self.extended) if self.extended else None
        for value, critical in ((self.basic, True), (self.usage, True), (extended, False), *self.extra):
            if value is not None:
                builder = builder.add_extension(value, critical)
        return builder.sign(signer, self.hash)


def sub_authority(parent: Authority, name: str, *, depth: int | None = 0, **changes: Any) -> Authority:
    """An authority below another one, with CA bits unless changed."""
    recipe = Recipe(
        common_name=name,
        issuer=parent,
        basic=x509.BasicConstraints(ca=True, path_length=depth),
        usage=usage(signature=False, certificates=True),
        extended=None,
    ).but(**changes)
    return Authority(recipe.key, recipe.make())


def root(name: str = "Test root", *, depth: int | None = 2) -> Authority:
    """A self-signed authority that may have others below it."""
    recipe = Recipe(
        common_name=name,
        basic=x509.BasicConstraints(ca=True, path_length=depth),
        usage=usage(signature=False, certificates=True),
        extended=None,
    )
    return Authority(recipe.key, recipe.make())


#: The parts of a certificate of a P-256 key, in DER, that are bent below.
_KEY_KIND, _CURVE = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d030107")


def unreadable_keys(recipe: Recipe) -> dict[str, x509.Certificate]:
    """Return certificates that load although their keys cannot be read: the library reads keys late."""
    der = recipe.make().public_bytes(Encoding.DER)
    point = recipe.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    bent = {
        "another kind": der.replace(_KEY_KIND, _KEY_KIND[:-1] + b"\x09"),
        "another curve": der.replace(_CURVE, _CURVE[:-1] + b"\x09"),
        "no point of the curve": der.replace(point, point[:-1] + bytes([point[-1] ^ 1])),
    }
    return {name: x509.load_der_x509_certificate(octets) for name, octets in bent.items()}
