"""What has to happen even where nobody looks: uploads that no clinic collects end, and patients are told."""

import asyncio
import logging
from typing import Final

from erepo.cloud.audit.events import Who
from erepo.cloud.errors import where
from erepo.cloud.patients_own.giving import expire_all
from erepo.portal.office import Office

log = logging.getLogger("erepo.portal")

#: Seconds between two rounds; what waits, waits for days.
PAUSE: Final = 3600.0


async def keep_house(office: Office, pause: float = PAUSE) -> None:
    """Go round until cancelled; a round that fails is repeated with the next."""
    while True:
        try:
            await expire_all(office.cloud, Who(endpoint="housekeeping"))
        except Exception as error:  # noqa: BLE001  # whatever it is, it must be tried again
            log.warning("what no clinic collects waits on: %s", where(error))
        await asyncio.sleep(pause)
