"""Webhooks lead to public addresses alone, signed as the specification says, and keep nobody waiting."""

import base64
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from erepo.api.errors import RequestInvalid, WebhookAddressRefused
from erepo.api.webhooks import sending
from erepo.api.webhooks.guarding import AddressForbidden, check_url, is_public, public_socket
from erepo.api.webhooks.outbox import Delivery
from erepo.api.webhooks.sending import Sender
from erepo.api.webhooks.signing import check_secret, new_secret, sign
from erepo.pki.keys import clear_key
from erepo.settings import ApiSettings
from tests.support.receiver import Receiver, running_receiver
from tests.support.tls_server import make_pki


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    with running_receiver() as running:
        yield running


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://example.org/x",
        "https://user:password@example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://",
        "https://example.org/#x",
        "https://exa mple.org/",
        "https://example.org:x/",
        "//example.org",
        "https://example..org/",
        f"https://{'a' * 64}.org/",
    ],
)
def test_addresses_that_are_not_called(url: str) -> None:
    """Anything but https to a public host is refused when the webhook is made."""
    with pytest.raises(WebhookAddressRefused):
        check_url(url, private=False)


def test_addresses_inside_by_a_setting() -> None:
    """With the setting, addresses inside the clinic may be called, also by plain http; nonsense never."""
    assert check_url("http://127.0.0.1:1/x", private=True)
    assert check_url("https://example.org/x", private=False)
    with pytest.raises(WebhookAddressRefused):
        check_url("file:///etc/passwd", private=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.8.9.1", "169.254.169.254", "172.16.0.1", "192.168.0.1",
        "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1",
        "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_that_are_inside(address: str) -> None:
    """No address of this machine, of a private network, of documentation, or wrapped in IPv6 is public."""
    assert not is_public(address)


def test_addresses_that_are_public() -> None:
    """Addresses of the internet are, in both forms."""
    assert is_public("193.178.164.1")
    assert is_public("2a00:1450:4001:80b::200e")
    assert is_public("64:ff9b::c1b2:a401")


def test_a_socket_opens_to_public_addresses_only() -> None:
    """The address a name resolved to decides, at the moment of connecting."""
    kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
    public_socket((*kind, ("193.178.164.1", 443))).close()
    with pytest.raises(AddressForbidden):
        public_socket((*kind, ("127.0.0.1", 443)))


async def test_a_name_that_nobody_can_look_up_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that fails before there is a connection counts as one: it is not made for ever."""
    monkeypatch.setattr(sending, "check_url", lambda url, **_: url)
    one = Delivery(1, "hook", "msg_1", "{}", 0, "https://example..org/", new_secret())
    async with Sender(ApiSettings()) as sender:
        assert await sender.send(one) == "UnicodeError"


async def test_a_name_that_leads_inside_is_not_called(receiver: Receiver) -> None:
    """A name whose address is private is not connected to; nor is an address put in by hand."""
    port = receiver.url.split(":")[2].split("/")[0]
    one = Delivery(1, "hook", "msg_1", "{}", 0, f"https://localhost.localdomain:{port}/", new_secret())
    async with Sender(ApiSettings()) as sender:
        name = socket.getfqdn("localhost")
        outcomes = [
            await sender.send(replace(one, url=f"https://{host}:{port}/"))
            for host in ("127.0.0.1", "localhost", "ip6-localhost", name)
        ]
    assert set(outcomes) <= {"address refused", "no connection"}
    assert outcomes[0] == "address refused"
    assert receiver.messages == []


async def test_resolved_addresses_are_looked_at(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a name resolves to this machine only when it is called (rebinding), nothing is sent."""
    port = int(receiver.url.split(":")[2].split("/")[0])
    real = socket.getaddrinfo

    def rebound(host: Any, *rest: Any, **options: Any) -> Any:
        return real("127.0.0.1" if host == "hook.example.org" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    one = Delivery(1, "hook", "msg_1", "{}", 0, f"https://hook.example.org:{port}/", new_secret())
    async with Sender(ApiSettings()) as sender:
        assert await sender.send(one) == "address refused"
    async with Sender(ApiSettings(webhook_private=True)) as sender:
        # Allowed, it is connected to: the handshake fails, for the receiver speaks no TLS.
        assert await sender.send(one) == "no connection"


async def test_a_receiver_that_never_answers(receiver: Receiver) -> None:
    """Whoever keeps us waiting is left after a while, and told of as such."""
    receiver.hold.clear()
    one = Delivery(1, "hook", "msg_1", '{"data": {}}', 0, receiver.url, new_secret())
    async with Sender(ApiSettings(webhook_private=True), patience=0.2) as sender:
        assert await sender.send(one) == "timeout"


def test_signatures_are_those_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's libraries comes out as they have it."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    value = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", ["", "x", "whsec_", "whsec_*", "whsec_" + base64.b64encode(b"short").decode(), "A" * 40]
)
def test_secrets_that_are_none(secret: str) -> None:
    """A secret that is too short, or of another form, is refused without being repeated."""
    with pytest.raises(RequestInvalid):
        check_secret(secret)
    assert check_secret(new_secret())


async def test_a_wrong_file_of_authorities(tmp_path: Path) -> None:
    """A file that holds no authority is an error, and never trust in everybody."""
    wrong = tmp_path / "ca.pem"
    wrong.write_text("nothing")
    with pytest.raises(ssl.SSLError):
        await Sender(ApiSettings(webhook_ca=wrong)).__aenter__()


async def test_https_is_proven(tmp_path: Path) -> None:
    """Over https the receiver must be whom the authorities of the file, else the system's, vouch for."""
    pki = make_pki()
    (tmp_path / "ca.pem").write_bytes(pki.authority.pem)
    (tmp_path / "hook.pem").write_bytes(pki.server.certificate_pem + clear_key(pki.server.key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "hook.pem")
    with running_receiver(context) as receiver:
        one = Delivery(1, "hook", "msg_1", '{"data": {}}', 0, receiver.url, new_secret())
        async with Sender(ApiSettings(webhook_private=True)) as sender:
            assert await sender.send(one) == "no connection"
        async with Sender(ApiSettings(webhook_private=True, webhook_ca=tmp_path / "ca.pem")) as sender:
            assert await sender.send(one) == ""
        assert len(receiver.messages) == 1
