"""Lists and answers from the authorities' servers: bounded in time and size, nothing followed or believed.

Plain http is usual here and enough: what comes is signed by the authority, and dated.
"""

from functools import partial
from typing import Final

import httpx

from erepo.bounded import BoundedTransport, Budget
from erepo.pki.revocation.addresses import host_of, judge
from erepo.pki.revocation.errors import CrlUnreachable, OcspUnreachable, StatusUnknown
from erepo.settings import RevocationSettings

_LARGEST_ANSWER: Final = 64 * 1024
_ASKED: Final = "application/ocsp-request"
_ANSWERED: Final = "application/ocsp-response"


class Fetcher:
    """Asks the authorities; for one thread at a time. `begin` starts the time that all of it has together."""

    def __init__(self, settings: RevocationSettings) -> None:
        self._settings = settings
        self._budget = Budget()

    def begin(self) -> None:
        """Start the time of a check."""
        self._budget.begin(self._settings.seconds)

    def list_of(self, url: str) -> bytes:
        """Return the octets of a list.

        Raises:
            CrlUnreachable: they cannot be had.
            StatusAddressRefused: the address is not asked.
        """
        return self._exchange("GET", url, CrlUnreachable, self._settings.crl_bytes)

    def answer_of(self, url: str, question: bytes) -> bytes:
        """Return the octets of a responder's answer.

        Raises:
            OcspUnreachable: there is none.
            StatusAddressRefused: the address is not asked.
        """
        return self._exchange("POST", url, OcspUnreachable, _LARGEST_ANSWER, question)

    def _exchange(
        self, method: str, url: str, failed: type[StatusUnknown], most: int, content: bytes | None = None
    ) -> bytes:
        host = host_of(url)
        headers = {"accept-encoding": "identity", "user-agent": "erepo"}
        if content is not None:
            headers["content-type"] = _ASKED
        transport = BoundedTransport(self._budget, judge=partial(judge, local=self._settings.local_addresses))
        try:
            with (
                httpx.Client(transport=transport, follow_redirects=False, timeout=None) as client,  # noqa: S113 — the budget bounds all
                client.stream(method, url, content=content, headers=headers) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise failed(host=host, reason=f"HTTP {response.status_code}")
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                if content is not None and kind != _ANSWERED:
                    raise failed(host=host, reason="no OCSP answer / to nie jest odpowiedź OCSP")
                return self._read(response, host, failed, most)
        except httpx.TimeoutException:
            raise failed(host=host, reason=f"{self._settings.seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failed(host=host, reason=type(error).__name__) from None

    def _read(self, response: httpx.Response, host: str, failed: type[StatusUnknown], most: int) -> bytes:
        received = bytearray()
        for chunk in response.iter_raw():
            received += chunk
            if len(received) > most:
                raise failed(host=host, reason=f"> {most} B")
        return bytes(received)
