"""The certificate office over real SMTP: what it certifies, what it refuses, and how it ends."""

import smtplib
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from erepo.cli.office import app
from erepo.clinic.mail import Letter
from erepo.pki import Authority, CertificatePurpose, TrustStore, check_certificate, make_csr, new_key
from erepo.pki.csr import write_csr
from erepo.pki.names import file_name
from erepo.pki.pem import read_certificate
from erepo.sandbox.office.errors import OfficeNotReady, SenderUnusable
from erepo.sandbox.office.service import Office
from tests.support.certificates import ACCOUNT, TLS, WSS
from tests.support.office import CLINIC, RunningOffice, running_office

SERVICE_CA = Authority.create("The service").pem
KEYS = {TLS: new_key(), WSS: new_key()}


def request(purpose: CertificatePurpose, account: str = ACCOUNT, **changes: Any) -> bytes:
    """A request for one certificate, in PEM."""
    key = changes.pop("key", KEYS[purpose])
    return write_csr(make_csr(key, account=account, purpose=purpose, organisation="Przychodnia", unit="A"))


def letter(*csrs: bytes, sender: str = CLINIC, message_id: str = "<1@clinic.example>") -> EmailMessage:
    """A letter with requests attached."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "biuro@office.example", "CSR"
    message["Message-ID"] = message_id
    message.set_content("Witam")
    for number, csr in enumerate(csrs):
        message.add_attachment(csr, maintype="application", subtype="pkcs10", filename=f"{number}.csr")
    return message


def files(answer: Letter) -> dict[str, bytes]:
    """The files attached to an answer, by name."""
    parts = answer.message.iter_attachments()
    return {str(part.get_filename()): part.get_content() for part in parts}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[RunningOffice]:
    """A running office."""
    with running_office(tmp_path, SERVICE_CA) as running:
        yield running


def last_answer(office: RunningOffice) -> Letter:
    """The newest answer to the clinic."""
    return list(office.mailbox().letters())[-1]


def test_two_requests_get_two_certificates(office: RunningOffice) -> None:
    """The answer holds TLS<serial>.pem and WSS<serial>.pem that pass every check, and whom to trust."""
    office.mailer().send(letter(request(TLS), request(WSS)))
    answer = last_answer(office)
    given_files = files(answer)
    trust, today = TrustStore.from_pem(office.authority_pem), datetime.now(UTC)
    for purpose in (TLS, WSS):
        (name,) = [each for each in given_files if each.startswith(purpose)]
        certificate = read_certificate(given_files[name])
        assert name == file_name(certificate, purpose)
        check_certificate(
            certificate, account=ACCOUNT, purpose=purpose, key=KEYS[purpose], trust=trust, at=today
        )
    assert given_files["ca.pem"] == SERVICE_CA
    assert given_files["issuer.pem"] == office.authority_pem
    assert answer.message["In-Reply-To"] == "<1@clinic.example>"
    assert ACCOUNT in answer.message["Subject"]


def test_the_same_request_again_gets_the_same_certificates(office: RunningOffice) -> None:
    """The same Message-ID makes one answer; another mail with the same keys, the same certificates."""
    for message_id in ("<1@x.example>", "<1@x.example>", "<2@x.example>"):
        office.mailer().send(letter(request(TLS), request(WSS), message_id=message_id))
    answers = list(office.mailbox().letters())
    assert len(answers) == 2
    assert files(answers[0]) == files(answers[1])


BAD = {
    "nothing attached": (),
    "one request": (request(TLS),),
    "twice the same purpose": (request(TLS), request(TLS, key=new_key())),
    "two accounts": (request(TLS), request(WSS, account="0000000000001004")),
    "rubbish": (
        b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        request(WSS),
    ),
    "three requests": (request(TLS), request(WSS), request(WSS)),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_letter_is_answered_with_the_reason(defect: str, office: RunningOffice) -> None:
    """The mail is taken, the answer holds no certificate and says in both languages what is wrong."""
    office.mailer().send(letter(*BAD[defect]))
    answer = last_answer(office)
    assert files(answer) == {}
    assert answer.message["Subject"] == "Odmowa wydania certyfikatu"
    assert "CSR" in answer.message.get_content()


@pytest.mark.parametrize(
    "sender",
    ["", "../../etc@x.example", "a@../b", "a b@x.example", "a@x.example, b@x.example", ".@x.example"],
)
def test_a_sender_that_cannot_be_answered(sender: str, tmp_path: Path) -> None:
    """No folder outside the mail folder is ever touched: such a letter is refused."""
    office = Office.initialise(tmp_path / "office")
    raw = (
        letter(request(TLS), request(WSS))
        .as_bytes()
        .replace(f"From: {CLINIC}".encode(), f"From: {sender}".encode())
    )
    with pytest.raises(SenderUnusable):
        office.answer(raw)
    assert not (tmp_path / "office" / "mail").exists()


def test_an_unusable_sender_is_told_in_the_dialogue(office: RunningOffice) -> None:
    """SMTP answers 550, so that the sender's own server tells its user."""
    with (
        smtplib.SMTP("127.0.0.1", office.port, timeout=60) as dialogue,
        pytest.raises(smtplib.SMTPDataError) as caught,
    ):
        dialogue.sendmail("x@x.example", ["biuro@office.example"], b"Subject: x\r\n\r\nx\r\n")
    assert caught.value.smtp_code == 550


def test_a_letter_that_is_too_large(office: RunningOffice) -> None:
    """More than a letter with two requests can need is refused while it comes in."""
    with (
        smtplib.SMTP("127.0.0.1", office.port, timeout=60) as dialogue,
        pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected)),
    ):
        dialogue.sendmail(CLINIC, ["biuro@office.example"], b"x" * 70 + (b"\r\n" + b"y" * 70) * 5000)
    office.mailer().send(letter(request(TLS), request(WSS)))


def test_the_office_ends_on_sigterm_though_a_client_is_connected(office: RunningOffice) -> None:
    """SIGTERM ends it with exit code 0 within seconds, whoever is still connected."""
    with socket.create_connection(("127.0.0.1", office.port), 60) as idle:
        assert idle.recv(100).startswith(b"220")
        started = time.monotonic()
        assert office.stop() == 0
    assert time.monotonic() - started < 60


def test_a_crash_after_issuing_answers_with_the_same_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that died between issuing and answering gives the same certificates to the next mail."""
    first = Office.initialise(tmp_path)

    def crash(*_arguments: object) -> None:
        raise OSError

    octets = letter(request(TLS), request(WSS)).as_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(first, "_deliver", crash)
        with pytest.raises(OSError, match=r"^$"):
            first.answer(octets)
    issued = {file.name: file.read_bytes() for file in (tmp_path / "issued").iterdir()}
    Office.open(tmp_path).answer(octets)
    assert {file.name: file.read_bytes() for file in (tmp_path / "issued").iterdir()} == issued
    assert len(issued) == 2


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_answered_or_refused(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    """No letter, however broken, makes the office fail in another way."""
    home = tmp_path_factory.getbasetemp() / "any-office"
    office = Office.initialise(home)
    for data in (octets, f"From: {CLINIC}\n".encode() + octets):
        try:
            assert office.answer(data).is_relative_to(home / "mail")
        except SenderUnusable:
            continue


class TestCommandLine:
    """`erepo office`."""

    def test_init_twice_keeps_the_authority(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`init` may be repeated and prints the file that the service should trust."""
        monkeypatch.setenv("EREPO_HOME", str(tmp_path))
        printed = [CliRunner().invoke(app, ["init"]) for _ in range(2)]
        assert [each.exit_code for each in printed] == [0, 0]
        file = Path(printed[0].stdout.strip())
        assert read_certificate(file.read_bytes()) == Office.open(tmp_path / "office").authority.certificate

    def test_serving_before_init(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an authority the command says what to run, and fails."""
        monkeypatch.setenv("EREPO_HOME", str(tmp_path))
        result = CliRunner().invoke(app, ["serve", "--port", "0"])
        assert result.exit_code == 1
        assert "erepo office init" in result.stderr
        with pytest.raises(OfficeNotReady):
            Office.open(tmp_path / "office")

    @pytest.mark.parametrize("content", [None, b"no certificate"])
    def test_a_bad_service_ca(
        self, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A missing or wrong --service-ca file is told without a traceback."""
        monkeypatch.setenv("EREPO_HOME", str(tmp_path))
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_bytes(content)
        result = CliRunner().invoke(app, ["init", "--service-ca", str(file)])
        assert result.exit_code == 1
        assert result.stderr.strip()
