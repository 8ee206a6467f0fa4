"""The service in the test's own process, and a national domain that can fail and crash at every step.

What the service does is what it does behind TLS: requests go through its whole ASGI application, only the
handshake is told instead of made.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.acting import write_token
from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.errors import P1RepositoryExists
from erepo.cloud.service import Cloud
from erepo.cloud.web.app import build
from erepo.identifiers.oids import new_uuid_oid
from erepo.pki import Authority, Bundle, new_key
from erepo.pki.bundle import fingerprint
from erepo.settings import Settings
from tests.support.actors import DOCTOR
from tests.support.certificates import Recipe, root
from tests.support.cloud import TenantCredentials

P1_ROOT = root("P1 Test CA")
PASSWORD = "hasło-do-P1 9Qx"


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Domain:
    """A `NationalDomain` that gives each provider one repository, and a further one when forced to.

    Attributes:
        repositories: ids by provider, in the order in which they were given.
        addresses: what was told of each id.
        before: called before each call, with its name; may raise.
        after: the same behind its effect: the answer is lost then.
    """

    repositories: dict[str, list[str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None

    def register_repository(self, credentials: Credentials, *, force_new: bool) -> str:
        """Give the provider of the certificates an id."""
        self._enter("repository, forced" if force_new else "repository")
        known = self.repositories.setdefault(credentials.tls.certificate.subject.rfc4514_string(), [])
        if known and not force_new:
            raise P1RepositoryExists
        known.append(new_uuid_oid())
        self.after("repository")
        return known[-1]

    def register_access(self, credentials: Credentials, repository_id: str, address: str) -> None:
        """Keep the address of an id that was given."""
        self._enter("access")
        subject = credentials.tls.certificate.subject.rfc4514_string()
        assert repository_id in self.repositories[subject]
        self.addresses[repository_id] = address
        self.after("access")

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)


@dataclass(frozen=True)
class P1Pair:
    """A provider's two certificates of P1."""

    tls: Bundle
    wss: Bundle

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a registration with them."""
        files = {"tls": self.tls, "wss": self.wss}
        sent: dict[str, Any] = {
            f"{slot}_pkcs12": base64.b64encode(legacy_pkcs12(each, PASSWORD.encode())).decode()
            for slot, each in files.items()
        }
        return sent | {f"{slot}_password": PASSWORD for slot in files} | changes


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return a key as P1 wants it for signatures; always the same, they take time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def p1_bundle(name: str, *, client: bool = True, issuer: Authority = P1_ROOT, **changes: Any) -> Bundle:
    """Return a key with a certificate as P1 issues them: for connections, or for signatures alone."""
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.EMAIL_PROTECTION
    recipe = Recipe(key=new_key() if client else rsa_key(), common_name=name, issuer=issuer)
    recipe = recipe.but(extended=(usage,)).but(**changes)
    return Bundle(recipe.key, recipe.make())


def p1_pair(name: str = "Podmiot leczniczy 1", **changes: Any) -> P1Pair:
    """Return a fitting pair of a provider."""
    return P1Pair(p1_bundle(name, **changes), p1_bundle(name, client=False, **changes))


def legacy_pkcs12(bundle: Bundle, password: bytes) -> bytes:
    """Return a `.p12` in the ciphers of old: 3DES and SHA-1, as P1's own files are."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(password)
    )
    return pkcs12.serialize_key_and_certificates(b"p1", bundle.key, bundle.certificate, None, encryption)


@dataclass
class Served:
    """One account, and the service that answers it."""

    cloud: Cloud
    tenant: TenantCredentials

    async def call(
        self, method: str, path: str, content: Any = None, *, tls: Bundle | None = None
    ) -> httpx.Response:
        """Send one request of the account."""
        own = tls or self.tenant.tls
        shown = {
            "fingerprint": fingerprint(own.certificate),
            "certificate": own.certificate.public_bytes(Encoding.DER),
        }
        application: Any = build(self.cloud)

        async def connected(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
            await application({**scope, "extensions": {"tls": shown}}, receive, send)

        token = write_token(
            replace(DOCTOR, organisation=self.tenant.account),
            self.tenant.wss,
            self.cloud.base_url,
            now=datetime.now(UTC) - timedelta(seconds=1),
        )
        transport = httpx.ASGITransport(connected)
        async with httpx.AsyncClient(transport=transport, base_url=self.cloud.base_url) as http:
            return await http.request(
                method,
                f"/services/{self.tenant.account}{path}",
                json=content,
                headers={"authorization": f"Bearer {token}"},
            )


@asynccontextmanager
async def serving(settings: Settings, tenant: TenantCredentials, domain: Domain) -> AsyncIterator[Served]:
    """Run the service until the block ends, as a process of its own would: nothing is left of it then."""
    cloud = Cloud(settings)
    cloud.domain = domain
    cloud.start()
    try:
        yield Served(cloud, tenant)
    finally:
        await cloud.stop()
        cloud.close()


class Countdown:
    """Ends the process at the n-th point of a request: before or after a commit or a call abroad."""

    def __init__(self, cloud: Cloud, domain: Domain, at: int) -> None:
        self.left = at
        self.points: list[str] = []
        domain.before = lambda name: self._pass(f"before {name}")
        domain.after = lambda name: self._pass(f"after {name}")
        self._submit = cloud.writer.submit
        cloud.writer.submit = self._counted  # type: ignore[method-assign, assignment]  # one of its own

    def _counted(self, job: Any) -> "asyncio.Future[Any]":
        self._pass("before a commit")
        return asyncio.ensure_future(self._committed(job))

    async def _committed(self, job: Any) -> Any:
        outcome = await self._submit(job)
        self._pass("after a commit")
        return outcome

    def _pass(self, point: str) -> None:
        self.points.append(point)
        self.left -= 1
        if self.left == 0:
            raise Crash(point)
