"""Certificates with their keys as the vault gave them, kept for a minute: opening a pair costs 0.2 s of CPU.

A backlog after an outage of P1 would otherwise spend more on that than on all else. Whether an account is
registered, and with which certificates, is read from its row each time: what was revoked is not asked for.
"""

import threading
import time
from collections import OrderedDict
from typing import Final

from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.keeping import Registration
from erepo.cloud.national.registering import credentials_of
from erepo.cloud.vault.vault import Vault

_SECONDS: Final = 60.0
_MOST: Final = 16


class Opened:
    """The pairs of accounts that index now; any thread may use it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: OrderedDict[tuple[int, int], tuple[float, Credentials]] = OrderedDict()
        self._turn = threading.Lock()

    def of(self, tenant_id: int, registration: Registration) -> Credentials:
        """Return an account's pair. Blocks: call it off the event loop.

        Raises:
            SecretDamaged, MasterKeyUnknown, MasterKeyMalformed: it cannot be opened.
        """
        key, at = (tenant_id, registration.id), time.monotonic()
        with self._turn:
            for name in [name for name, (until, _) in self._kept.items() if until <= at]:
                del self._kept[name]
            if key in self._kept:
                return self._kept[key][1]
        found = credentials_of(self._vault, tenant_id, registration)
        with self._turn:
            self._kept[key] = (at + _SECONDS, found)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found
