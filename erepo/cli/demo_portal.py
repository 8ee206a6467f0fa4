"""A person at the patients' side of the service: the code comes by mail, then what is shared is looked at."""

import email
import email.policy
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from erepo.cli.errors import CodeNotCome, PortalRefused
from erepo.pki.tls import client_context
from erepo.settings import Settings

_CODE: Final = re.compile(r"\b(\d{4}) (\d{4})\b")
#: Seconds in which a mail has to come.
_PATIENCE: Final = 60
_ABSENT: Final = 404


class Visitor:
    """One person with a mailbox; a context manager.

    Args:
        settings: of the installation, whose mails lie in a Maildir.
        trust_pem: authorities of the portal.
        address: of the mailbox.
    """

    def __init__(self, settings: Settings, trust_pem: bytes, address: str) -> None:
        self._mails, self._address = settings.portal_mail, address
        self._http = httpx.Client(
            base_url=f"{settings.portal_url}/portal/api/",
            verify=client_context(None, trust_pem),
            trust_env=False,
            timeout=60,
        )

    def __enter__(self) -> Self:
        """Nothing is asked before `sign_in`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._http.close()

    def sign_in(self, pesel: str) -> None:
        """Have a code sent, read it in the mail, and type it.

        Raises:
            CodeNotCome: no mail with a code came.
            PortalRefused: the portal answers otherwise than with a session.
        """
        asked = self._ask("POST", "sign-in", json={"pesel": pesel})
        typed = {"challenge": asked.json()["challenge"], "code": self._code(), "form": "token"}
        answer = self._ask("POST", "sign-in/code", json=typed)
        self._http.headers["authorization"] = f"Bearer {answer.json()['token']}"

    def listed(self) -> list[str]:
        """Return uniqueIds of all documents that the person is shown."""
        return [each["uniqueId"] for each in self._ask("GET", "documents").json()["documents"]]

    def octets(self, account: str, unique_id: str) -> bytes | None:
        """Return the octets of a document; None where the portal knows no such document for the person."""
        path = f"documents/{account}/{quote(unique_id, safe='')}/content"
        answer = self._ask("GET", path, absent=True)
        return None if answer.status_code == _ABSENT else answer.content

    def sign_out(self) -> None:
        """End the session."""
        self._ask("DELETE", "session")

    def _ask(self, method: str, path: str, *, absent: bool = False, **content: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise PortalRefused(status=type(error).__name__) from None
        if answer.is_error and not (absent and answer.status_code == _ABSENT):
            raise PortalRefused(status=str(answer.status_code))
        return answer

    def _code(self) -> str:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            for file in _newest_first(self._mails / "new"):
                letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                if letter["To"] != self._address:
                    continue
                if found := _CODE.search(str(letter.get_content())):
                    return found[1] + found[2]
            time.sleep(0.1)
        raise CodeNotCome(seconds=_PATIENCE)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"), reverse=True)[:50]
