"""How long SOZ is asked for one request."""

from typing import Any

import pytest

from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.outside.deciding import Deciders
from erepo.cloud.outside.errors import DecisionUnavailable
from erepo.p1 import Decision
from erepo.settings import Settings


class Slow:
    """A client of SOZ that takes ten seconds for each decision."""

    def __init__(self, clock: list[float]) -> None:
        self.clock, self.asked, self.closed = clock, list[str](), False

    def decide(self, unique_ids: list[str], _token: Any) -> Decision:
        """Decide about one."""
        self.asked += unique_ids
        self.clock[0] += 10
        return Decision.PERMIT

    def close(self) -> None:
        """Close."""
        self.closed = True


def test_nobody_is_asked_on_when_nobody_waits_any_more() -> None:
    """Fifty documents and a slow SOZ do not keep a thread of all accounts for minutes after the answer."""
    clock = [0.0]
    client = Slow(clock)
    deciders = Deciders(Settings(), clock=lambda: clock[0])
    deciders._made = lambda _: client  # type: ignore[assignment,method-assign,return-value]
    provider = Provider(1, "", None)  # type: ignore[arg-type]
    with pytest.raises(DecisionUnavailable) as refused:
        deciders.decide(provider, None, [str(each) for each in range(50)])  # type: ignore[arg-type]
    assert refused.value.data["reason"] == "p1.overdue"
    assert len(client.asked) == 3
    assert client.closed
