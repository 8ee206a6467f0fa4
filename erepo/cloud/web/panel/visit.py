"""One request to the panel: what came with it."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final, Self
from urllib.parse import parse_qs

from sqlalchemy import Connection

from erepo.cloud import addresses
from erepo.cloud.bodies import Headers
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.panel.errors import FormRefused
from erepo.cloud.panel.sessions import Session, form_token
from erepo.cloud.registry.jobs import Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.calls import Call
from erepo.cloud.web.trail import Trail
from erepo.texts import Language

#: The session, and before there is one what ties the login form to the browser.
SESSION: Final = "__Secure-erepo-panel"
FORM: Final = "__Secure-erepo-form"
LANGUAGE: Final = "erepo-language"
#: Bytes of a form.
_LARGEST: Final = 16 * 1024
_FIELDS: Final = 20
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
Form = Mapping[str, str]


@dataclass(slots=True)
class Visit:
    """A request whose connection belongs to the account of its path.

    Attributes:
        certificate: fingerprint of the connection's certificate.
        session: who is logged in, when that has been looked up.
    """

    call: Call
    cloud: Cloud
    tenant: Tenant
    trail: Trail
    method: str
    path: str
    headers: Headers
    certificate: str
    session: Session | None = None

    @classmethod
    def of(cls, call: Call) -> Self:
        """Return the visit that a call is."""
        asked = call.request
        own = (asked.method, asked.path, asked.headers, asked.fingerprint)
        return cls(call, call.cloud, call.tenant, call.trail, *own)

    @property
    def base(self) -> str:
        """The panel's own path; its cookies go nowhere else."""
        return f"/services/{self.tenant.account}/app"

    @property
    def language(self) -> Language:
        """Polish unless English was chosen."""
        return language_of(self.headers)

    def now(self) -> datetime:
        """The service's clock as the tables keep time: UTC, naive."""
        return self.cloud.now().replace(tzinfo=None)

    def cookie(self, name: str) -> str:
        """Return a cookie's value, empty without one."""
        return cookie(self.headers, name)

    def parameters(self) -> Form:
        """Return the parameters of the address, the first of each name.

        Raises:
            RequestMalformed: they cannot be read.
        """
        return _fields(self.call.request.query)

    async def form(self, token: str) -> Form:
        """Return a posted form that came from our own page.

        Args:
            token: of the session, or of the login form.

        Raises:
            FormRefused: it did not.
            RequestMalformed, BodyTooLarge, BodyTimeout, ClientGone: it cannot be read.
        """
        if not _same_site(self.headers):
            raise FormRefused
        kind = self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/x-www-form-urlencoded":
            raise RequestMalformed(reason="content-type")
        async with self.call.body(_LARGEST) as body:
            found = _fields(bytes(body))
        given = found.get("token", "").encode()
        if not token or not hmac.compare_digest(given, form_token(token).encode()):
            raise FormRefused
        return found


def effect(work: Callable[[Connection], None]) -> Callable[[Connection], Outcome]:
    """Return work as a job of the writer does it: what does not raise is done."""

    def apply(connection: Connection) -> Outcome:
        work(connection)
        return Outcome()

    return apply


def language_of(headers: Headers) -> Language:
    """Return the language that was chosen, Polish before anything was."""
    return "en" if cookie(headers, LANGUAGE) == "en" else "pl"


def cookie(headers: Headers, name: str) -> str:
    """Return a cookie's value, empty without one."""
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    # A quoted value may hide what would end a header: ours are made of these characters alone.
    value = found[name].value if name in found else ""
    return value if _VALUE.fullmatch(value) else ""


def _fields(text: bytes) -> Form:
    try:
        found = parse_qs(
            text.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"
        )
    except ValueError:  # also what is no ASCII, no UTF-8 behind its percent signs
        raise RequestMalformed(reason="parameters") from None
    return {name: values[0] for name, values in found.items()}


def _same_site(headers: Headers) -> bool:
    """Tell whether a browser says that the form was on a page of ours; what says nothing has the token."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return addresses.split(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode("latin-1")
