"""A document's index in P1, by the account's REST services (manual 1.3): ask for it, withdraw it, look.

The service asks P1 what it has before it sends anything: each of these may be repeated after a lost answer.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import orjson
from pydantic import BeforeValidator, Field, ValidationError

from erepo.clinic.rest.answers import Answer
from erepo.clinic.rest.errors import AnswerInvalid, IndexRefusal, IndexTrouble

#: Seconds: all calls of the service to P1 together may take so long.
READ: Final = 120.0
#: Seconds for which another process's work on the same document is waited for, and between two questions.
BUSY_FOR: Final = 180.0
BUSY_PAUSE: Final = 5.0

_BUSY: Final = "index.busy"
_OK: Final = 200
_Empty = BeforeValidator(lambda value: "" if value is None else value)


class IndexState(Answer):
    """How far a document's index is, as the service knows it.

    Attributes:
        entry_uuid: P1's own; empty where there is none.
        repository_unique_id: under which P1 finds the document.
        replaced_by: uniqueId of the document whose index took the place of this one.
        recovered: P1 had it before this request sent anything.
    """

    unique_id: str = Field(max_length=256)
    state: Literal["none", "indexing", "indexed", "withdrawn"]
    entry_uuid: Annotated[str, _Empty] = Field("", max_length=256)
    repository_unique_id: Annotated[str, _Empty] = Field("", max_length=256)
    replaced_by: Annotated[str, _Empty] = Field("", max_length=256)
    recovered: bool = False


class IndexCalls:
    """What an `AccountClient` can ask about indexes; it brings `_send` and `_refused`."""

    _address: str

    def index_document(
        self,
        unique_id: str,
        *,
        storage_year: int,
        replaces: str = "",
        event: tuple[str, str] | None = None,
        purpose: str = "TREAT",
        sleep: Callable[[float], None] = time.sleep,
    ) -> IndexState:
        """Have a document in P1's index; what is there already is answered alike.

        Args:
            unique_id: XDS uniqueId.
            storage_year: last year in which the document must be kept.
            replaces: uniqueId of the document whose index it takes the place of.
            event: root and extension of the medical event.
            purpose: P1's word: TREAT, BTG, CONTT.
            sleep: waits between two questions while another process is at work.

        Raises:
            IndexRefusal: for good, until what its cure says is done.
            IndexTrouble: P1 cannot now, or it is not known whether it was done; ask again later.
            AddressUnknown, SecureChannelFailed, RemoteUnavailable, RemoteBusy, RemoteTimeout, AnswerInvalid:
                see `AccountClient.activate`.
        """
        body = {
            "replaces": replaces or None,
            "medicalEvent": {"root": event[0], "extension": event[1]} if event else None,
            "storageYear": storage_year,
            "purpose": purpose,
        }
        return self._patiently("POST", unique_id, body, sleep)

    def withdraw_index(self, unique_id: str, *, sleep: Callable[[float], None] = time.sleep) -> IndexState:
        """Have a document's index withdrawn; what is in no index stays as it is.

        Raises:
            As `index_document`.
        """
        return self._patiently("DELETE", unique_id, None, sleep)

    def index_state(self, unique_id: str) -> IndexState:
        """Ask the service what it knows of a document's index; P1 is not asked.

        Raises:
            As `index_document`.
        """
        return self._once("GET", unique_id, None)

    def _patiently(
        self, method: str, unique_id: str, body: dict[str, Any] | None, sleep: Callable[[float], None]
    ) -> IndexState:
        """Ask; where another process is at work on the same document, ask again for some minutes."""
        end = time.monotonic() + BUSY_FOR
        while True:
            try:
                return self._once(method, unique_id, body)
            except IndexTrouble as trouble:
                if trouble.data["code"] != _BUSY or time.monotonic() + BUSY_PAUSE > end:
                    raise
            sleep(BUSY_PAUSE)

    def _once(self, method: str, unique_id: str, body: dict[str, Any] | None) -> IndexState:
        address = f"{self._address}/documents/{quote(unique_id, safe='')}/index"
        # An error names the account's address, not the document's: ids of documents are for the wire alone.
        octets = None if body is None else orjson.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        status, content = self._send(method, address, octets, headers, read=READ, named=self._address)
        if status != _OK:
            raise problem(status, content) or self._refused(self._address, status, content)
        try:
            found = IndexState.model_validate_json(content)
        except ValidationError as error:
            fields = {".".join(map(str, each["loc"])) for each in error.errors()}
            raise AnswerInvalid(address=self._address, reason=", ".join(sorted(fields))[:200]) from None
        if found.unique_id != unique_id:
            raise AnswerInvalid(address=self._address, reason="uniqueId")
        return found

    def _send(
        self,
        method: str,
        address: str,
        body: bytes | None,
        more: Mapping[str, str] = MappingProxyType({}),
        *,
        read: float = 0,
        named: str = "",
    ) -> tuple[int, bytes]:
        raise NotImplementedError

    def _refused(self, address: str, status: int, content: bytes) -> Exception:
        raise NotImplementedError


def problem(status: int, content: bytes) -> IndexRefusal | IndexTrouble | None:
    """Return what the service says of an index; None where it says nothing of one."""
    try:
        said = orjson.loads(content)
        facts = {
            "code": str(said["code"]),
            "status": status,
            "rule": str(said["rule"] or ""),
            "phase": str(said["phase"]),
            "missing": ", ".join(str(one["key"]) for one in said.get("missing", ())),
            **{
                f"{part}_{tongue}": str(said[part][tongue])
                for part in ("cause", "cure")
                for tongue in ("pl", "en")
            },
        }
        again = said["retryable"] is True
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return IndexTrouble(**facts) if again else IndexRefusal(**facts)
