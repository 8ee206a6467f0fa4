"""Tell people: through whatever notification block somebody has saved under the name we were given."""

import inspect
from typing import Any

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client

from erepo.errors import RetryableError
from erepo.texts import Text


class NotificationFailed(RetryableError):
    """The notification block could not deliver; its own words are withheld: they may quote secrets."""

    code = "notification.failed"
    cause = Text(
        "The notification block {name} could not deliver ({reason}).",
        "Blok powiadomień {name} nie dostarczył wiadomości ({reason}).",
    )
    cure = Text(
        "Check the block in Prefect; the next run tries again.",
        "Sprawdź ten blok w Prefect; następne uruchomienie ponowi próbę.",
    )


class Notifier:
    """A notification block of any type."""

    def __init__(self, name: str, block: NotificationBlock) -> None:
        self._name = name
        self._block = block

    async def notify(self, body: str, subject: str) -> None:
        """Send one message.

        Raises:
            NotificationFailed: it could not be delivered.
        """
        try:
            with self._block.raise_on_failure():
                sent: Any = self._block.notify(body, subject)
                if inspect.isawaitable(sent):
                    await sent
        except Exception as error:  # noqa: BLE001 — third parties' blocks raise anything
            reason = type(error).__name__
        else:
            return
        raise NotificationFailed(name=self._name, reason=reason)


async def find_notifier(name: str) -> Notifier | None:
    """Return the notification block of a name, of whatever type; None where nobody has saved one."""
    if not name:
        return None
    async with get_client() as client:
        # The Python client cannot filter by name.
        answer = await client.request(
            "POST",
            "/block_documents/filter",
            json={"block_documents": {"is_anonymous": {"eq_": False}, "name": {"any_": [name]}}, "limit": 50},
        )
    for found in answer.json():
        if "notify" in (found.get("block_schema") or {}).get("capabilities", []):
            block = await Block.aload(f"{found['block_type']['slug']}/{name}")
            if isinstance(block, NotificationBlock):
                return Notifier(name, block)
    return None
