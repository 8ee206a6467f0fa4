"""What is found wrong with a provider's two P1 certificates before anything is stored."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.cloud.national import opening
from erepo.cloud.national.credentials import Given, facts_of, open_credentials, pack, unpack
from erepo.cloud.national.errors import P1CertificateRefused, P1CertificatesSwapped, P1CertificateTwice
from erepo.cloud.national.opening import open_files
from erepo.errors import ErepoError
from erepo.pki import Bundle, new_key
from erepo.pki.errors import BundleUnreadable
from tests.support.certificates import NOW, usage
from tests.support.national import PASSWORD, P1Pair, legacy_pkcs12, p1_bundle, p1_pair, rsa_key

NAME = "Podmiot leczniczy 1"


def given(bundle: Bundle, password: str = PASSWORD) -> Given:
    """Return a file as P1 gives it out."""
    return Given(legacy_pkcs12(bundle, PASSWORD.encode()), password.encode())


def opened(tls: Bundle, wss: Bundle) -> tuple[Bundle, Bundle]:
    """Open a pair."""
    found = open_credentials(given(tls), given(wss), NOW)
    return found.tls, found.wss


@pytest.mark.parametrize("write", [legacy_pkcs12, lambda bundle, password: bundle.to_pkcs12(password)])
def test_old_and_new_ciphers_open_and_survive_the_vault(write: object) -> None:
    """A pair of RSA keys in either cipher opens; packed and unpacked it is the same, without passwords."""
    keys = [new_key("rsa-3072") for _ in range(2)]
    pair = P1Pair(p1_bundle(NAME, key=keys[0]), p1_bundle(NAME, client=False, key=keys[1]))
    files = [Given(write(each, PASSWORD.encode()), PASSWORD.encode()) for each in (pair.tls, pair.wss)]  # type: ignore[operator]
    found = open_credentials(*files, NOW)
    again = unpack(pack(found))
    assert [each.fingerprint for each in (again.tls, again.wss)] == [
        pair.tls.fingerprint,
        pair.wss.fingerprint,
    ]
    assert again.tls.key.private_numbers() == keys[0].private_numbers()
    assert PASSWORD.encode() not in pack(found)
    assert facts_of(found.tls)["subject"] == f"CN={NAME}"


@pytest.mark.parametrize(
    ("tls", "wss"),
    [
        (p1_bundle(NAME, client=False), p1_bundle(NAME)),
        (p1_bundle("Podmiot 1 WSS", key=rsa_key()), p1_bundle("Podmiot 1 TLS")),
        (p1_bundle("Podmiot_1-wss", key=rsa_key()), p1_bundle("Podmiot_1")),
        (p1_bundle("Podmiot 1", key=rsa_key()), p1_bundle("Podmiot 1 (tls)")),
    ],
    ids=["usage", "names", "one name", "other name"],
)
def test_swapped_files_are_found(tls: Bundle, wss: Bundle) -> None:
    """The WSS file as TLS and the reverse: told as a swap; in their right places they are taken."""
    with pytest.raises(P1CertificatesSwapped):
        opened(tls, wss)
    assert opened(wss, tls)


def test_one_file_twice_is_found() -> None:
    """The same file, and two certificates of one key, are no pair."""
    one = p1_bundle(NAME)
    for other in (one, p1_bundle(NAME, client=False, key=one.key)):
        with pytest.raises(P1CertificateTwice):
            opened(one, other)


#: Defects of a certificate, and the code that tells them.
DEFECTS = {
    "expired": ({"until": NOW - timedelta(hours=1), "since": NOW - timedelta(days=9)}, "pki.expired"),
    "not yet": ({"since": NOW + timedelta(days=1)}, "pki.not-yet-valid"),
    "authority": ({"basic": x509.BasicConstraints(ca=True, path_length=None)}, "pki.is-authority"),
    "no signature": ({"usage": usage(signature=False)}, "pki.missing-usage"),
}


@pytest.mark.parametrize("slot", ["TLS", "WSS"])
@pytest.mark.parametrize("defect", DEFECTS)
def test_an_unfit_certificate_is_named(slot: str, defect: str) -> None:
    """Which of the two it is, and what is wrong with it, in both languages."""
    changes, code = DEFECTS[defect]
    bad, good = p1_bundle(NAME, **changes), p1_pair()
    pair = (bad, good.wss) if slot == "TLS" else (good.tls, bad)
    with pytest.raises(P1CertificateRefused) as caught:
        opened(*pair)
    error = caught.value.data["error"]
    assert isinstance(error, ErepoError)
    assert (caught.value.data["slot"], error.code) == (slot, code)
    for language in ("pl", "en"):
        assert f" {slot} " in caught.value.explain(language)[0]  # type: ignore[arg-type]


def test_a_certificate_that_may_not_connect_is_no_tls_certificate() -> None:
    """Two certificates for signatures: the TLS one is refused, nothing looks swapped."""
    with pytest.raises(P1CertificateRefused) as caught:
        opened(p1_bundle(NAME, client=False, key=new_key()), p1_bundle(NAME, client=False))
    assert caught.value.data["slot"] == "TLS"


def test_p1_signs_with_rsa_alone() -> None:
    """A WSS certificate with another kind of key would be refused by P1 later: it is told now."""
    with pytest.raises(P1CertificateRefused) as caught:
        opened(p1_bundle(NAME), p1_bundle(NAME, client=False, key=new_key()))
    assert caught.value.data["slot"] == "WSS"
    assert caught.value.data["error"].code == "pki.key-unsupported"  # type: ignore[attr-defined]


@pytest.mark.parametrize("slot", ["TLS", "WSS"])
@pytest.mark.parametrize(
    ("pkcs12", "password", "code"),
    [
        (b"", PASSWORD, "pki.bundle-unreadable"),
        (b"0\x82garbage", PASSWORD, "pki.bundle-unreadable"),
        (None, "wrong", "pki.wrong-passphrase"),
        (None, "", "pki.wrong-passphrase"),
    ],
)
def test_a_file_that_does_not_open_is_named(
    slot: str, pkcs12: bytes | None, password: str, code: str
) -> None:
    """Nonsense and a wrong password are told by slot; neither file nor password stands in the error."""
    pair = p1_pair()
    files = {"TLS": given(pair.tls), "WSS": given(pair.wss)}
    files[slot] = Given(pkcs12 if pkcs12 is not None else files[slot].pkcs12, password.encode())
    with pytest.raises(P1CertificateRefused) as caught:
        open_credentials(files["TLS"], files["WSS"], NOW)
    assert caught.value.data["error"].code == code  # type: ignore[attr-defined]
    assert "wrong" not in str(caught.value).replace("wrong-", "")
    assert PASSWORD not in repr(files)


def endless(octets: bytes) -> bytes:
    """Return a file whose password is to be stretched two thousand million times before all else."""
    *_, count = octets.rpartition(b"\x02\x02\x08\x00")
    assert count == b""  # the count of MacData is the end of the file
    authentication = octets.rindex(b"\x30\x31\x30\x21")
    longer = (int.from_bytes(octets[2:4], "big") + 2).to_bytes(2, "big")
    mac = octets[authentication + 2 : -4]
    head = octets[:2] + longer + octets[4:authentication]
    return head + b"\x30\x33" + mac + b"\x02\x04\x7f\xff\xff\xff"


def test_a_file_that_asks_for_endless_work_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with its processor time; what was opened before it is there, the service itself did nothing."""
    monkeypatch.setattr(opening, "_CPU_SECONDS", 1)
    file = legacy_pkcs12(p1_bundle(NAME), PASSWORD.encode())
    first, second = open_files([(file, PASSWORD.encode()), (endless(file), PASSWORD.encode())])
    assert isinstance(first, Bundle)
    assert isinstance(second, BundleUnreadable)
    monkeypatch.setattr(opening, "_WALL_SECONDS", 0.01)
    assert isinstance(open_files([(file, PASSWORD.encode())])[0], BundleUnreadable)


def test_certificates_that_say_nothing_of_their_use_are_taken() -> None:
    """P1's own rules are P1's: what is not stated is not demanded."""
    plain = {"extended": None, "usage": None, "basic": None}
    assert opened(p1_bundle(NAME, **plain), p1_bundle(NAME, key=rsa_key(), **plain))
    any_use = (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)
    assert opened(p1_bundle(NAME, extended=any_use), p1_bundle(NAME, client=False))
