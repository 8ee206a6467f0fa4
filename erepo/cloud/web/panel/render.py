"""Templates, and the headers that every page of the panel has."""

import hashlib
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from erepo.cloud.panel.sessions import form_token
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.panel.visit import LANGUAGE, Visit
from erepo.cloud.web.panel.words import WORDS
from erepo.texts import Language

HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    b" frame-ancestors 'none'"
)
#: Of everything below the panel; `nosniff` is on every answer of the service.
HEADERS: Final = (
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with `no-referrer` browsers send the forms' Origin as null
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"strict-transport-security", b"max-age=31536000"),
)
_NEVER_KEPT: Final = ((b"cache-control", b"no-store"), (b"vary", b"cookie"))
_ASSETS: Final = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_YEAR: Final = 365 * 24 * 3600
Header = tuple[bytes, bytes]


def page(
    visit: Visit, name: str, *, status: int = 200, headers: tuple[Header, ...] = (), **data: Any
) -> Answer:
    """Return a page of a template; what it needs beside `data` comes from the visit.

    Args:
        visit: the request.
        name: of the template, without `.html`; the words call its title `title_NAME`.
        status: of HTTP.
        headers: further ones, such as cookies.
        data: for the template.
    """
    session = visit.session
    if session is not None:
        data |= {"user": session, "token": form_token(session.token)}
    body = write(name, visit.language, visit.tenant.account, **data)
    return html(status, body, headers)


def html(status: int, body: str, headers: tuple[Header, ...] = ()) -> Answer:
    """Return a page that is written."""
    return Answer(status, HTML, body.encode(), headers=(*HEADERS, *_NEVER_KEPT, *headers))


def write(name: str, language: Language, account: str, **data: Any) -> str:
    """Return the HTML of a template."""
    common = {
        "lang": language,
        "account": account,
        "base": f"/services/{account}/app",
        "version": _version(),
        "page": name,
        "t": _Words(language),
        "user": None,
        "token": "",
    }
    return _templates().get_template(f"{name}.html").render({**common, **data})


def redirect(visit: Visit, path: str, *headers: Header) -> Answer:
    """Send the browser to a page of the panel, with GET."""
    place = (b"location", (visit.base + path).encode())
    return Answer(303, HTML, headers=(*HEADERS, *_NEVER_KEPT, place, *headers))


def set_cookie(visit: Visit, name: str, value: str) -> Header:
    """Return the header that keeps a value until the browser is closed; an empty one removes it."""
    end = "" if value else "; Max-Age=0"
    words = f"{name}={value}; Path={visit.base}; Secure; HttpOnly; SameSite=Strict{end}"
    return b"set-cookie", words.encode("ascii")


def choose_language(visit: Visit, chosen: str, place: str) -> Answer:
    """Remember a language and show the page again."""
    root = visit.base.rpartition("/")[0]
    words = f"{LANGUAGE}={chosen}; Path={root}; Max-Age={_YEAR}; Secure; HttpOnly; SameSite=Lax"
    headers = (*HEADERS, *_NEVER_KEPT, (b"location", place.encode()), (b"set-cookie", words.encode("ascii")))
    return Answer(303, HTML, headers=headers)


def asset(name: str) -> Answer | None:
    """Return the style or the icon, which are the same for everybody; None for any other name."""
    if name not in _ASSETS:
        return None
    keep = (b"cache-control", b"private, max-age=86400")
    return Answer(200, _ASSETS[name], _read(name), headers=(*HEADERS, keep))


class _Words:
    """What templates call as `t("name", figure=…)`."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, name: str, **data: object) -> str:
        return WORDS[name].fill(self._language, **data)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("erepo.cloud.web.panel"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _read(name: str) -> bytes:
    return resources.files("erepo.cloud.web.panel").joinpath("templates", name).read_bytes()


@cache
def _version() -> str:
    """Return what changes with the style, so that browsers may keep it for long."""
    return hashlib.sha256(b"".join(map(_read, _ASSETS))).hexdigest()[:12]
