"""Every bad certificate of the list P1 (reliability-security A.3) is refused with its own reason."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.pki import PrivateKey, Proven, TrustStore, check_certificate, encrypt_key, errors, new_key
from erepo.pki.names import shown_subject
from erepo.pki.pem import read_certificate
from tests.support.certificates import (
    ACCOUNT,
    NOW,
    TLS,
    WSS,
    Recipe,
    root,
    sub_authority,
    unreadable_keys,
    usage,
)

AUTHORITY = root()
TRUST = TrustStore([AUTHORITY.certificate])
GOOD = Recipe(issuer=AUTHORITY)
OTHER_ACCOUNT = "0000000000001004"


def check(recipe: Recipe, **changes: Any) -> Proven:
    """Check what a recipe makes as the TLS certificate of the account, unless changed."""
    wanted = {"account": ACCOUNT, "purpose": TLS, "key": recipe.key, "trust": TRUST, "at": NOW} | changes
    return check_certificate(recipe.make(), **wanted)


def test_a_good_certificate_is_proven() -> None:
    """A certificate without defect yields what was proven about it."""
    proven = check(GOOD)
    assert (proven.account, proven.purpose, proven.key) == (ACCOUNT, TLS, "EC secp256r1")
    assert proven.not_before < NOW < proven.not_after
    assert len(proven.fingerprint) == 64


def test_a_good_signing_certificate_is_proven() -> None:
    """A WSS certificate needs no clientAuth."""
    recipe = GOOD.but(common_name=f"{ACCOUNT} WSS", extended=None)
    assert check(recipe, purpose=WSS).purpose is WSS


def test_a_signing_key_must_be_one_that_messages_are_signed_with() -> None:
    """P-384 connects, but no message signed with it is accepted: an account must not be left with it."""
    recipe = GOOD.but(key=ec.generate_private_key(ec.SECP384R1()))
    assert check(recipe).key == "EC secp384r1"
    with pytest.raises(errors.KeyUnsupported):
        check(recipe.but(common_name=f"{ACCOUNT} WSS", extended=None), purpose=WSS)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
DEFECTS = {
    "expired": (
        GOOD.but(since=NOW - timedelta(days=9), until=NOW - timedelta(days=1)),
        errors.CertificateExpired,
    ),
    "not yet valid": (GOOD.but(since=NOW + timedelta(hours=1)), errors.CertificateNotYetValid),
    "wrong authority": (GOOD.but(issuer=root("Stranger")), errors.UntrustedIssuer),
    "wrong authority of the same name": (GOOD.but(issuer=root()), errors.UntrustedIssuer),
    "self-signed": (GOOD.but(issuer=None), errors.SelfSigned),
    "wrong account": (GOOD.but(common_name=f"{OTHER_ACCOUNT} TLS"), errors.WrongAccount),
    "WSS in the TLS slot": (GOOD.but(common_name=f"{ACCOUNT} WSS"), errors.WrongPurpose),
    "subject of another form": (GOOD.but(common_name="Przychodnia"), errors.WrongSubject),
    "subject with a trailing blank": (GOOD.but(common_name=f"{ACCOUNT} TLS "), errors.WrongSubject),
    "digits of another script": (GOOD.but(common_name="\u0660" * 16 + " TLS"), errors.WrongSubject),
    "15 digits": (GOOD.but(common_name=f"{ACCOUNT[1:]} TLS"), errors.WrongSubject),
    "RSA-1024": (GOOD.but(key=rsa.generate_private_key(65537, 1024)), errors.WeakKey),
    "Ed25519": (GOOD.but(key=ed25519.Ed25519PrivateKey.generate()), errors.KeyUnsupported),
    "a curve nobody asked for": (
        GOOD.but(key=ec.generate_private_key(ec.SECP256K1())),
        errors.KeyUnsupported,
    ),
    "no extended usage": (GOOD.but(extended=None), errors.MissingUsage),
    "only serverAuth": (GOOD.but(extended=(ExtendedKeyUsageOID.SERVER_AUTH,)), errors.MissingUsage),
    "no digitalSignature": (GOOD.but(usage=usage(signature=False, certificates=True)), errors.MissingUsage),
    "a CA's certificate": (
        GOOD.but(basic=x509.BasicConstraints(ca=True, path_length=None)),
        errors.IsAuthority,
    ),
    "unknown critical extension": (GOOD.but(extra=((UNKNOWN, True),)), errors.UnknownExtension),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_has_its_own_error(defect: str) -> None:
    """A certificate with one defect is refused with exactly that defect's class, in both languages."""
    recipe, expected = DEFECTS[defect]
    with pytest.raises(errors.InvalidInput) as caught:
        check(recipe)
    assert type(caught.value) is expected
    assert all(caught.value.explain("pl") + caught.value.explain("en"))


def test_a_key_that_cannot_be_read_is_refused() -> None:
    """A certificate whose key the library finds broken only when asked for it ends in an error of ours."""
    for name, bent in unreadable_keys(GOOD).items():
        with pytest.raises(errors.InvalidInput):
            check_certificate(bent, account=ACCOUNT, purpose=TLS, key=GOOD.key, trust=TRUST, at=NOW)
        assert name


def test_an_endless_serial_number_is_unreadable() -> None:
    """Nobody has to write a serial number of thousands of digits."""
    octets = GOOD.make().public_bytes(Encoding.DER)
    body = octets[4:][octets[4:].index(b"\xa0\x03\x02\x01\x02") :]
    rest = body[7 + body[6] :][: int.from_bytes(octets[6:8], "big") - 7 - body[6]]
    tail = octets[8 + int.from_bytes(octets[6:8], "big") :]
    head = b"\xa0\x03\x02\x01\x02\x02\x82\x0b\xb8" + b"\x01" * 3000
    inner = b"\x30\x82" + len(head + rest).to_bytes(2, "big") + head + rest
    whole = b"\x30\x82" + len(inner + tail).to_bytes(2, "big") + inner + tail
    bent = x509.load_der_x509_certificate(whole).public_bytes(Encoding.PEM)
    with pytest.raises(errors.CertificateUnreadable):
        read_certificate(bent)


@pytest.mark.parametrize("weak", ["sha1", "md5"])
def test_a_weak_signature_is_refused(weak: str, tmp_path: Path) -> None:
    """A certificate really signed with an old hash (by the openssl command) is refused for that reason."""
    recipe = GOOD.but(issuer=None)
    (tmp_path / "key").write_bytes(encrypt_key(recipe.key, b"x"))
    command = f"openssl req -x509 -new -{weak} -key key -passin pass:x -days 9 -out pem -batch".split()
    command += ["-subj", f"/CN={ACCOUNT} TLS", "-addext", "extendedKeyUsage=clientAuth"]
    if (
        shutil.which("openssl") is None
        or subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
    ):
        pytest.skip("no openssl command that still signs with it")
    old = read_certificate((tmp_path / "pem").read_bytes())
    with pytest.raises(errors.WeakSignature) as caught:
        check_certificate(
            old, account=ACCOUNT, purpose=TLS, key=recipe.key, trust=TRUST, at=datetime.now(UTC)
        )
    assert caught.value.data["algorithm"].startswith((weak, "1.2"))


def test_tls_in_the_wss_slot() -> None:
    """The reverse swap is told too, and the error names both kinds."""
    with pytest.raises(errors.WrongPurpose) as caught:
        check(GOOD, purpose=WSS)
    assert caught.value.data == {"expected": "WSS", "found": "TLS"}


@pytest.mark.parametrize("other", [new_key(), new_key("rsa-3072")], ids=["same kind", "other kind"])
def test_the_certificate_of_another_key(other: PrivateKey) -> None:
    """A key that does not match is told whatever its kind."""
    with pytest.raises(errors.KeyMismatch):
        check(GOOD, key=other)


def test_a_signing_certificate_must_state_digital_signature() -> None:
    """Without key usage a WSS certificate is not accepted."""
    recipe = GOOD.but(common_name=f"{ACCOUNT} WSS", usage=None, extended=None)
    with pytest.raises(errors.MissingUsage):
        check(recipe, purpose=WSS)


def test_a_hostile_subject_comes_out_escaped() -> None:
    """Line breaks of a stranger's subject reach no log."""
    recipe = GOOD.but(common_name="x\n" + "y" * 50)
    with pytest.raises(errors.WrongSubject) as caught:
        check(recipe)
    assert "\n" not in str(caught.value)


def test_a_hostile_subject_is_shown_harmless() -> None:
    """What people compare on a terminal moves no cursor of it."""
    shown = shown_subject(GOOD.but(common_name="Zakład\x1b[2J\x07 1\n").make())
    assert shown.startswith("CN=Zakład")
    assert shown.isprintable()


def test_without_trust_the_issuer_stays_unproven() -> None:
    """Where no authority is known yet, everything else is still checked."""
    recipe = GOOD.but(issuer=root("Unknown"))
    assert check(recipe, trust=None).account == ACCOUNT


class TestChains:
    """Paths longer than one step."""

    def test_an_intermediate_is_used_when_given(self) -> None:
        """The chain goes through a given intermediate, also among strangers and in any order."""
        middle = sub_authority(AUTHORITY, "Middle")
        recipe = GOOD.but(issuer=middle)
        chain = (root("Extra").certificate, middle.certificate)
        assert check(recipe, intermediates=chain).account == ACCOUNT

    def test_a_missing_intermediate(self) -> None:
        """Without the intermediate nobody known has issued the certificate."""
        with pytest.raises(errors.UntrustedIssuer):
            check(GOOD.but(issuer=sub_authority(AUTHORITY, "Middle")))

    def test_an_expired_intermediate(self) -> None:
        """An issuer that is out of date breaks the chain."""
        old = sub_authority(AUTHORITY, "Old", since=NOW - timedelta(days=9), until=NOW - timedelta(days=1))
        with pytest.raises(errors.ChainRefused):
            check(GOOD.but(issuer=old), intermediates=(old.certificate,))

    def test_a_path_that_is_too_long(self) -> None:
        """An authority that may have none below it cannot be stretched."""
        short = root("Short", depth=0)
        middle = sub_authority(short, "Middle")
        recipe = GOOD.but(issuer=middle)
        with pytest.raises(errors.ChainRefused):
            check(recipe, trust=TrustStore([short.certificate]), intermediates=(middle.certificate,))

    def test_a_leaf_cannot_issue(self) -> None:
        """A client's certificate used as an authority is refused."""
        leaf = sub_authority(
            AUTHORITY, "Leaf", basic=x509.BasicConstraints(ca=False, path_length=None), depth=None
        )
        with pytest.raises(errors.ChainRefused):
            check(GOOD.but(issuer=leaf), intermediates=(leaf.certificate,))

    def test_name_constraints_are_honoured(self) -> None:
        """A critical constraint on names that the path breaks (or cannot be judged) refuses it."""
        only = x509.NameConstraints([x509.DNSName("example.org")], None)
        narrow = sub_authority(AUTHORITY, "Narrow", extra=((only, True),))
        names = x509.SubjectAlternativeName([x509.DNSName("example.com")])
        recipe = GOOD.but(issuer=narrow, extra=((names, False),))
        with pytest.raises(errors.ChainRefused):
            check(recipe, intermediates=(narrow.certificate,))
