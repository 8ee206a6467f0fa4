"""Our own ideas, first part: encodings of values, keys and tokens."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from erepo.soap.errors import (
    AlgorithmRefused,
    SecurityMalformed,
    SignatureInvalid,
    SignerRefused,
)
from erepo.soap.names import (
    ECDSA_SHA256,
    RSA_SHA256,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    TOKEN,
    WSU_ID,
    X509_TOKEN,
)
from tests.support.attack_kit import (
    Forgery,
    Tree,
    bend,
    forge,
    one,
    set_algorithm,
    text,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


# Values of an ECDSA signature that a careless verifier takes.
def _pair(r: int, s: int) -> str:
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


for _code, _value in {
    "r and s are 0": _pair(0, 0),
    "r is 0": _pair(0, 1),
    "s is 0": _pair(1, 0),
    "r is the order": _pair(ORDER, 1),
    "r and s are the order": _pair(ORDER, ORDER),
    "r is 1, s is 1": _pair(1, 1),
}.items():

    @bend(f"I-ecdsa: {_code}", f"an ECDSA signature: {_code}", SignatureInvalid)
    def _(tree: Tree, value: str = _value) -> None:
        text(one(tree, SIGNATURE_VALUE), value)


def _numbers(tree: Tree) -> tuple[int, int]:
    value = base64.b64decode(one(tree, SIGNATURE_VALUE).text or "")
    return int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")


@bend("I-ecdsa: DER", "a good ECDSA signature in DER instead of two integers", SignatureInvalid)
def _(tree: Tree) -> None:
    text(one(tree, SIGNATURE_VALUE), base64.b64encode(encode_dss_signature(*_numbers(tree))).decode())


@bend("I-ecdsa: padded", "a good ECDSA signature with integers of 33 bytes", SignatureInvalid)
def _(tree: Tree) -> None:
    octets = b"".join(number.to_bytes(33, "big") for number in _numbers(tree))
    text(one(tree, SIGNATURE_VALUE), base64.b64encode(octets).decode())


@bend("I-ecdsa: swapped", "a good ECDSA signature with r and s exchanged", SignatureInvalid)
def _(tree: Tree) -> None:
    r, s = _numbers(tree)
    text(one(tree, SIGNATURE_VALUE), _pair(s, r))


# Base64 in other clothes.
for _code, _edit in {
    "url-safe": lambda value: value.replace("+", "-").replace("/", "_") + "-_==",
    "without padding": lambda value: value.rstrip("="),
    "padded twice": lambda value: value + "====",
    "padding inside": lambda value: value[:8] + "==" + value[8:],
    "character references of digits": lambda value: value + "\u0661\u0662\u0663\u0664",
    "full-width letters": lambda value: "\uff21" + value[1:],
    "a zero-width space": lambda value: value[:5] + "\u200b" + value[5:],
    "a hyphen": lambda value: value[:4] + "-" + value[4:],
    "an ideographic space": lambda value: "\u3000" + value,
}.items():

    @bend(
        f"I-base64: {_code}", f"the signature value in base64: {_code}", SecurityMalformed, SignatureInvalid
    )
    def _(tree: Tree, edit: object = _edit) -> None:
        text(one(tree, SIGNATURE_VALUE), edit(one(tree, SIGNATURE_VALUE).text or ""))  # type: ignore[operator]

    @bend(f"I-base64: token {_code}", f"the token in base64: {_code}", SecurityMalformed, SignerRefused)
    def _(tree: Tree, edit: object = _edit) -> None:
        value = one(tree, TOKEN).text or ""
        padded = base64.b64encode(base64.b64decode(value) + b"x").decode() if "=" not in value else value
        text(one(tree, TOKEN), edit(padded))  # type: ignore[operator]


# Tokens.
for _code, _attribute, _value2 in [
    ("no ValueType", "ValueType", None),
    ("X509v1", "ValueType", X509_TOKEN.replace("v3", "v1")),
    ("a path", "ValueType", X509_TOKEN.replace("v3", "PKIPathv1")),
    ("PKCS7", "ValueType", X509_TOKEN.replace("X509v3", "PKCS7")),
    ("a space in its type", "ValueType", f" {X509_TOKEN}"),
    ("hex", "EncodingType", "http://docs.oasis-open.org/wss/2004/01/x#HexBinary"),
    ("an empty encoding", "EncodingType", ""),
    ("no id", WSU_ID, None),
    ("an empty id", WSU_ID, ""),
]:

    @forge(f"I-token: {_code}", f"the token has {_code}", SecurityMalformed)
    def _(tree: Tree, name: str = _attribute, value: str | None = _value2) -> None:
        if value is None:
            del one(tree, TOKEN).attrib[name]
        else:
            one(tree, TOKEN).set(name, value)


for _code, _bent in {
    "rubbish behind it": lambda der: der + b"rubbish",
    "cut": lambda der: der[:-1],
    "PEM": lambda der: x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM),
    "itself twice": lambda der: der + der,
    "nothing": lambda _: b"",
    "a public key": lambda _: b"\x30\x03\x02\x01\x00",
    "a subject that is no text": lambda der: der.replace(b"0000000000001003 WSS", b"\xff" * 20, 2),
    "a bit turned": lambda der: der[:200] + bytes([der[200] ^ 1]) + der[201:],
}.items():

    @forge(f"I-token: {_code}", f"the certificate's octets: {_code}", SignerRefused)
    def _(tree: Tree, bent: object = _bent) -> None:
        der = base64.b64decode(one(tree, TOKEN).text or "")
        text(one(tree, TOKEN), base64.b64encode(bent(der)).decode())  # type: ignore[operator]


def certificate(public_key: object) -> str:
    """Return a certificate of our own making for any key, as base64."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "0000000000001003 WSS")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)  # type: ignore[arg-type]
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


#: Any odd number will do: nobody needs the factors.
_MODULUS = (1 << 4095) | (1 << 2000) | 1
for _code, _key in {
    "an exponent of 2000 bits": lambda: rsa.RSAPublicNumbers((1 << 1999) | 1, _MODULUS).public_key(),
    "the exponent 3": lambda: rsa.RSAPublicNumbers(3, _MODULUS).public_key(),
    "a modulus of 16384 bits": lambda: rsa.RSAPublicNumbers(65537, (1 << 16383) | 1).public_key(),
    "RSA of 1024 bits": lambda: rsa.RSAPublicNumbers(65537, (1 << 1023) | 1).public_key(),
    "another curve": lambda: ec.generate_private_key(ec.SECP384R1()).public_key(),
    "the key of a stranger": lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
}.items():

    @forge(f"I-key: {_code}", f"a self-made certificate with {_code}", AlgorithmRefused, SignerRefused)
    def _(tree: Tree, key: object = _key) -> None:
        text(one(tree, TOKEN), certificate(key()))  # type: ignore[operator]


@forge("I-key: RSA method", "the RSA method named where the key is EC", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, RSA_SHA256)


@Forgery(elder=True)("I-key: EC method", "the EC method named where the key is RSA", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, ECDSA_SHA256)
