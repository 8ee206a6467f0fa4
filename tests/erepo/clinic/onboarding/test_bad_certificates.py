"""The list P1 (reliability-security A.3) at the door of onboarding: its own reason each, and nothing lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.clinic import onboarding
from erepo.clinic.onboarding import Pins, Step, certificates, errors
from erepo.clinic.tables import now
from erepo.pki import errors as pki
from erepo.pki import load_key
from erepo.pki.keys import clear_key
from erepo.pki.names import CertificatePurpose, file_name
from erepo.pki.pem import read_certificate, write_certificates
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic
from tests.support.certificates import NOW, TLS, WSS, Recipe, root, sub_authority, usage

OFFICE = root("Office")
PINS = Pins(office=write_certificates([OFFICE.certificate]))
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


@dataclass
class Desk:
    """Issues what a test needs for the keys of one clinic."""

    clinic: Clinic

    def recipe(self, purpose: CertificatePurpose) -> Recipe:
        """A good certificate of the clinic's own key."""
        entry = onboarding.progress(self.clinic.database, self.clinic.account)
        assert entry is not None
        key = load_key(entry.tls_key_pem if purpose is TLS else entry.wss_key_pem, PASSPHRASE)
        return Recipe(key=key, issuer=OFFICE, common_name=f"{self.clinic.account} {purpose}")

    def pem(self, purpose: CertificatePurpose, change: Callable[[Recipe], Recipe] = lambda one: one) -> str:
        """The certificate in PEM, with one thing changed."""
        return write_certificates([change(self.recipe(purpose)).make()]).decode()

    def give(self, tls: str, wss: str, above: str = "") -> object:
        """Paste both into the form."""
        database, account = self.clinic.database, self.clinic.account
        return onboarding.collect_texts(database, account, tls, wss, above, PINS)

    def step(self) -> Step:
        """How far it has come."""
        entry = onboarding.progress(self.clinic.database, self.clinic.account)
        assert entry is not None
        return entry.step


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    """A clinic whose requests were made."""
    clinic.request()
    return Desk(clinic)


DEFECTS: dict[str, tuple[Callable[[Recipe], Recipe], type[Exception]]] = {
    "expired": (
        lambda one: one.but(since=NOW - timedelta(days=9), until=NOW - timedelta(days=1)),
        pki.CertificateExpired,
    ),
    "not yet valid": (lambda one: one.but(since=NOW + timedelta(days=1)), pki.CertificateNotYetValid),
    "wrong authority": (lambda one: one.but(issuer=root("Stranger")), pki.UntrustedIssuer),
    "authority of the same name": (lambda one: one.but(issuer=root("Office")), pki.UntrustedIssuer),
    "self-signed": (lambda one: one.but(issuer=None), pki.SelfSigned),
    "another account": (lambda one: one.but(common_name="9" * 16 + " TLS"), pki.WrongAccount),
    "WSS in the place of TLS": (
        lambda one: one.but(common_name=one.common_name.replace("TLS", "WSS")),
        pki.WrongPurpose,
    ),
    "another subject": (lambda one: one.but(common_name="Przychodnia"), pki.WrongSubject),
    "another key": (lambda one: one.but(key=Recipe().key), pki.KeyMismatch),
    "RSA-1024": (lambda one: one.but(key=rsa.generate_private_key(65537, 1024)), pki.WeakKey),
    "no clientAuth": (
        lambda one: one.but(extended=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        pki.MissingUsage,
    ),
    "no digitalSignature": (
        lambda one: one.but(usage=usage(signature=False, certificates=True)),
        pki.MissingUsage,
    ),
    "an authority": (
        lambda one: one.but(basic=x509.BasicConstraints(ca=True, path_length=None)),
        pki.IsAuthority,
    ),
    "unknown critical extension": (lambda one: one.but(extra=((UNKNOWN, True),)), pki.UnknownExtension),
    "chain missing": (lambda one: one.but(issuer=sub_authority(OFFICE, "Middle")), pki.UntrustedIssuer),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_refused_for_its_reason_and_the_right_one_still_passes(
    defect: str, desk: Desk
) -> None:
    """Nothing of a bad pair is kept, the keys stay, and the right pair is taken afterwards."""
    change, expected = DEFECTS[defect]
    with pytest.raises(pki.InvalidInput) as caught:
        desk.give(desk.pem(TLS, change), desk.pem(WSS))
    assert type(caught.value) is expected
    assert all(caught.value.explain("pl") + caught.value.explain("en"))
    assert desk.step() is Step.REQUESTED
    desk.give(desk.pem(TLS), desk.pem(WSS))
    assert desk.step() is Step.RECEIVED


def test_a_chain_in_any_order_with_a_stranger_in_it(desk: Desk) -> None:
    """The intermediate may stand anywhere, and an authority too many does no harm."""
    middle = sub_authority(OFFICE, "Middle")
    above = write_certificates([root("Extra").certificate, middle.certificate]).decode()
    desk.give(above + desk.pem(TLS, lambda one: one.but(issuer=middle)), desk.pem(WSS), above)
    assert desk.step() is Step.RECEIVED


def test_a_path_that_is_too_long(desk: Desk) -> None:
    """An authority that must not have others below it vouches for nobody beyond itself."""
    short = sub_authority(OFFICE, "Short", depth=0)
    below = sub_authority(short, "Below")
    above = write_certificates([short.certificate, below.certificate]).decode()
    with pytest.raises(pki.ChainRefused):
        desk.give(desk.pem(TLS, lambda one: one.but(issuer=below)), desk.pem(WSS), above)
    assert desk.step() is Step.REQUESTED


def test_the_clock_is_off_by_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind or ahead, the words name the clock; set right, the same certificates pass."""
    tls = desk.pem(TLS, lambda one: one.but(since=NOW, until=NOW + timedelta(hours=20)))
    wss = desk.pem(WSS)
    for days, expected in ((-1, pki.CertificateNotYetValid), (1, pki.CertificateExpired)):
        monkeypatch.setattr(certificates, "now", lambda days=days: now() + timedelta(days=days))
        with pytest.raises(expected) as caught:
            desk.give(tls, wss)
        assert "clock" in caught.value.explain("en")[1]
        assert "zegar" in caught.value.explain("pl")[1]
    monkeypatch.undo()
    desk.give(tls, wss)
    assert desk.step() is Step.RECEIVED


class TestForm:
    """What people do to texts on their way into a form."""

    def test_line_breaks_are_lost(self, desk: Desk) -> None:
        """A field of one line makes one line of it; blanks and words around do no harm."""
        tls = " ".join(desk.pem(TLS).split("\n"))
        desk.give(f"Witamy, oto certyfikat: {tls} Pozdrawiamy", desk.pem(WSS).replace("\n", "\r\n"))
        assert desk.step() is Step.RECEIVED

    def test_both_in_one_field(self, desk: Desk) -> None:
        """Where the other field is empty, they are told apart by what they say."""
        desk.give("", desk.pem(WSS) + desk.pem(TLS))
        assert desk.step() is Step.RECEIVED

    def test_only_one(self, desk: Desk) -> None:
        """The missing one is named."""
        with pytest.raises(errors.CertificatesIncomplete) as caught:
            desk.give(desk.pem(TLS), "")
        assert caught.value.data["missing"] == "WSS"

    def test_nothing(self, desk: Desk) -> None:
        """An empty form changes nothing."""
        assert desk.give("", "  \n") is None
        assert desk.step() is Step.REQUESTED

    @pytest.mark.parametrize("text", ["Dzień dobry", "-----BEGIN CERTIFICATE-----\nAAAA", "\x00"])
    def test_rubbish(self, desk: Desk, text: str) -> None:
        """What is no certificate is told as that."""
        with pytest.raises(pki.CertificateUnreadable):
            desk.give(text, desk.pem(WSS))

    def test_a_private_key(self, desk: Desk) -> None:
        """A private key is refused before anything is looked at, and is in no text of the refusal."""
        key = clear_key(desk.recipe(TLS).key).decode()
        with pytest.raises(errors.PrivateKeyGiven) as caught:
            desk.give(desk.pem(TLS) + key, desk.pem(WSS))
        assert key.split("\n")[1] not in str(caught.value)
        with pytest.raises(errors.PrivateKeyGiven):  # also when the onboarding was given up meanwhile
            onboarding.collect_texts(desk.clinic.database, "9" * 16, key, "", "", PINS)


def test_file_names(desk: Desk, tmp_path: Path) -> None:
    """A file with the office's kind of name must hold what the name says; other names say nothing."""
    clinic = desk.clinic

    def collect(**named: str) -> None:
        files = []
        for place, name in named.items():
            files.append(tmp_path / name)
            files[-1].write_text(pems[place])
        onboarding.collect_files(clinic.database, clinic.account, files, PINS)

    pems = {"tls": desk.pem(TLS), "wss": desk.pem(WSS)}
    leaf = read_certificate(pems["tls"].encode())
    right = file_name(leaf, TLS)
    for wrong in ("TLS1.pem", right.replace("TLS", "WSS")):
        with pytest.raises(errors.FileNameWrong) as caught:
            collect(tls=wrong, wss="b.pem")
        assert caught.value.data == {"file": wrong, "right": right}
    assert desk.step() is Step.REQUESTED
    collect(tls=right.upper().replace("PEM", "pem"), wss="any name.pem")
    collect(tls=f"TLS{leaf.serial_number}.pem", wss="wss (1).pem")
    assert desk.step() is Step.RECEIVED
