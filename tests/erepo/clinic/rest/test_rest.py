"""The account's REST client against a scripted server over real mutual TLS."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from erepo.clinic.rest import AccountClient, account_url
from erepo.clinic.rest.errors import AnswerInvalid, ServiceRefusal, ServiceTrouble
from erepo.errors import RemoteBusy, RemoteTimeout, RemoteUnavailable
from erepo.pki import Authority, Bundle, new_key, server_context
from erepo.settings import HttpTimeouts
from erepo.soap.errors import (
    AddressUnknown,
    AnswerTooLarge,
    BadRequestAnswer,
    ForbiddenAnswer,
    SecureChannelFailed,
)
from tests.support.certificates import ACCOUNT, Recipe

AUTHORITY = Authority.create("Service CA")
KEY = new_key()
SERVER = Bundle(KEY, AUTHORITY.issue_server(KEY, ["localhost"]))
RECIPE = Recipe(issuer=AUTHORITY)
CLIENT = Bundle(RECIPE.key, RECIPE.make())
FACTS = {
    "account": ACCOUNT,
    "repositoryUniqueId": "2.25.1",
    "homeCommunityId": None,
    "sourceId": "2.25.2",
    "registry": "https://x.example/r",
    "repository": "https://x.example/p",
    "serviceSigner": "pem",
    "validUntil": "2030-06-30",
    "limitBytes": 10,
    "limitDocuments": 5,
    "usedBytes": 1,
    "usedDocuments": 2,
    "somethingNew": True,
}
REFUSAL = {"code": "cloud.x", "cause": {"pl": "Powód", "en": "Cause"}, "cure": {"pl": "Rada", "en": "Cure"}}


def http(status: int, body: bytes | dict[str, Any] = b"", headers: str = "") -> bytes:
    """One HTTP answer as octets."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(content)}\r\n{headers}\r\n".encode() + content


def read_request(peer: ssl.SSLSocket) -> None:
    """Read one whole request: an end with unread octets would reset the connection."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        octets += peer.recv(65536) or b"\r\n\r\n"
    head, _, body = octets.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
    while len(body) < length:
        body += peer.recv(65536)


@contextmanager
def service(answer: bytes, *, clients: bytes = AUTHORITY.pem, pause: float = 0) -> Iterator[str]:
    """Answer every connection with the same octets; yields the account's address."""
    context = server_context(SERVER, clients)
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not stop.is_set():
            with suppress(OSError):
                plain, _ = listener.accept()
                plain.settimeout(60)
                with plain, context.wrap_socket(plain, server_side=True) as peer:
                    read_request(peer)
                    for start in range(0, len(answer), 20000):
                        peer.sendall(answer[start : start + 20000])
                    stop.wait(pause)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield account_url(f"https://localhost:{listener.getsockname()[1]}/", ACCOUNT)
        finally:
            stop.set()
            thread.join(120)


def client(
    address: str, tls: Bundle = CLIENT, trust: bytes = AUTHORITY.pem, **limits: float
) -> AccountClient:
    """A client with time limits that a loaded machine keeps, and with the given ones."""
    wait = HttpTimeouts(**{"connect": 60, "read": 60, "write": 60, "total": 60} | limits)
    return AccountClient(address, ACCOUNT, tls, trust, wait)


def test_the_state_of_an_account() -> None:
    """Fields have their names on the wire; unknown ones are ignored; a bare day lasts until its end."""
    with service(http(200, FACTS)) as address, client(address) as rest:
        state = rest.state()
    assert (state.used_bytes, state.limit_documents, state.home_community_id) == (1, 5, "")
    assert state.valid_until is not None
    assert state.valid_until.isoformat() == "2030-06-30T23:59:59+02:00"


def test_an_activation_is_answered() -> None:
    """The activation's answer needs no usage."""
    facts = {name: value for name, value in FACTS.items() if not name.startswith("used")}
    with service(http(200, facts)) as address, client(address) as rest:
        assert rest.activate(b"PEM").source_id == "2.25.2"


ANSWERS = {
    "no JSON": (http(200, b"<html>"), AnswerInvalid),
    "a field is missing": (http(200, {"account": ACCOUNT}), AnswerInvalid),
    "another account": (http(200, FACTS | {"account": "9" * 16}), AnswerInvalid),
    "no https address": (http(200, FACTS | {"registry": "http://x.example"}), AnswerInvalid),
    "redirect": (http(302, b"", "Location: https://evil.example/\r\n"), BadRequestAnswer),
    "400": (http(400, b"?"), BadRequestAnswer),
    "403": (http(403), ForbiddenAnswer),
    "404": (http(404, REFUSAL), AddressUnknown),
    "409 with words": (http(409, REFUSAL), ServiceRefusal),
    "409 with other JSON": (http(409, {"code": 1}), BadRequestAnswer),
    "404 that tells more": (http(404, REFUSAL | {"code": "structure.none"}), ServiceRefusal),
    "502 of P1": (http(502, REFUSAL | {"code": "p1.repository-id-missing"}), ServiceRefusal),
    "502 of a proxy": (http(502, b"<html>"), RemoteUnavailable),
    "504 of P1": (http(504, REFUSAL | {"code": "p1.overdue"}), ServiceTrouble),
    "503": (http(503), RemoteBusy),
    "429": (http(429), RemoteBusy),
    "500": (http(500), RemoteUnavailable),
    "too large": (http(200, b" " * (1024**2 + 1)), AnswerTooLarge),
    "cut short": (http(200, FACTS)[:-9], RemoteUnavailable),
    "no HTTP": (b"hello\r\n\r\n", RemoteUnavailable),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_has_its_class(name: str) -> None:
    """Whatever the service answers becomes exactly one typed error."""
    octets, expected = ANSWERS[name]
    with service(octets) as address, client(address) as rest, pytest.raises(expected) as caught:
        rest.state()
    assert type(caught.value) is expected


def test_the_services_own_words() -> None:
    """A refusal with words is told in them, in the language asked for."""
    with (
        service(http(409, REFUSAL)) as address,
        client(address) as rest,
        pytest.raises(ServiceRefusal) as caught,
    ):
        rest.state()
    assert caught.value.explain("pl") == ("Powód", "Rada")
    assert str(caught.value) == "Cause Cure"


def test_a_silent_service() -> None:
    """No answer in time names the setting to raise (manual 2.2)."""
    with (
        service(b"", pause=60) as address,
        client(address, read=0.3) as rest,
        pytest.raises(RemoteTimeout) as caught,
    ):
        rest.state()
    assert caught.value.data["setting"] == "READ"


def test_a_service_that_trickles() -> None:
    """Octet after octet cannot go on for ever: the whole exchange has its own limit."""
    with (
        service(http(200, b" " * 900_000)) as address,
        client(address, total=1e-6) as rest,
        pytest.raises(RemoteTimeout) as caught,
    ):
        rest.state()
    assert caught.value.data["setting"] == "TOTAL"


def test_nobody_there() -> None:
    """A closed port is unavailable, to be tried again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with client(f"https://localhost:{port}") as rest, pytest.raises(RemoteUnavailable):
        rest.state()


def test_our_certificate_is_refused() -> None:
    """A service that does not trust our certificate is told as a failed secure channel (manual 2.5)."""
    strangers = Authority.create("Other").pem
    with (
        service(http(200, FACTS), clients=strangers) as address,
        client(address) as rest,
        pytest.raises(SecureChannelFailed),
    ):
        rest.state()


def test_a_service_that_breaks_off_but_wants_us() -> None:
    """A service that closes after the request is unavailable: our certificate was not the reason."""
    with service(b"") as address, client(address) as rest, pytest.raises(RemoteUnavailable):
        rest.state()


def test_the_services_certificate_is_refused() -> None:
    """A service of another authority gets no request at all."""
    trust = Authority.create("Other").pem
    with (
        service(http(200, FACTS)) as address,
        client(address, trust=trust) as rest,
        pytest.raises(SecureChannelFailed),
    ):
        rest.state()


def test_a_wss_certificate_cannot_open_the_channel() -> None:
    """The swap of the manual's 2.5 (WSS files in the TLS fields) fails as a secure channel does."""
    signer = AUTHORITY.issue_server(KEY, ["localhost"])
    with (
        service(http(200, FACTS)) as address,
        client(address, Bundle(KEY, signer)) as rest,
        pytest.raises(SecureChannelFailed),
    ):
        rest.state()


def test_tls_error_reasons_are_short() -> None:
    """The reason is OpenSSL's code, without anybody's data."""
    trust = Authority.create("Other").pem
    with (
        service(http(200, FACTS)) as address,
        client(address, trust=trust) as rest,
        pytest.raises(SecureChannelFailed) as caught,
    ):
        rest.state()
    assert caught.value.data["reason"] == "CERTIFICATE_VERIFY_FAILED"
