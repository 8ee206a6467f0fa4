"""The door for other providers of one process: whom to believe, and whom to ask."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from erepo.cloud.audit.syslog import address_of
from erepo.cloud.errors import ServiceBusy
from erepo.cloud.national.abroad import Abroad
from erepo.cloud.outside.deciding import Deciders
from erepo.cloud.outside.errors import DoorMisconfigured
from erepo.cloud.outside.peers import Peers
from erepo.pki.revocation import Revocation
from erepo.settings import Settings

#: Requests of one provider at once, and of all: each waits for P1.
MOST_OF_ONE: Final = 8
MOST: Final = 64


class Outside:
    """Made once per process, where the settings open the door.

    Args:
        settings: of the service.
        revocation: the lists at hand.

    Raises:
        DoorMisconfigured: a setting is missing or cannot be used.
    """

    def __init__(self, settings: Settings, revocation: Revocation) -> None:
        if address_of(settings.p1.audit_sink) is None:
            raise DoorMisconfigured(setting="EREPO_P1__AUDIT_SINK")
        self.peers = Peers.of(settings, revocation)
        self.deciders = Deciders(settings)
        #: The threads in which SOZ is asked.
        self.calls = Abroad()
        self._asking: Counter[str] = Counter()

    @contextmanager
    def turn(self, organisation: str) -> Iterator[None]:
        """Count a request of a provider until the block ends.

        Raises:
            ServiceBusy: it has too many under way, or all have.
        """
        if self._asking[organisation] >= MOST_OF_ONE or self._asking.total() >= MOST:
            raise ServiceBusy(seconds=1)
        self._asking[organisation] += 1
        try:
            yield
        finally:
            self._asking[organisation] -= 1
            if not self._asking[organisation]:
                del self._asking[organisation]

    def close(self) -> None:
        """Finish what is under way."""
        self.calls.close()
        self.deciders.close()
