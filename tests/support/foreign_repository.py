"""Another provider's repository: ITI-43 over real TLS, made of our own libraries, wrong on request.

with foreign_repository(clients=ca_pem) as foreign:
    foreign.documents["1.2.3"] = octets
    foreign.fault = "hash"                 # the next answers are wrong
    foreign.url, foreign.ca                # what SZAR is told, whom to trust
    foreign.asked                          # uniqueIds that were asked for, with whose assertion
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from erepo.content import MemoryContent
from erepo.p1.names import RESOURCE_ID
from erepo.p1.verifying import P1Verifier
from erepo.pki import Authority, Bundle, new_key, server_context
from erepo.pki.trust import TrustStore
from erepo.settings import Limits
from erepo.soap.errors import SecurityMissing
from erepo.soap.faults import write_fault
from erepo.soap.message import Outgoing, Packed, pack
from erepo.soap.mtom import unpack
from erepo.soap.names import ANONYMOUS, FAULT_ACTION
from erepo.xds import iti43
from erepo.xds.errors import RegistryError
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument
from erepo.xds.vocabulary import Xds

AUTHORITY = Authority.create("Foreign repository CA")
_KEY = new_key()
_SERVER = Bundle(_KEY, AUTHORITY.issue_server(_KEY, ["127.0.0.1", "localhost"]))
#: What it does wrong.
FAULTS = (
    "hash", "size", "other", "two", "absent", "denied", "busy", "fault", "receiver", "garbage", "redirect",
    "slow", "huge", "cut", "forbidden", "login", "late-answer", "compressed",
)  # fmt: skip


@dataclass
class Foreign:
    """The running repository.

    Attributes:
        url: its address, as SZAR is told.
        repository_id: its repositoryUniqueId.
        documents: octets by uniqueId.
        fault: what it does wrong; empty: nothing.
        inline: whether octets stand as base64 in the message.
        asked: uniqueIds asked for.
        verifier: of requests: signed by a provider of P1.
        arrived: one for each request that came, with the fault of that moment.
        bearers: values of the patient in the assertions that came.
    """

    repository_id: str = ""
    url: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)
    fault: str = ""
    inline: bool = False
    asked: list[str] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    verifier: Any = None

    @property
    def ca(self) -> bytes:
        """Its authority."""
        return AUTHORITY.pem

    def answer(self, content_type: str, body: bytes) -> Packed:
        """Answer one message."""
        received = unpack(content_type, body, Limits())
        verified = self.verifier.verify(received)
        assert verified.assertion is not None
        path = ".//{*}Attribute[@Name='" + RESOURCE_ID + "']/{*}AttributeValue"
        self.bearers += [each.text or "" for each in verified.assertion.iterfind(path)]
        (wanted,) = iti43.read_request(verified)
        self.asked.append(wanted.document_unique_id)
        if self.fault in {"fault", "receiver"}:
            error: Exception = RuntimeError() if self.fault == "receiver" else SecurityMissing(rule="-")
            payload: Any = write_fault(error)
            return pack(Outgoing(FAULT_ACTION, ANONYMOUS, payload, relates_to=verified.message_id), None)
        documents, errors = self._found(wanted)
        payload, attachments = iti43.write_response(documents, errors)
        relates = "urn:uuid:0" if self.fault == "late-answer" else verified.message_id
        outgoing = Outgoing(iti43.RESPONSE_ACTION, ANONYMOUS, payload, attachments, relates_to=relates)
        return pack(outgoing, None, mtom=not self.inline)

    def _found(self, wanted: DocumentRequest) -> tuple[list[RetrievedDocument], list[RegistryError]]:
        name, octets = wanted.document_unique_id, self.documents.get(wanted.document_unique_id)
        codes = {
            "denied": Xds.REPOSITORY_ERROR,
            "busy": Xds.REPOSITORY_BUSY,
            "absent": Xds.DOCUMENT_UNIQUE_ID,
        }
        if self.fault in codes or octets is None:
            code = codes.get(self.fault, Xds.DOCUMENT_UNIQUE_ID)
            return [], [RegistryError(code, "PESEL 80051200006", location=name)]
        if self.fault == "hash":
            octets = octets[:-1] + bytes([octets[-1] ^ 1])
        if self.fault == "size":
            octets += b"\n"
        if self.fault == "huge":
            octets += bytes(4 * 1024**2)
        named = f"{name}.1" if self.fault == "other" else name
        found = [RetrievedDocument(self.repository_id, named, "text/xml", MemoryContent(octets))]
        if self.fault == "two":
            found.append(
                RetrievedDocument(self.repository_id, f"{name}.1", "text/xml", MemoryContent(octets))
            )
        return found, []


@contextmanager
def foreign_repository(clients: bytes, **facts: Any) -> Iterator[Foreign]:
    """Run it until the block ends.

    Args:
        clients: PEM of the authority of providers' certificates: TLS and WS-Security.
        facts: of `Foreign`.
    """
    foreign = Foreign(**facts)
    foreign.verifier = P1Verifier(TrustStore.from_pem(clients))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content_type = self.headers["Content-Type"]
            if plain := _PLAIN.get(foreign.fault):
                self._plain(*plain)
                return
            foreign.arrived.append(foreign.fault)
            if foreign.fault == "slow":
                time.sleep(8)
            packed = foreign.answer(content_type, body)
            self.send_response(200)
            self.send_header("Content-Type", packed.content_type)
            self.send_header("Content-Length", str(packed.length))
            self.end_headers()
            octets = b"".join(bytes(each) for each in packed.chunks())
            with suppress(OSError):
                self.wfile.write(octets[: len(octets) // 2] if foreign.fault == "cut" else octets)
            self.close_connection = foreign.fault == "cut"

        def _plain(self, status: int, content_type: str, body: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = server_context(_SERVER, clients).wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    foreign.url = f"https://127.0.0.1:{server.server_address[1]}/services/2/p1/xds/repository"
    try:
        yield foreign
    finally:
        server.shutdown()
        server.server_close()


_XOP = 'multipart/related; boundary="b"; type="application/xop+xml"; start="<r>"'
_PLAIN: dict[str, tuple[Any, ...]] = {
    "garbage": (200, _XOP, b"--b\r\nContent-ID: <r>\r\n\r\nnothing"),
    "redirect": (302, "text/plain", b"", ("Location", "https://127.0.0.1:1/")),
    "forbidden": (403, "text/plain", b""),
    "login": (200, "text/html", b"<html>PESEL 80051200006</html>"),
    "compressed": (200, "application/soap+xml", b"\x1f\x8b", ("Content-Encoding", "gzip")),
}
