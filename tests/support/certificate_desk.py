"""The service's `/services/{account}/certificates`, as agreed, while the service has none of its own.

with certificates_at(cloud) as root:      # the service's own address where it answers that path,
    ...                                   # else that of a desk beside it

The desk is a real HTTPS server with mutual TLS. It keeps nothing itself: it reads and writes the database of
the running service, so what it registers or retires the service accepts or refuses at once.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import sqlalchemy as sa
from cryptography import x509

from erepo.acting import Expected, read_token
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import certificate
from erepo.cloud.tenancy.tenants import Directory, Tenant, certificate_row
from erepo.errors import ErepoError
from erepo.pki import CertificatePurpose, check_certificate, server_context
from erepo.pki.pem import read_certificate
from tests.support.cloud import RunningCloud


class Refused(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Desk:
    """What one request needs."""

    cloud: RunningCloud
    database: Database

    def answer(self, method: str, path: str, tls_der: bytes, token: str, body: bytes) -> dict[str, Any]:
        """Answer one request."""
        tls = sha256(tls_der).hexdigest()
        tenant = Directory(self.database).look_up(tls)
        if tenant is None or path != f"/services/{tenant.account}/certificates":
            raise Refused(404, "cloud.path-unknown")
        wss = self._signer(tenant, token)
        if method == "PUT":
            self._register(tenant, tls, wss, json.loads(body))
        elif method != "GET":
            raise Refused(405, "cloud.method-not-allowed")
        return {"account": tenant.account, "certificates": self._listed(tenant)}

    def _signer(self, tenant: Tenant, token: str) -> str:
        """Return the fingerprint of the WSS certificate whose key signed the token of a person."""
        if not token and tenant.users == "required":
            raise Refused(403, "acting.user-unknown")
        for row in self._rows(tenant):
            if row.purpose == "WSS" and row.state == "active":
                expected = Expected(
                    account=tenant.account,
                    certificates=(read_certificate(row.pem.encode()),),
                    holders=(),
                    audiences=frozenset({f"{root}/services/{tenant.account}" for root in self.roots}),
                    trust=self.cloud.home.trusted(),
                    now=datetime.now(UTC),
                    skew=60,
                )
                try:
                    read_token(token, expected)
                except ErepoError:
                    continue
                return str(row.fingerprint)
        raise Refused(403, "acting.token-refused")

    roots: tuple[str, ...] = ()

    def _register(self, tenant: Tenant, tls: str, wss: str, asked: dict[str, Any]) -> None:
        given = {}
        for purpose in CertificatePurpose:
            one = read_certificate(asked[f"{purpose.lower()}_certificate"].encode())
            check_certificate(
                one,
                account=tenant.account,
                purpose=purpose,
                key=one.public_key(),  # type: ignore[arg-type]
                trust=self.cloud.home.trusted(),
                at=datetime.now(UTC),
            )
            given[purpose] = one
        rows = [certificate_row(tenant.id, purpose, one) for purpose, one in given.items()]
        prints = {row["fingerprint"] for row in rows}
        if asked["retire_others"] and prints != {tls, wss}:
            raise Refused(409, "certificates.not-proven")
        mine = certificate.c.tenant_id == tenant.id
        with self.database.everyone("the desk registers", write=True) as connection:
            known = set(connection.scalars(sa.select(certificate.c.fingerprint).where(mine)))
            if fresh := [row for row in rows if row["fingerprint"] not in known]:
                connection.execute(sa.insert(certificate), fresh)
            if asked["retire_others"]:
                others = mine & certificate.c.fingerprint.not_in(prints)
                connection.execute(sa.update(certificate).where(others).values(state="retired"))

    def _rows(self, tenant: Tenant) -> list[Any]:
        with self.database.everyone("the desk looks") as connection:
            query = sa.select(certificate).where(certificate.c.tenant_id == tenant.id)
            return list(connection.execute(query.order_by(certificate.c.id)).all())

    def _listed(self, tenant: Tenant) -> list[dict[str, Any]]:
        listed = []
        for row in self._rows(tenant):
            one = x509.load_pem_x509_certificate(row.pem.encode())
            listed.append(
                {
                    "purpose": row.purpose,
                    "fingerprint": row.fingerprint,
                    "serial": f"{one.serial_number:X}",
                    "notBefore": one.not_valid_before_utc.isoformat(),
                    "notAfter": one.not_valid_after_utc.isoformat(),
                    "state": row.state,
                }
            )
        return listed


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"
        timeout = 20

        def _do(self) -> None:
            channel = self.connection
            assert isinstance(channel, ssl.SSLSocket)
            der = channel.getpeercert(binary_form=True) or b""
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            try:
                status, content = 200, desk.answer(self.command, self.path, der, token, body)
            except Refused as refused:
                words = {"pl": refused.code, "en": refused.code}
                status, content = refused.status, {"code": refused.code, "cause": words, "cure": words}
            octets = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_PUT = do_POST = _do  # noqa: N815 — names of the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def serves_certificates(cloud: RunningCloud) -> bool:
    """Ask the service itself whether it knows the path: 404 to the right certificate says no."""
    address = f"{cloud.url}/services/{cloud.tenant.account}/certificates"
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False) as client:
        return client.get(address).status_code != httpx.codes.NOT_FOUND


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Leave the handshake to the connection's own thread."""
        plain, address = self.socket.accept()
        return self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is refused or goes away is no trouble of ours."""

    context: ssl.SSLContext


@contextmanager
def running_desk(cloud: RunningCloud) -> Iterator[str]:
    """Run a desk beside a service; yields its root address."""
    with closing(Database(cloud.settings.cloud_url)) as database:
        desk = Desk(cloud, database)
        server = _Server(("127.0.0.1", 0), _handler(desk))
        server.context = server_context(cloud.home.bundle("tls"), cloud.home.trusted().pem)
        root = f"https://127.0.0.1:{server.server_port}"
        desk.roots = (root, cloud.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield root
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)


@contextmanager
def certificates_at(cloud: RunningCloud) -> Iterator[str]:
    """Yield the root address at which the certificates of the service's accounts are registered."""
    if serves_certificates(cloud):
        yield cloud.url
    else:
        with running_desk(cloud) as root:
            yield root
