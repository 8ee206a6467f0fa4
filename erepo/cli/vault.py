"""Prefect's blocks over its REST API, with their secrets: read, and written again."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from erepo.cli.errors import PrefectUnavailable
from erepo.cli.trigger import Prefect
from erepo.clinic.diagnosis.errors import MailNotConfigured
from erepo.clinic.mail import Mailer

MAIL_SERVER = "erepo-mail-server"
#: Seconds in which a server that is up answers.
_UP = 3.0


@dataclass(frozen=True)
class StoredBlock:
    """One block document."""

    id: str
    name: str
    data: dict[str, Any] = field(repr=False)


class Vault(Prefect):
    """A client that may see the secrets of blocks."""

    def answers(self) -> bool:
        """Tell at once whether the server is up; other questions wait for one that is starting."""
        try:
            return httpx.get(f"{self.url}/api/health", timeout=_UP, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def blocks(self, slug: str) -> list[StoredBlock]:
        """Return all blocks of a type, by its slug; none where Prefect does not know the type.

        Raises:
            PrefectUnavailable, PrefectRefused: they cannot be read.
        """
        answer = self._ask("GET", f"block_types/slug/{slug}/block_documents?include_secrets=true")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        return [StoredBlock(one["id"], one["name"], one["data"]) for one in self._accepted(answer).json()]

    def change(self, block: StoredBlock, values: dict[str, Any]) -> None:
        """Write some fields of a block; the others stay.

        Raises:
            PrefectUnavailable, PrefectRefused: they cannot be written.
        """
        body = {"data": values, "merge_existing_data": True}
        self._accepted(self._ask("PATCH", f"block_documents/{block.id}", body))

    def mailer(self, name: str) -> Mailer:
        """Return the mail server that a block describes.

        Raises:
            PrefectUnavailable, PrefectRefused: the block cannot be read.
            MailNotConfigured: there is none of that name.
        """
        if not self.answers():
            raise PrefectUnavailable(address=self.url, answer="-")
        found = next((one.data for one in self.blocks(MAIL_SERVER) if one.name == name), None)
        if found is None:
            raise MailNotConfigured(what=f"{MAIL_SERVER}/{name}")
        return Mailer(
            str(found["host"]),
            int(found.get("port", 587)),
            str(found["sender"]),
            str(found.get("user", "")),
            str(found.get("password", "")),
            found.get("tls", "starttls"),
            min(float(found.get("timeout", 30)), 10.0),
        )
