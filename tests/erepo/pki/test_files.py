"""Keys, requests and bundles: out to bytes and in again."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.pki import (
    Authority,
    Bundle,
    CertificatePurpose,
    check_request,
    encrypt_key,
    errors,
    load_key,
    make_csr,
    new_key,
    read_csr,
)
from erepo.pki.csr import write_csr
from erepo.pki.names import file_name, parse_subject
from erepo.pki.pem import read_certificates, write_certificates
from tests.support.certificates import ACCOUNT, TLS, WSS, Recipe, root

AUTHORITY = root()
KEYS = {"ec-p256": new_key("ec-p256"), "rsa-3072": new_key("rsa-3072")}
FORM = {"account": ACCOUNT, "organisation": "Przychodnia „Żółw”", "unit": "Poradnia", "country": "PL"}


def bundle(**changes: Any) -> Bundle:
    """A good TLS bundle."""
    recipe = Recipe(issuer=AUTHORITY).but(**changes)
    return Bundle(recipe.key, recipe.make(), (AUTHORITY.certificate,))


def clear_pem(key: Any) -> bytes:
    """A key in clear, as the files before 9.10 hold it."""
    encodings = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(*encodings, serialization.NoEncryption())


class TestKeys:
    """Private keys."""

    @pytest.mark.parametrize("kind", KEYS)
    def test_round_trip_encrypted(self, kind: str) -> None:
        """An encrypted key is PKCS#8 with AES-256 and comes back with its passphrase only."""
        pem = encrypt_key(KEYS[kind], b"secret")
        assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY")
        assert load_key(pem, b"secret").private_numbers() == KEYS[kind].private_numbers()
        for wrong in (b"Secret", b"", None):
            with pytest.raises(errors.WrongPassphrase):
                load_key(pem, wrong)

    @pytest.mark.parametrize("kind", KEYS)
    def test_a_key_in_clear_is_read(self, kind: str) -> None:
        """Old key files in clear are read, with or without a passphrase at hand."""
        for passphrase in (None, b"any"):
            assert load_key(clear_pem(KEYS[kind]), passphrase)

    def test_a_key_never_leaves_without_a_passphrase(self) -> None:
        """An empty passphrase is refused when writing."""
        with pytest.raises(errors.WrongPassphrase):
            encrypt_key(KEYS["ec-p256"], b"")
        with pytest.raises(errors.WrongPassphrase):
            bundle().to_pkcs12(b"")

    def test_kinds_that_are_not_used(self) -> None:
        """Ed25519 is unsupported, RSA-1024 too weak, an unknown setting is no key type."""
        ed = ed25519.Ed25519PrivateKey.generate()
        pem = ed.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(errors.KeyUnsupported):
            load_key(pem)
        with pytest.raises(errors.WeakKey):
            load_key(clear_pem(rsa.generate_private_key(65537, 1024)))
        with pytest.raises(errors.KeyUnsupported):
            new_key("dsa")

    @given(st.binary(max_size=200))
    def test_rubbish_is_no_key(self, data: bytes) -> None:
        """Any bytes give a key or a typed refusal."""
        with pytest.raises(errors.InvalidInput):
            load_key(data, b"x")
        with pytest.raises(errors.InvalidInput):
            read_csr(data)
        with pytest.raises(errors.InvalidInput):
            read_certificates(data)


class TestRequests:
    """Certificate requests."""

    @pytest.mark.parametrize("kind", KEYS)
    @pytest.mark.parametrize("purpose", [TLS, WSS])
    def test_a_request_names_account_purpose_and_place(self, kind: str, purpose: CertificatePurpose) -> None:
        """The CN is `<account> TLS|WSS`; O, OU and C come from the structure (manual 1.1.2)."""
        csr = read_csr(write_csr(make_csr(KEYS[kind], purpose=purpose, **FORM)))
        proven = check_request(csr)
        assert (proven.account, proven.purpose) == (ACCOUNT, purpose)
        assert csr.subject.rfc4514_string() == f"CN={ACCOUNT} {purpose},OU=Poradnia,O=Przychodnia „Żółw”,C=PL"
        assert isinstance(csr.signature_hash_algorithm, hashes.SHA256)

    @settings(max_examples=40)
    @given(st.text(max_size=120), st.text(max_size=120))
    def test_any_organisation_fits_or_is_refused(self, organisation: str, unit: str) -> None:
        """Whatever text the structure holds, a request is whole or the field is named."""
        try:
            csr = make_csr(
                KEYS["ec-p256"], **FORM | {"organisation": organisation, "unit": unit}, purpose=TLS
            )
        except errors.SubjectInvalid:
            assert not (organisation.strip()[:64].isprintable() and unit.strip()[:64].isprintable())
        else:
            assert check_request(read_csr(write_csr(csr))).account == ACCOUNT

    @pytest.mark.parametrize(("field", "value"), [("account", "123"), ("country", "POL"), ("unit", "a\nb")])
    def test_a_field_that_cannot_stand_there(self, field: str, value: str) -> None:
        """A wrong account, country or unit is refused before any key is used."""
        with pytest.raises(errors.SubjectInvalid):
            make_csr(KEYS["ec-p256"], **FORM | {field: value}, purpose=TLS)

    def test_a_request_signed_by_another_key_is_forged(self) -> None:
        """A request whose signature was changed is refused."""
        csr = make_csr(KEYS["ec-p256"], **FORM, purpose=TLS)
        der = bytearray(csr.public_bytes(serialization.Encoding.DER))
        der[-1] ^= 1
        forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
        with pytest.raises(errors.RequestForged):
            read_csr(forged)

    def test_a_request_of_a_weak_key(self) -> None:
        """The office does not certify RSA-1024."""
        csr = make_csr(rsa.generate_private_key(65537, 1024), **FORM, purpose=TLS)
        with pytest.raises(errors.WeakKey):
            check_request(csr)

    def test_a_huge_request_is_not_even_parsed(self) -> None:
        """More bytes than any request has are refused."""
        with pytest.raises(errors.RequestUnreadable):
            read_csr(b" " * 65537)


class TestAuthority:
    """What the small authority issues."""

    def test_the_subject_is_written_anew(self) -> None:
        """The issued CN is what the office decided, whatever the request says."""
        csr = make_csr(KEYS["ec-p256"], **FORM, purpose=TLS)
        certificate = Authority.create("CA").issue_client(csr, "9" * 16, WSS)
        assert parse_subject(certificate) == ("9" * 16, WSS)
        assert certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value.startswith(
            "Prz"
        )
        assert file_name(certificate, WSS) == f"WSS{certificate.serial_number:X}.pem"

    def test_saved_and_loaded(self, tmp_path: Path) -> None:
        """An authority survives on disk, its key encrypted and readable by its owner only."""
        first = Authority.load_or_create(tmp_path / "ca", b"secret", "CA")
        again = Authority.load_or_create(tmp_path / "ca", b"secret", "CA")
        assert first.certificate == again.certificate
        assert (tmp_path / "ca/ca.key").stat().st_mode & 0o777 == 0o600
        assert b"ENCRYPTED" in (tmp_path / "ca/ca.key").read_bytes()
        with pytest.raises(errors.WrongPassphrase):
            Authority.load(tmp_path / "ca", b"wrong")

    def test_creation_broken_off_half_way_is_made_again(self, tmp_path: Path) -> None:
        """A key without a certificate is an unfinished creation and is replaced."""
        Authority.create("CA").save(tmp_path, b"secret")
        (tmp_path / "ca.pem").unlink()
        assert Authority.load_or_create(tmp_path, b"secret", "CA").pem == (tmp_path / "ca.pem").read_bytes()

    def test_nothing_outlives_its_authority(self) -> None:
        """A certificate ends at the latest with its issuer."""
        authority = Authority.create("CA", days=10)
        csr = make_csr(KEYS["ec-p256"], **FORM, purpose=TLS)
        issued = authority.issue_client(csr, ACCOUNT, TLS)
        assert issued.not_valid_after_utc == authority.certificate.not_valid_after_utc


class TestBundles:
    """Key and certificate together."""

    @pytest.mark.parametrize("kind", KEYS)
    def test_pkcs12_round_trip(self, kind: str) -> None:
        """A .p12 keeps key, certificate and chain; PBES2 and SHA-256 are named inside."""
        one = bundle(key=KEYS[kind])
        data = one.to_pkcs12(b"secret", "konto")
        other = Bundle.from_pkcs12(data, b"secret")
        assert other.fingerprint == one.fingerprint
        assert other.chain == one.chain
        assert bytes.fromhex("2a864886f70d01050d") in data  # PBES2
        assert (other.subject_account, other.subject_purpose) == (ACCOUNT, TLS)

    def test_a_wrong_password(self) -> None:
        """A wrong .p12 password is told as such."""
        data = bundle().to_pkcs12(b"secret")
        for wrong in (b"Secret", b""):
            with pytest.raises(errors.WrongPassphrase):
                Bundle.from_pkcs12(data, wrong)

    @given(st.binary(max_size=300))
    def test_rubbish_is_no_bundle(self, data: bytes) -> None:
        """Any bytes give a typed refusal."""
        with pytest.raises(errors.InvalidInput):
            Bundle.from_pkcs12(data, b"x")
        with pytest.raises(errors.InvalidInput):
            Bundle.from_pkcs12(b"\x30" + data, b"x")

    def test_a_bundle_cut_short(self) -> None:
        """A damaged .p12 is refused wherever it was cut."""
        data = bundle().to_pkcs12(b"secret")
        for length in range(1, len(data), 97):
            with pytest.raises(errors.InvalidInput):
                Bundle.from_pkcs12(data[:length], b"secret")

    def test_a_bundle_without_key_or_certificate(self) -> None:
        """Half a pair is no bundle."""
        one, none = bundle(), serialization.BestAvailableEncryption(b"x")
        only_certificate = pkcs12.serialize_key_and_certificates(None, None, one.certificate, None, none)
        only_key = pkcs12.serialize_key_and_certificates(None, one.key, None, None, none)
        for data in (only_certificate, only_key):
            with pytest.raises(errors.BundleIncomplete):
                Bundle.from_pkcs12(data, b"x")

    def test_pem_files_in_any_order(self) -> None:
        """The key's own certificate is found among the given ones."""
        one = bundle()
        mixed = write_certificates([AUTHORITY.certificate, one.certificate])
        assert Bundle.from_pem(mixed, clear_pem(one.key)).fingerprint == one.fingerprint
        again = Bundle.from_pem(one.certificate_pem, encrypt_key(one.key, b"x"), b"x", AUTHORITY.pem)
        assert again.chain == (AUTHORITY.certificate,)

    def test_pem_files_that_do_not_belong_together(self) -> None:
        """A certificate of another key is refused (manual 2.5)."""
        with pytest.raises(errors.KeyMismatch):
            Bundle.from_pem(bundle().certificate_pem, clear_pem(KEYS["rsa-3072"]))

    @pytest.mark.parametrize("ciphers", ["-legacy", "-legacy -descert", "-legacy -certpbe RC2-40-CBC"])
    def test_old_ciphers_of_p1(self, ciphers: str, tmp_path: Path) -> None:
        """Files with RC2-40 and 3DES, as P1 issues them, are read (made by the openssl command)."""
        one = bundle(key=KEYS["rsa-3072"])
        (tmp_path / "key").write_bytes(clear_pem(one.key))
        (tmp_path / "pem").write_bytes(one.certificate_pem)
        command = f"openssl pkcs12 -export {ciphers} -inkey key -in pem -passout pass:p1 -out old.p12".split()
        if (
            shutil.which("openssl") is None
            or subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
        ):
            pytest.skip("no openssl command with its legacy provider")
        data = (tmp_path / "old.p12").read_bytes()
        assert Bundle.from_pkcs12(data, b"p1").fingerprint == one.fingerprint
        with pytest.raises(errors.WrongPassphrase):
            Bundle.from_pkcs12(data, b"p2")
