"""The client of the account's REST services: httpx over mutual TLS, bounded in time and size."""

import ssl
import time
from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

import httpx
import orjson
from pydantic import ValidationError

from erepo.clinic.rest.answers import (
    AccountState,
    Activation,
    Administrator,
    Answer,
    Certificates,
    P1State,
    RemoteStructure,
)
from erepo.clinic.rest.errors import AnswerInvalid, ServiceRefusal, ServiceTrouble
from erepo.clinic.rest.handshake import certificate_refused
from erepo.clinic.rest.indexing import IndexCalls
from erepo.clinic.rest.patients_own import PatientsOwn, Pour
from erepo.clinic.rest.request import Request
from erepo.errors import ErepoError, RemoteBusy, RemoteTimeout, RemoteUnavailable
from erepo.pki import Bundle, client_context
from erepo.settings import HttpTimeouts
from erepo.soap.errors import (
    AddressUnknown,
    AnswerTooLarge,
    BadRequestAnswer,
    ForbiddenAnswer,
    SecureChannelFailed,
)

_LARGEST = 1024**2
_DONE = (httpx.codes.OK, httpx.codes.CREATED)
_TEXTS = tuple(product(("cause", "cure"), ("pl", "en")))
_Model = TypeVar("_Model", bound=Answer)
#: Statuses that say "not there" or "cannot", and how codes begin that say for good what is the matter.
_TOLD: dict[int, str | tuple[str, ...]] = {
    httpx.codes.NOT_FOUND: ("structure.none", "consent.", "patients.unknown", "own-document."),
    httpx.codes.NOT_IMPLEMENTED: "p1.",
    httpx.codes.BAD_GATEWAY: ("p1.", "pki."),
}
#: Codes of those who stand behind the service: P1, the certificates' authorities.
_BEHIND = ("p1.", "pki.")
_NOT_THERE = (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.GONE)
#: Statuses that say all there is to say, whatever stands below them.
_CLEAR = (*_NOT_THERE, httpx.codes.TOO_MANY_REQUESTS)
_PLAIN: dict[int, type[ErepoError]] = {
    httpx.codes.UNAUTHORIZED: ForbiddenAnswer,
    httpx.codes.FORBIDDEN: ForbiddenAnswer,
}


def account_url(root: str, account: str) -> str:
    """Return the address of an account's services: `<root>/services/<account>`."""
    return f"{root.rstrip('/')}/services/{account}"


class AccountClient(IndexCalls, PatientsOwn):
    """Speaks for one account; to be closed, or used as a context manager."""

    def __init__(
        self,
        service_url: str,
        account: str,
        tls: Bundle,
        trust_pem: bytes,
        timeouts: HttpTimeouts | None = None,
        token: Callable[[], str] | None = None,
    ) -> None:
        """Prepare the channel; nothing is sent yet.

        Args:
            service_url: the account's address, such as `https://127.0.0.1:8400/services/0000000000001003`.
            account: 16 digits; every answer must name it.
            tls: the account's TLS key and certificate.
            trust_pem: the service's authority.
            timeouts: limits of one exchange.
            token: asked for each request who acts (`erepo.acting.Tokens`); None for what machines ask.
        """
        self._token = token
        self._address = service_url
        self._account = account
        self._timeouts = wait = timeouts or HttpTimeouts()
        self._context = client_context(tls, trust_pem)
        self._client = httpx.Client(
            verify=self._context,
            timeout=httpx.Timeout(connect=wait.connect, read=wait.read, write=wait.write, pool=wait.pool),
            follow_redirects=False,
            trust_env=False,
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )

    def activate(self, wss_certificate: bytes) -> Activation:
        """Register both certificates (TLS by the handshake, WSS by the body) and activate the account.

        Idempotent: the same certificates again get the same answer, so it may be repeated after a lost one.

        Args:
            wss_certificate: PEM.

        Raises:
            ServiceRefusal: the service says why not.
            AddressUnknown: no such account for this certificate.
            SecureChannelFailed: TLS failed (manual 2.5).
            RemoteUnavailable, RemoteBusy, RemoteTimeout: try again later.
            AnswerInvalid: the answer is not what was agreed.
        """
        body = {"wss_certificate": wss_certificate.decode("ascii")}
        return self._exchange("POST", self._address + "/activation", Activation, body)

    def state(self) -> AccountState:
        """Ask for validity, limits and usage.

        Raises:
            As `activate`.
        """
        return self._exchange("GET", self._address, AccountState)

    def register_certificates(
        self, tls_certificate: bytes, wss_certificate: bytes, *, retire_others: bool = False
    ) -> Certificates:
        """Have the service accept two more certificates of the account; the same again changes nothing.

        Args:
            tls_certificate: PEM.
            wss_certificate: PEM.
            retire_others: whether the service refuses all others from now on. Allowed only on a connection
                of `tls_certificate` with a token signed by the key of `wss_certificate`.

        Raises:
            As `activate`.
        """
        body = {
            "tls_certificate": tls_certificate.decode("ascii"),
            "wss_certificate": wss_certificate.decode("ascii"),
            "retire_others": retire_others,
        }
        return self._exchange("PUT", self._address + "/certificates", Certificates, body)

    def certificates(self) -> Certificates:
        """Ask which certificates the service knows of the account.

        Raises:
            As `activate`.
        """
        return self._exchange("GET", self._address + "/certificates", Certificates)

    def send_structure(self, content: dict[str, Any]) -> RemoteStructure:
        """Send the provider's structure; the same again changes nothing (manual 1.1.4).

        Args:
            content: `{"provider": …}` as `erepo.clinic.structure_sync` makes it.

        Raises:
            As `activate`.
        """
        return self._exchange("PUT", self._address + "/structure", RemoteStructure, content)

    def structure(self) -> RemoteStructure:
        """Ask for the structure that the service holds.

        Raises:
            ServiceRefusal: with code `structure.none` where nothing was ever sent.
            As `activate`.
        """
        return self._exchange("GET", self._address + "/structure", RemoteStructure)

    def register_p1(self, content: dict[str, Any]) -> P1State:
        """Hand over the P1 certificates and have the repository registered (manual 1.3); may be repeated.

        Args:
            content: both PKCS#12 files and their passwords, as `erepo.clinic.p1` makes it.

        Raises:
            ServiceRefusal: with code `p1.certificates-present` or `p1.repository-id-missing`, among others.
            ServiceTrouble: P1 does not answer the service; repeat it.
            As `activate`.
        """
        return self._exchange("PUT", self._address + "/p1/certificates", P1State, content)

    def revoke_p1(self) -> P1State:
        """Have the P1 certificates forgotten; idempotent.

        Raises:
            As `activate`.
        """
        return self._exchange("DELETE", self._address + "/p1/certificates", P1State)

    def p1(self) -> P1State:
        """Ask how far the registration in the national domain is.

        Raises:
            As `activate`.
        """
        return self._exchange("GET", self._address + "/p1/certificates", P1State)

    def create_administrator(self, login: str, password: str) -> Administrator:
        """Make the first login of the account's panel.

        Idempotent: the same login and password again get the same answer, so it may be repeated after a lost
        one.

        Args:
            login: 3 to 64 letters, digits and `. _ @ -`.
            password: to be changed at the first login.

        Raises:
            As `activate`; ServiceRefusal also where the panel has another administrator already.
        """
        body = {"login": login, "password": password}
        return self._exchange("PUT", self._address + "/administrator", Administrator, body)

    def ask(self, request: Request, model: type[_Model]) -> _Model:
        """Send one request below the account's address and return its answer, for modules beside this one.

        Raises:
            As `activate`.
        """
        address = self._address + request.path
        return self._understood(
            address, model, *self._send(request.method, address, request.body, request.headers)
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def _exchange(
        self, method: str, address: str, model: type[_Model], body: dict[str, Any] | None = None
    ) -> _Model:
        content = None if body is None else orjson.dumps(body)
        headers = {} if body is None else {"content-type": "application/json"}
        return self._understood(address, model, *self._send(method, address, content, headers))

    def _understood(self, address: str, model: type[_Model], status: int, content: bytes) -> _Model:
        if status not in _DONE:
            raise _refusal(address, status, content)
        try:
            answer = model.model_validate_json(content)
        except ValidationError as error:
            # Field names only: the values are not ours to repeat.
            fields = {".".join(map(str, each["loc"])) for each in error.errors()}
            raise AnswerInvalid(address=address, reason=", ".join(sorted(fields))[:200]) from None
        # An answer about the structure names no account.
        if getattr(answer, "account", self._account) != self._account:
            raise AnswerInvalid(address=address, reason="account")
        return answer

    def ask_octets(self, request: Request) -> bytes:
        """Send one request as `ask` does; return the answer's octets."""
        address = self._address + request.path
        status, content = self._send(request.method, address, request.body, request.headers)
        if status not in _DONE:
            raise _refusal(address, status, content)
        return content

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
        """Send a request.

        Args:
            method: of HTTP.
            address: of what is asked for.
            body: its octets.
            more: headers of the body.
            read: seconds of silence, for what may take longer than the usual ones.
            named: the address as errors tell it, where the full one names a document.
        """
        told = named or address
        deadline = time.monotonic() + self._timeouts.total
        wait = httpx.Timeout(self._client.timeout)
        wait.read = max(read, self._timeouts.read)
        try:
            who = {"authorization": f"Bearer {self._token()}"} if self._token else {}
            asked = self._client.stream(method, address, content=body, headers={**who, **more}, timeout=wait)
            with asked as response:
                return response.status_code, self._read(response, told, deadline)
        except httpx.TimeoutException as error:
            raise _overdue(told, error, self._timeouts) from None
        except httpx.TransportError as error:
            raise self._broken(told, error) from None

    def _refused(self, address: str, status: int, content: bytes) -> Exception:
        return _refusal(address, status, content)

    def _pour(self, address: str, pour: Pour) -> None:
        deadline = time.monotonic() + self._timeouts.total
        try:
            headers = {"authorization": f"Bearer {self._token()}"} if self._token else None
            with self._client.stream("GET", address, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    raise _refusal(address, response.status_code, self._read(response, address, deadline))
                for chunk in response.iter_raw():
                    pour(chunk)
                    if time.monotonic() > deadline:
                        seconds = self._timeouts.total
                        raise RemoteTimeout(address=address, phase="total", seconds=seconds, setting="TOTAL")
        except httpx.TimeoutException as error:
            raise _overdue(address, error, self._timeouts) from None
        except httpx.TransportError as error:
            raise self._broken(address, error) from None

    def _broken(self, address: str, error: httpx.TransportError) -> SecureChannelFailed | RemoteUnavailable:
        reason = _tls_reason(error)
        if not reason and not isinstance(error, httpx.ConnectError):
            url = httpx.URL(address)
            if certificate_refused(url.host, url.port or 443, self._context):
                reason = "certificate refused"
        if reason:
            return SecureChannelFailed(address=address, reason=reason)
        return RemoteUnavailable(address=address)

    def _read(self, response: httpx.Response, address: str, deadline: float) -> bytes:
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > _LARGEST:
                raise AnswerTooLarge(address=address, limit=_LARGEST)
            if time.monotonic() > deadline:
                seconds = self._timeouts.total
                raise RemoteTimeout(address=address, phase="total", seconds=seconds, setting="TOTAL")
        return bytes(content)


def _overdue(address: str, error: httpx.TimeoutException, timeouts: HttpTimeouts) -> RemoteTimeout:
    phases = {httpx.ConnectTimeout: "connect", httpx.WriteTimeout: "write", httpx.PoolTimeout: "pool"}
    phase = phases.get(type(error), "read")
    seconds = getattr(timeouts, phase)
    return RemoteTimeout(address=address, phase=phase, seconds=seconds, setting=phase.upper())


def _tls_reason(error: BaseException) -> str:
    """Return what TLS complained about, empty if it did not."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause.reason or type(cause).__name__
        cause = cause.__cause__ or cause.__context__
    return ""


def _refusal(address: str, status: int, content: bytes) -> Exception:
    said, failed = _said(status, content), status >= httpx.codes.INTERNAL_SERVER_ERROR
    code = said.get("code", "")
    told = code.startswith(_TOLD.get(status, "-"))
    if told or (said and not failed and status not in _CLEAR):
        refusal = ServiceRefusal(**said)
        refusal.named = _named(content)
        return refusal
    if failed and code.startswith(_BEHIND):
        return ServiceTrouble(address=address, **said)
    if status in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS):
        return RemoteBusy(address=address)
    if failed:
        return RemoteUnavailable(address=address)
    kind = AddressUnknown if status in _NOT_THERE else _PLAIN.get(status, BadRequestAnswer)
    return kind(address=address, status=status)


def _named(content: bytes) -> tuple[str, ...]:
    """Return the documents that a refusal names, by their uniqueIds."""
    named = orjson.loads(content).get("documents")
    return tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) else ()


def _said(status: int, content: bytes) -> dict[str, Any]:
    """Return what the service says of an error, in both languages; empty where it says nothing we know."""
    try:
        said = orjson.loads(content)
        texts = {f"{part}_{tongue}": str(said[part][tongue]) for part, tongue in _TEXTS}
        return {"code": str(said["code"]), "status": status, **texts}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
