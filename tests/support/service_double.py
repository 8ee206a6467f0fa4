"""The account's REST services as their contract says, over real mutual TLS: state, structure, P1.

It stands where the real service will stand; what it answers is what the contract says and no more. P1 behind
it answers by `faults`: each registration takes one from the front.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import pkcs12

from erepo.acting import Expected, read_token
from erepo.errors import ErepoError
from erepo.pki import Authority, Bundle, TrustStore, new_key, server_context
from erepo.pki.keys import clear_key
from tests.support.certificates import ACCOUNT, Recipe
from tests.support.cloud import TenantCredentials

REPOSITORY = "2.16.840.1.113883.3.4424.2.7.927722.17.1"


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = {
            "code": code,
            "cause": {"en": "Cause", "pl": "Powód"},
            "cure": {"en": "Cure", "pl": "Rada"},
        }


@dataclass
class ServiceDouble:
    """What the service holds of one account.

    Attributes:
        credentials: folder for `adopt_credentials`.
        state: changes of what GET of the account tells.
        structure: as sent; None: nothing yet.
        p1: what P1 registered.
        faults: codes with status, one for each registration.
        calls: method and path of each request.
        passwords: every password that was sent.
        seen: bodies as they came.
    """

    credentials: TenantCredentials
    url: str
    state: dict[str, Any] = field(default_factory=dict)
    structure: dict[str, Any] | None = None
    p1: dict[str, Any] = field(default_factory=lambda: {"state": "none"})
    faults: list[tuple[int, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    revocations: int = 0
    down: bool = False

    @property
    def account(self) -> str:
        """The 16 digits."""
        return self.credentials.account

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        """Answer one request."""
        self.calls.append(f"{method} {path}")
        if self.down:
            raise Refused(503, "cloud.busy")
        self._who(token)
        if body:
            self.seen.append(body)
        known = {
            ("GET", ""): self._state,
            ("PUT", "/structure"): self._put_structure,
            ("GET", "/structure"): self._get_structure,
            ("PUT", "/p1/certificates"): self._put_p1,
            ("GET", "/p1/certificates"): self._get_p1,
            ("DELETE", "/p1/certificates"): self._delete_p1,
        }
        if (method, path) not in known:
            raise Refused(404, "cloud.path-unknown")
        return known[method, path](body)

    def _who(self, token: str) -> None:
        trust = TrustStore.from_pem(self.credentials.ca_pem)
        wss = self.credentials.wss.certificate
        expected = Expected(self.account, [wss], [], frozenset({self.url}), trust, datetime.now(UTC))
        try:
            read_token(token, expected)
        except ErepoError as error:
            raise Refused(403, error.code) from None

    def _state(self, _: dict[str, Any]) -> dict[str, Any]:
        facts = self.credentials.facts
        used = {
            "state": "active",
            "usedBytes": 0,
            "usedDocuments": 0,
            "limitBytes": 1000,
            "limitDocuments": 100,
        }
        return {**facts, "validUntil": "2099-12-31", **used, **self.state}

    def _put_structure(self, body: dict[str, Any]) -> dict[str, Any]:
        octets = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = hashlib.sha256(octets).hexdigest()
        if self.structure is None or self.structure["sha256"] != digest:
            self.structure = {**body, "sha256": digest, "updatedAt": datetime.now(UTC).isoformat()}
        return self.structure

    def _get_structure(self, _: dict[str, Any]) -> dict[str, Any]:
        if self.structure is None:
            raise Refused(404, "structure.none")
        return self.structure

    def _put_p1(self, body: dict[str, Any]) -> dict[str, Any]:
        parts = {purpose: self._opened(body, purpose) for purpose in ("tls", "wss")}
        if self.p1["state"] != "none" and any(self.p1[one] != parts[one] for one in parts):
            raise Refused(409, "p1.certificates-present")
        if self.p1["state"] != "registered":
            self.p1 = {"state": "stored", **parts}
            if self.faults:
                raise Refused(*self.faults.pop(0))
            self.p1 |= {
                "state": "registered",
                "repositoryId": REPOSITORY,
                "registeredAt": datetime.now(UTC).isoformat(),
            }
        return self._get_p1(body)

    def _opened(self, body: dict[str, Any], purpose: str) -> dict[str, str]:
        octets = base64.b64decode(body[f"{purpose}_pkcs12"], validate=True)
        store = pkcs12.load_pkcs12(octets, body[f"{purpose}_password"].encode())
        assert store.key is not None
        assert store.cert is not None
        one = store.cert.certificate
        return {
            "serial": f"{one.serial_number:X}",
            "subject": one.subject.rfc4514_string(),
            "notBefore": one.not_valid_before_utc.isoformat(),
            "notAfter": one.not_valid_after_utc.isoformat(),
        }

    def _get_p1(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"account": self.account, **self.p1}

    def _delete_p1(self, _: dict[str, Any]) -> dict[str, Any]:
        self.revocations += self.p1["state"] != "none"
        self.p1 = {"state": "none"}
        return self._get_p1({})


@contextmanager
def running_double(folder: Path) -> Iterator[ServiceDouble]:
    """Run the double on a free port, with credentials of one account in a folder."""
    authority, key = Authority.create("Double CA"), new_key()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    root = f"https://127.0.0.1:{server.server_port}"
    tls = Bundle(key, authority.issue_server(key, ["127.0.0.1"]))
    double = ServiceDouble(_credentials(folder, authority, root), f"{root}/services/{ACCOUNT}")
    server.socket = server_context(tls, authority.pem).wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.daemon_threads = True
    server.double = double  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def _do(self) -> None:
        double: ServiceDouble = self.server.double  # type: ignore[attr-defined]
        path = self.path.removeprefix(f"/services/{double.account}")
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            status, body = 200, double.answer(self.command, path, json.loads(content or b"{}"), token)
        except Refused as refused:
            status, body = refused.status, refused.body
        octets = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    do_GET = do_PUT = do_POST = do_DELETE = _do  # noqa: N815 — names of the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's own name
        """Say nothing."""


def _credentials(folder: Path, authority: Authority, root: str) -> TenantCredentials:
    folder.mkdir(parents=True)
    service = f"{root}/services/{ACCOUNT}"
    facts = {
        "account": ACCOUNT,
        "service": service,
        "registry": f"{service}/xds/registry",
        "repository": f"{service}/xds/repository",
        "repositoryUniqueId": "2.25.1",
        "sourceId": "2.25.2",
        "homeCommunityId": "",
        "serviceSigner": authority.pem.decode(),
    }
    (folder / "account.json").write_text(json.dumps(facts))
    (folder / "ca.pem").write_bytes(authority.pem)
    for purpose in ("tls", "wss"):
        recipe = Recipe(issuer=authority, common_name=f"{ACCOUNT} {purpose.upper()}")
        (folder / f"{purpose}.pem").write_bytes(Bundle(recipe.key, recipe.make()).certificate_pem)
        (folder / f"{purpose}.key").write_bytes(clear_key(recipe.key))
    return TenantCredentials(folder)
