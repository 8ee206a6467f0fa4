"""The scan for secrets finds them in every form; without that the tests that rely on it prove nothing."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from erepo.pki import new_key
from tests.support.secret_scan import forms, forms_of_key, hits


@pytest.mark.parametrize("kind", ["ec-p256", "rsa-3072"])
def test_the_scan_finds_a_key_in_every_form(kind: Any) -> None:
    """PEM in all layouts, DER, base64 as in a JWK, hex, a decimal number: each is found, in JSON too."""
    key = new_key(kind)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    numbers = key.private_numbers()
    secret = numbers.private_value if kind == "ec-p256" else numbers.d
    octets = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
    samples = {
        "pem": pem,
        "old pem": old,
        "pem in JSON": pem.replace(b"\n", b"\\n"),
        "der": b"before" + der + b"behind",
        "base64 of der": base64.b64encode(b"x" + der),
        "urlsafe": base64.urlsafe_b64encode(octets),
        "hex": octets.hex().encode(),
        "number": str(secret).encode(),
        "public half": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    }
    assert hits(forms_of_key(key), samples.items()) == set(samples) - {"public half"}


@given(secret=st.binary(min_size=12, max_size=40), before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_base64_hides_nothing(secret: bytes, before: bytes, after: bytes) -> None:
    """Wherever in a longer text a secret begins, and in whichever alphabet."""
    whole = before + secret + after
    for text in (base64.b64encode(whole), base64.urlsafe_b64encode(whole), base64.encodebytes(whole)):
        assert hits(forms(secret), [("here", text)]) == {"here"}
