"""The door for other providers of one process: whom to believe, whom to ask, and what P1 is told."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from erepo.cloud.audit.dicom import Origin
from erepo.cloud.errors import ServiceBusy
from erepo.cloud.national.abroad import Abroad
from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.keeping import Registration
from erepo.cloud.outside.deciding import Deciders
from erepo.cloud.outside.peers import Peers
from erepo.cloud.outside.sending import P1AuditSender
from erepo.cloud.storage.database import Database
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
        database: of the service.
        opened: gives an account's P1 certificates.
        origin: who reports to P1.

    Raises:
        DoorMisconfigured: a setting is missing or cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        revocation: Revocation,
        database: Database,
        opened: Callable[[int, Registration], Credentials],
        origin: Origin,
    ) -> None:
        self.peers = Peers.of(settings, revocation)
        self.deciders = Deciders(settings)
        #: The threads in which SOZ is asked.
        self.calls = Abroad()
        self.sender = P1AuditSender(database, settings, opened, origin)
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


def outside_of(
    settings: Settings,
    revocation: Revocation,
    database: Database,
    opened: Callable[[int, Registration], Credentials],
    *,
    url: str,
    community: str,
) -> Outside:
    """Return the door that the settings open.

    Args:
        settings: of the service.
        revocation: the lists at hand.
        database: of the service.
        opened: gives an account's P1 certificates.
        url: under which other providers reach the service.
        community: homeCommunityId.

    Raises:
        DoorMisconfigured: a setting is missing or cannot be used.
    """
    origin = Origin(url, urlsplit(url).hostname or "", community)
    return Outside(settings, revocation, database, opened, origin)
