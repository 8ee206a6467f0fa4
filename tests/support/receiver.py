"""A receiver of webhooks that checks signatures as an integrator would, and may refuse or wait."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What has arrived.

    Attributes:
        url: where it listens.
        secret: of the webhook; until it is known nothing is checked.
        answers: statuses of the next answers; 200 when none are left.
        hold: while it is not set, no answer is given.
        messages: what arrived whole, each with its id, signature verdict and content, refused ones as well.
    """

    url: str
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def signed(self, headers: Any, body: bytes) -> bool:
        """Whether a message is signed as Standard Webhooks says, written anew from the specification."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in headers["webhook-signature"].split(" ")

    def states(self, document: str) -> list[str]:
        """States told of a document, in the order they arrived, each message once."""
        seen = {one["id"]: one for one in self.messages if one["status"] == 200}
        return [one["data"]["state"] for one in seen.values() if one["data"]["id"] == document]


@contextmanager
def running_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a free port, with TLS if there is a context."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = receiver.answers.pop(0) if receiver.answers else 200
            signed = bool(receiver.secret) and receiver.signed(self.headers, body)
            receiver.messages.append(
                {"id": self.headers["webhook-id"], "status": status, "signed": signed, **json.loads(body)}
            )
            receiver.hold.wait(300)
            self.send_response(status)
            self.send_header("content-length", "0")
            if 300 <= status < 400:
                self.send_header("location", receiver.url)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's own name
            """Say nothing."""

        def handle_error(self) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: who asked may have been killed."""

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"http{'s' if context else ''}://127.0.0.1:{server.server_port}/hook")
    receiver.hold.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
