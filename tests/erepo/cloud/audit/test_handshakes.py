"""A client that cannot prove itself in TLS leaves a security alert; a flood of them leaves few."""

import socket
import ssl
import time
from collections.abc import Callable

import pytest

from erepo.cloud.audit.events import Event, Result
from erepo.cloud.web.handshakes import MOST_ALERTS
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from tests.support.audit import Record, record_of
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import connected, one_document

pytestmark = pytest.mark.one_store


def knock(cloud: RunningCloud, context: ssl.SSLContext | None) -> None:
    """Try to come in; without a context not even with TLS."""
    with socket.create_connection(("127.0.0.1", cloud.settings.cloud_port), 5) as plain:
        try:
            if context is None:
                plain.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
                plain.recv(100)
                return
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                connection.recv(100)  # TLS 1.3 tells the client only when it reads
        except OSError:
            return


def foreign(cloud: RunningCloud) -> ssl.SSLContext:
    """A certificate of an authority that the operator does not know."""
    authority, key = Authority.create("somebody else"), cloud.tenant.tls.key
    certificate = authority.issue_signer(key, "0000000000001003 TLS")
    return client_context(Bundle(key, certificate, ()), cloud.tenant.ca_pem)


WRONG: dict[str, tuple[Callable[[RunningCloud], ssl.SSLContext | None], str]] = {
    "no certificate": (
        lambda cloud: client_context(None, cloud.tenant.ca_pem),
        "tls.peer-did-not-return-a-certificate",
    ),
    "a stranger's certificate": (foreign, "tls.certificate-verify-failed"),
    "no TLS": (lambda _: None, "tls.http-request"),
}


def alerts(record: Record, least: int = 1) -> list[Event]:
    """Return the events that come within a moment; they are all of nobody's chain."""
    found: list[tuple[int, Event]] = []
    until = time.monotonic() + 120
    while len(found) < least and time.monotonic() < until:
        found += record.new()
        time.sleep(0.05)
    assert {chain for chain, _ in found} <= {0}
    return [event for _, event in found]


@pytest.mark.parametrize("name", WRONG)
def test_a_failed_handshake_is_recorded(own_cloud: RunningCloud, name: str) -> None:
    """The alert stands in the chain of connections of no account, with OpenSSL's reason."""
    make, code = WRONG[name]
    own_cloud.start()
    with record_of(own_cloud.settings.cloud_url) as record:
        knock(own_cloud, make(own_cloud))
        [event] = alerts(record)
        assert (event.transaction, event.result) == ("node-authentication", Result.SERIOUS)
        assert event.codes == (code,)
        assert (event.who.account, event.who.address) == ("", "127.0.0.1")


async def test_a_flood_of_handshakes_leaves_few_events(own_cloud: RunningCloud) -> None:
    """A scanner cannot fill the record, and others are served and recorded meanwhile."""
    own_cloud.start()
    with record_of(own_cloud.settings.cloud_url) as record:
        for _ in range(MOST_ALERTS + 50):
            knock(own_cloud, None)
        assert len(alerts(record, MOST_ALERTS)) == MOST_ALERTS
        async with connected(own_cloud.tenant) as client:
            await client.provide(one_document(b"<a/>"))
        assert [event.transaction for _, event in record.new()] == ["ITI-41"]
