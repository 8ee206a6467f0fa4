"""The aiohttp channel keeps the contract of the port, over real TLS with client certificates."""

import ssl

import pytest

from erepo.settings import HttpTimeouts, Limits
from erepo.soap.channel import Channel
from erepo.soap.errors import UnsafeChannel
from erepo.soap.http import AiohttpChannel
from tests.support.channel_suite import PATIENT, ChannelSuite, small
from tests.support.tls_server import Pki, answer, answering, make_pki, running_peer


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Return throw-away certificates."""
    return make_pki()


class TestAiohttpChannel(ChannelSuite):
    """The contract, on aiohttp."""

    def open_channel(
        self, pki: Pki, timeouts: HttpTimeouts = PATIENT, limits: Limits | None = None, connections: int = 16
    ) -> Channel:
        """Return the adapter."""
        return AiohttpChannel(pki.client_context(), timeouts, limits or Limits(), connections)

    @pytest.mark.parametrize("weaken", ["check_hostname", "verify_mode", "minimum_version"])
    async def test_a_weak_context_is_refused(self, pki: Pki, weaken: str) -> None:
        """A context that would talk to anybody, or below TLS 1.2, cannot be used."""
        context = pki.client_context()
        context.check_hostname = False
        if weaken == "verify_mode":
            context.verify_mode = ssl.CERT_NONE
        if weaken == "minimum_version":
            context.check_hostname = True
            with pytest.warns(DeprecationWarning, match="TLSv1_1"):
                context.minimum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(UnsafeChannel):
            AiohttpChannel(context, PATIENT, Limits())

    async def test_proxies_of_the_environment_are_ignored(
        self, pki: Pki, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Documents go to the service itself, whatever the environment says."""
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        async with (
            AiohttpChannel(pki.client_context(), PATIENT, Limits()) as channel,
            running_peer(pki, answering(answer("200 OK", b"<a/>"))) as peer,
        ):
            assert (await channel.post(peer.url, small())).status == 200
