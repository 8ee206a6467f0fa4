"""What the sandbox's P1 has said stays true after a kill."""

from pathlib import Path

import pytest

from erepo.p1.errors import P1ChannelFailed, P1OutcomeUnknown, P1Unavailable, RepositoryExists
from tests.support.p1 import running_p1

pytestmark = pytest.mark.xdist_group("p1")


def test_a_killed_p1_remembers(tmp_path: Path) -> None:
    """A repository, a fault and a message seen survive kill -9; certificates go on to work."""
    with running_p1(tmp_path) as p1:
        provider = p1.provider()
        with provider.client() as client:
            first = client.register_repository()
            p1.wrong("szar-access", "busy", times=5)
            p1.process.kill()
            p1.process.wait(60)
            with pytest.raises((P1Unavailable, P1OutcomeUnknown)) as raised:
                client.register_repository()
            assert not isinstance(raised.value, P1ChannelFailed)
    with running_p1(tmp_path) as again:
        assert [each.oid for each in again.home.store.repositories()] == [first]
        assert [(each.kind, each.times) for each in again.home.store.faults()] == [("busy", 5)]
        provider = type(provider)(provider.resort_i, provider.tls, provider.wss, again)
        with provider.client() as client, pytest.raises(RepositoryExists):
            client.register_repository()
