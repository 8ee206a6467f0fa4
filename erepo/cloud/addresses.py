"""Under which address clients reach the service."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from erepo.cloud.errors import PublicAddressMissing
from erepo.settings import Settings

#: Listening on every address of the machine: none of them is what a client would call.
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared, not bound
#: RFC 1123 §2.1, and a star for the first label (RFC 6125 §6.4.3).
_LABEL: Final = "(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_DNS_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\Z", re.ASCII)


def is_server_name(text: str) -> bool:
    """Tell whether a certificate may be made for this: a DNS name (in its ASCII form) or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _DNS_NAME.match(text) is not None
    return True


def split(address: str) -> SplitResult:
    """Return the parts of an address that somebody sent; of one that is none, all are empty."""
    try:
        return urlsplit(address)
    except ValueError:  # brackets around no IP address, and the like
        return urlsplit("")


def service_url(settings: Settings) -> str:
    """Return the address that clients are told, without a slash at its end.

    Raises:
        PublicAddressMissing: the service listens everywhere and nobody said how clients call it.
    """
    if settings.public_url:
        return settings.public_url
    if settings.host in _EVERYWHERE:
        raise PublicAddressMissing(host=settings.host)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"https://{host}:{settings.cloud_port}"


def door_url(settings: Settings, base_url: str) -> str:
    """Return the address under which other providers (P1) reach the service, without a slash at its end."""
    return settings.p1.door_url or base_url


def door_of(url: str, account: str) -> str:
    """Return the address of an account's door for other providers: what P1 is told."""
    return f"{url}/services/{account}/p1/xds/repository"


def own_names(settings: Settings) -> list[str]:
    """Return the names and addresses that the settings give the service: for its certificate."""
    public = urlsplit(settings.public_url).hostname
    listening = None if settings.host in _EVERYWHERE else settings.host
    door = urlsplit(settings.p1.door_url).hostname
    return [name for name in (public, listening, door) if name]
