"""What arrives is checked completely, refused for its exact reason, and nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from erepo.clinic import onboarding
from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.clinic.mail.errors import MailboxMissing, MailUnavailable
from erepo.clinic.onboarding import Form, Pins, Step, errors
from erepo.durable import write_durably
from erepo.pki import Authority, CertificatePurpose, make_csr, new_key, read_csr
from erepo.pki import errors as pki
from erepo.pki.pem import write_certificates
from erepo.soap.errors import AddressUnknown, SecureChannelFailed
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic
from tests.support.certificates import NOW, Recipe, unreadable_keys

TLS, WSS = CertificatePurpose.TLS, CertificatePurpose.WSS


@dataclass
class Box:
    """A mailbox of the test's own, into which it delivers what an office might send."""

    folder: Path
    count: int = 0
    authority: Authority = field(default_factory=lambda: Authority.create("Some office"))

    def __post_init__(self) -> None:
        (self.folder / "new").mkdir(parents=True)
        self.mailbox = MaildirMailbox(self.folder)

    def deliver(self, *pems: bytes, answering: str = "") -> None:
        """Put one letter into the box."""
        self.count += 1
        letter = EmailMessage()
        letter["From"], letter["Subject"] = "biuro@office.example", "Certyfikaty"
        if answering:
            letter["In-Reply-To"] = answering
        letter.set_content("W załączeniu.")
        for pem in pems:
            letter.add_attachment(pem, maintype="application", subtype="x-pem-file", filename="a.pem")
        write_durably(self.folder / "new" / f"{self.count:03}", [letter.as_bytes()])

    def issue(
        self, clinic: Clinic, purpose: CertificatePurpose, *, account: str = "", named: str = ""
    ) -> bytes:
        """Issue one certificate for the clinic's request; for another account or purpose if told so."""
        requests = onboarding.make_requests(clinic.database, clinic.form, PASSPHRASE)
        csr = read_csr(requests.tls_csr if purpose is TLS else requests.wss_csr)
        what = CertificatePurpose(named or purpose)
        return write_certificates([self.authority.issue_client(csr, account or clinic.account, what)])

    def both(self, clinic: Clinic) -> tuple[bytes, bytes]:
        """Issue both, as they should be."""
        return self.issue(clinic, TLS), self.issue(clinic, WSS)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """An empty mailbox."""
    return Box(tmp_path / "box")


def another_key(box: Box, clinic: Clinic) -> bytes:
    """A TLS certificate of the account for a key that is not ours."""
    csr = make_csr(new_key(), account=clinic.account, purpose=TLS, organisation="X", unit="")
    return write_certificates([box.authority.issue_client(csr, clinic.account, TLS)])


def expired(box: Box, clinic: Clinic) -> bytes:
    """A TLS certificate that is over."""
    key = Recipe().key
    old = Recipe(
        key=key, common_name=f"{clinic.account} TLS", issuer=box.authority, until=NOW - timedelta(hours=1)
    )
    return write_certificates([old.make()])


def unreadable(box: Box, clinic: Clinic) -> bytes:
    """A TLS certificate of the account whose key is of a kind that nobody knows."""
    recipe = Recipe(common_name=f"{clinic.account} TLS", issuer=box.authority)
    return write_certificates([unreadable_keys(recipe)["another kind"]])


BAD: dict[str, tuple[Callable[[Box, Clinic], list[bytes]], type[Exception]]] = {
    "another key": (lambda b, c: [another_key(b, c), b.issue(c, WSS)], pki.KeyMismatch),
    "another account": (lambda b, c: [b.issue(c, TLS, account="9" * 16), b.issue(c, WSS)], pki.WrongAccount),
    "only one": (lambda b, c: [b.issue(c, TLS)], errors.CertificatesIncomplete),
    "TLS twice": (lambda b, c: [b.issue(c, TLS), b.issue(c, WSS, named="TLS")], pki.WrongPurpose),
    "purposes swapped": (
        lambda b, c: [b.issue(c, TLS, named="WSS"), b.issue(c, WSS, named="TLS")],
        pki.KeyMismatch,
    ),
    "expired, of another key": (lambda b, c: [expired(b, c), b.issue(c, WSS)], pki.KeyMismatch),
    "a key nobody knows": (lambda b, c: [unreadable(b, c), b.issue(c, WSS)], pki.KeyUnsupported),
    "foreign authority beside": (
        lambda b, c: [*b.both(c), b"-----BEGIN CERTIFICATE-----\nx"],
        pki.CertificateUnreadable,
    ),
    "no certificates": (lambda _box, _clinic: [], errors.RefusedByOffice),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_answer_is_refused_and_a_good_one_still_accepted(defect: str, clinic: Clinic, box: Box) -> None:
    """The exact reason comes out, the bad letter is not looked at again, and a later good one passes."""
    make, expected = BAD[defect]
    clinic.request()
    clinic.mail()
    entry = onboarding.progress(clinic.database, clinic.account)
    assert entry is not None
    box.deliver(*make(box, clinic), answering=entry.message_id)
    with pytest.raises(expected):
        onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox)
    with pytest.raises(errors.CertificatesAwaited):
        onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox)
    box.deliver(*box.both(clinic))
    onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox)
    assert list(box.mailbox.letters()) == []


def test_a_bad_letter_before_a_good_one_does_not_stop_it(clinic: Clinic, box: Box) -> None:
    """Three wrong answers and one right one in the box: the right one is taken."""
    clinic.request()
    for account in ("1" * 16, "2" * 16, "3" * 16):
        box.deliver(box.issue(clinic, TLS), box.issue(clinic, WSS, account=account))
    box.deliver(*box.both(clinic))
    proven = onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox)
    assert [each.account for each in proven] == [clinic.account] * 2


def test_other_peoples_letters_are_left_alone(clinic: Clinic, box: Box) -> None:
    """Letters about something else stay unread in the box."""
    clinic.request()
    box.deliver()
    box.deliver(b"text", answering="<other@office.example>")
    with pytest.raises(errors.CertificatesAwaited):
        onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox)
    assert len(list(box.mailbox.letters())) == 2


def test_an_authority_of_another_office_is_refused_where_ours_is_pinned(clinic: Clinic, box: Box) -> None:
    """With a pinned office nobody else's certificate passes, though it brings its own authority along."""
    clinic.request()
    box.deliver(*box.both(clinic), box.authority.pem)
    pins = Pins(office=clinic.world.office.authority_pem)
    with pytest.raises(pki.UntrustedIssuer):
        onboarding.collect_certificates(clinic.database, clinic.account, box.mailbox, pins)
    clinic.mail()
    onboarding.collect_certificates(clinic.database, clinic.account, clinic.world.office.mailbox(), pins)


def test_swapped_files_are_told_by_their_place(clinic: Clinic, box: Box) -> None:
    """Where each certificate has its own field, a swap is told as the manual's 2.5 says."""
    clinic.request()
    tls, wss = box.both(clinic)
    with pytest.raises(pki.WrongPurpose):
        onboarding.receive_certificates(clinic.database, clinic.account, wss, tls)
    onboarding.receive_certificates(clinic.database, clinic.account, tls, wss)


def test_files_in_any_order(clinic: Clinic, box: Box, tmp_path: Path) -> None:
    """The office's files may be given in any order, authorities among them."""
    clinic.request()
    tls, wss = box.both(clinic)
    service = Authority.create("The service")
    contents = {"ca.pem": service.pem, "wss.pem": wss, "issuer.pem": box.authority.pem, "tls.pem": tls}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    onboarding.collect_files(clinic.database, clinic.account, [tmp_path / name for name in contents])
    entry = onboarding.progress(clinic.database, clinic.account)
    assert entry is not None
    assert (entry.step, entry.chain, entry.service_authority) == (
        Step.RECEIVED,
        box.authority.pem,
        service.pem,
    )


def test_an_active_account_takes_no_other_certificates(clinic: Clinic, box: Box) -> None:
    """Replacing certificates is another procedure (manual 1.1.3)."""
    clinic.onboard()
    with pytest.raises(errors.CertificatesInUse):
        onboarding.receive_certificates(clinic.database, clinic.account, *box.both(clinic))


def test_steps_in_the_wrong_order(clinic: Clinic) -> None:
    """A step whose predecessor was not done says which one is missing."""
    for step in (clinic.mail, clinic.collect, clinic.activate):
        with pytest.raises(errors.NotRequested):
            step()
    clinic.request()
    with pytest.raises(errors.NotReceived):
        clinic.activate()


def test_mail_that_cannot_be_sent(clinic: Clinic) -> None:
    """Keys and requests are kept when the mail fails, and the step is completed later."""
    requests = clinic.request()
    broken = Mailer("127.0.0.1", 1, "a@clinic.example", tls="none", timeout=2)
    with pytest.raises(MailUnavailable):
        onboarding.mail_requests(clinic.database, clinic.account, broken, "biuro@office.example")
    assert clinic.request() == requests
    clinic.mail()
    clinic.collect()


def test_another_passphrase(clinic: Clinic) -> None:
    """A wrong passphrase is told at the first step, not after days of waiting."""
    clinic.request()
    with pytest.raises(pki.WrongPassphrase):
        onboarding.make_requests(clinic.database, clinic.form, b"another")


def test_a_second_repository_is_refused(clinic: Clinic) -> None:
    """Only one external repository is in use at a time; for a second account not even keys are made."""
    first = clinic.onboard()
    second = Clinic(clinic.world, clinic.database, next(clinic.world.accounts))
    with pytest.raises(errors.OtherRepositoryActive) as caught:
        second.onboard()
    assert caught.value.data == {"other": first.account}
    assert onboarding.progress(clinic.database, second.account) is None


def test_an_account_that_was_never_ordered(clinic: Clinic) -> None:
    """The office certifies it, but the service does not know it."""
    stranger = Clinic(clinic.world, clinic.database, "7" * 16)
    with pytest.raises(AddressUnknown):
        stranger.onboard()


def test_certificates_of_an_office_the_service_does_not_trust(clinic: Clinic, box: Box) -> None:
    """Accepted here (nothing is pinned), refused by the service in the handshake (manual 2.5)."""
    clinic.request()
    tls, wss = box.both(clinic)
    ca = clinic.world.cloud.ca.read_bytes()
    onboarding.receive_certificates(clinic.database, clinic.account, tls, wss, b"", ca)
    with pytest.raises(SecureChannelFailed):
        clinic.activate()


def test_a_service_of_another_authority(clinic: Clinic, box: Box) -> None:
    """A server that the pinned authority does not vouch for gets nothing of us."""
    clinic.request()
    clinic.mail()
    clinic.collect()
    pins = Pins(service=box.authority.pem)
    with pytest.raises(SecureChannelFailed):
        onboarding.activate(clinic.database, clinic.account, clinic.world.cloud.url, PASSPHRASE, pins=pins)


def test_without_the_services_authority(clinic: Clinic, box: Box) -> None:
    """Nobody told whom to believe: a clear refusal before anything is sent."""
    clinic.request()
    onboarding.receive_certificates(clinic.database, clinic.account, *box.both(clinic))
    with pytest.raises(errors.ServiceAuthorityMissing):
        clinic.activate()


def test_pins_are_read_from_a_folder(tmp_path: Path) -> None:
    """What is not there is not pinned."""
    assert Pins.from_folder(tmp_path) == Pins()
    (tmp_path / "office.pem").write_bytes(Authority.create("Office").pem)
    assert Pins.from_folder(tmp_path).office_trust is not None


def test_no_mailbox(clinic: Clinic, tmp_path: Path) -> None:
    """A folder that is no mailbox is named."""
    clinic.request()
    with pytest.raises(MailboxMissing):
        onboarding.collect_certificates(clinic.database, clinic.account, MaildirMailbox(tmp_path / "none"))


def test_a_form_that_cannot_be_used(clinic: Clinic) -> None:
    """A wrong account leaves no trace in the ledger."""
    with pytest.raises(pki.SubjectInvalid):
        onboarding.make_requests(clinic.database, Form("123", organisation="X"), PASSPHRASE)
    assert onboarding.progress(clinic.database, "123") is None
