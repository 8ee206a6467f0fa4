"""Requests of every XDS transaction as octets: good ones, ones that fail by rules of XDS, and bent ones."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import httpx
from lxml import etree

from erepo.cloud.audit.events import Action
from erepo.soap.message import Outgoing, pack
from erepo.soap.mtom import Attachment
from erepo.soap.signing import Signer
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.vocabulary import APPROVED, DEPRECATED
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.cloud_client import assertions_of, one_document
from tests.support.registering import entry, registration, submission_set

OTHER = "0000000000002004"


@dataclass(frozen=True)
class Message:
    """One HTTP request."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Wire:
    """Sends whatever a test wants, with the first account's certificate unless told otherwise."""

    cloud: RunningCloud
    tenant: TenantCredentials

    @property
    def other(self) -> TenantCredentials:
        """The second account."""
        return TenantCredentials(self.tenant.folder.with_name(OTHER))

    def post(self, message: Message, tenant: TenantCredentials | None = None) -> httpx.Response:
        """POST a message."""
        with httpx.Client(verify=(tenant or self.tenant).tls_context(), trust_env=False, timeout=60) as http:
            return http.post(message.url, content=message.body, headers=message.headers)

    def head(self, lines: Sequence[str], body: bytes = b"", *, wait: bool = True) -> bytes:
        """Send raw octets; without `wait` the connection is closed at once."""
        request = "\r\n".join([*lines, "host: x", "", ""]).encode() + body
        plain = socket.create_connection(("127.0.0.1", self.cloud.settings.cloud_port), 10)
        with self.tenant.tls_context().wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            connection.sendall(request)
            if not wait:
                return b""
            with suppress(OSError):
                return connection.recv(65536)
        return b""


@dataclass
class Stock:
    """Documents in the repository and the registry that requests are about."""

    provided: list[str] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    sets: list[Sequence[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Spoken:
    """A transaction as the tests speak it: a good request and one that its own rules refuse."""

    name: str
    action: str
    acts: Action
    endpoint: str
    good: Callable[[TenantCredentials, Stock], tuple[etree._Element, Sequence[Attachment]]]
    failing: Callable[[TenantCredentials, Stock], tuple[etree._Element, Sequence[Attachment]]]
    kinds: frozenset[str]
    """Kinds of things that the record of a good request names."""

    def message(self, tenant: TenantCredentials, payload: object, **changes: object) -> Message:
        """Return a signed request."""
        body, attachments = payload  # type: ignore[misc]
        url = str(changes.get("url") or tenant.facts[self.endpoint])
        outgoing = Outgoing(
            str(changes.get("action") or self.action), str(changes.get("to") or url), body, attachments
        )
        signer = changes.get("signer") or Signer(tenant.wss)
        acting = assertions_of(tenant)() if changes.get("acting", True) else None
        packed = pack(outgoing, signer, mtom=self.endpoint == "repository", assertion=acting)  # type: ignore[arg-type]
        return Message(url, {"content-type": packed.content_type}, b"".join(map(bytes, packed.chunks())))


def _provide(
    _: TenantCredentials, __: Stock, **changes: object
) -> tuple[etree._Element, Sequence[Attachment]]:
    return iti41.write_request(one_document(b"<a/>", **changes))


def retrieval(tenant: TenantCredentials, unique_ids: Sequence[str]) -> etree._Element:
    """Return a request for documents of an account's repository."""
    repository = str(tenant.facts["repositoryUniqueId"])
    return iti43.write_request([iti43.DocumentRequest(repository, one) for one in unique_ids])


def _update(target: str) -> etree._Element:
    own = submission_set()
    change = iti57.status_change(own, target, APPROVED, DEPRECATED)
    return iti57.write_request(iti57.Update(own, (change,)))


def _removal(tenant: TenantCredentials, unique_id: str) -> etree._Element:
    repository = str(tenant.facts["repositoryUniqueId"])
    return iti86.write_request([iti86.DocumentRequest(repository, unique_id)])


UNKNOWN = "urn:uuid:00000000-0000-4000-8000-000000000000"
SPOKEN = {
    one.name: one
    for one in (
        Spoken(
            "ITI-41",
            iti41.ACTION,
            Action.CREATE,
            "repository",
            _provide,
            partial(_provide, hash="0" * 40),
            frozenset({"patient", "set", "document"}),
        ),
        Spoken(
            "ITI-43",
            iti43.ACTION,
            Action.READ,
            "repository",
            lambda tenant, stock: (retrieval(tenant, stock.provided[:1]), ()),
            lambda tenant, _: (retrieval(tenant, ["1.2.3"]), ()),
            frozenset({"document"}),
        ),
        Spoken(
            "ITI-86",
            iti86.ACTION,
            Action.DELETE,
            "repository",
            lambda tenant, stock: (_removal(tenant, stock.provided.pop()), ()),
            lambda tenant, _: (_removal(tenant, "1.2.3"), ()),
            frozenset({"document"}),
        ),
        Spoken(
            "ITI-18",
            iti18.ACTION,
            Action.EXECUTE,
            "registry",
            lambda _, stock: (iti18.write_query(iti18.get_documents(entry_uuids=stock.registered)), ()),
            lambda *_: (iti18.write_query(iti18.StoredQuery(iti18.QueryId.GET_DOCUMENTS, {})), ()),
            frozenset({"query"}),
        ),
        Spoken(
            "ITI-42",
            iti42.ACTION,
            Action.CREATE,
            "registry",
            lambda *_: (iti42.write_request(registration(entry())), ()),
            lambda *_: (iti42.write_request(registration(entry(creation_time="yesterday"))), ()),
            frozenset({"patient", "set", "document"}),
        ),
        Spoken(
            "ITI-57",
            iti57.ACTION,
            Action.UPDATE,
            "registry",
            lambda _, stock: (_update(stock.registered.pop()), ()),
            lambda *_: (_update(UNKNOWN), ()),
            frozenset({"patient", "set", "object"}),
        ),
        Spoken(
            "ITI-62",
            iti62.ACTION,
            Action.DELETE,
            "registry",
            lambda _, stock: (iti62.write_request(stock.sets.pop()), ()),
            lambda *_: (iti62.write_request([UNKNOWN]), ()),
            frozenset({"object"}),
        ),
    )
}
