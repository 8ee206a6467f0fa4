"""An account's REST service that answers as a test tells it to, over real mutual TLS."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from erepo.clinic.tables import account
from erepo.pki import Authority, Bundle, new_key, server_context
from tests.support.clinic_side import Clinic

AUTHORITY = Authority.create("Scripted service CA")
_KEY = new_key()
_SERVER = Bundle(_KEY, AUTHORITY.issue_server(_KEY, ["127.0.0.1"]))


def facts(account: str, **more: Any) -> dict[str, Any]:
    """Return the state of an account as a service tells it."""
    return {
        "account": account,
        "repositoryUniqueId": "2.25.1",
        "sourceId": "2.25.2",
        "registry": "https://x.example/r",
        "repository": "https://x.example/p",
        "serviceSigner": "pem",
        "validUntil": None,
        "limitBytes": 1000,
        "limitDocuments": 100,
        "usedBytes": 1,
        "usedDocuments": 2,
        **more,
    }


@contextmanager
def scripted_service(
    clients: bytes, answers: Mapping[str, Any], *, delay: float = 0, ahead: float = 0, status: int = 200
) -> Iterator[str]:
    """Run it until the block ends; yields its root address.

    Args:
        clients: PEM of the authorities of its clients.
        answers: JSON by the path's end behind the account, such as `/p1/certificates`, whatever the method;
            others are 404.
        delay: seconds before each answer.
        ahead: seconds its clock is ahead of ours.
        status: of the answers that are there; without 200 they have no content.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(delay)
            found = answers.get(self.path.partition("/services/")[2][16:])
            body = json.dumps(found).encode() if status == 200 and found is not None else b""
            self.send_response(status if found is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_DELETE = do_GET  # noqa: N815 — names of the standard library

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + ahead, usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = server_context(_SERVER, clients).wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


@contextmanager
def scripted_account(clinic: Clinic, answers: Mapping[str, Any], **options: Any) -> Iterator[None]:
    """Move the account of a clinic to a service that answers as told, until the block ends."""
    own = clinic.connection()
    with scripted_service(clinic.tenant.ca_pem, answers, **options) as root:
        _move(clinic, f"{root}/services/{own.account}", AUTHORITY.pem.decode())
        try:
            yield
        finally:
            _move(clinic, own.service_url, own.trust_pem.decode())


def _move(clinic: Clinic, address: str, trust: str) -> None:
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(service_url=address, trust_pem=trust))
