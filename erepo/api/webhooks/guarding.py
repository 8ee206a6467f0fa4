"""Which addresses are called: https to public ones. A webhook must be no way into the clinic's network.

The address is checked when a webhook is made, and again where a connection is opened, by the very IP address
it goes to: what a name meant a moment ago proves nothing.
"""

import ipaddress
import socket
from typing import Any, Final
from urllib.parse import urlsplit

from erepo.api.errors import WebhookAddressRefused
from erepo.bounded import is_of_the_internet

_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}


def check_url(url: str, *, private: bool) -> str:
    """Return an address that may be called, as far as it can be told without asking for its name.

    Args:
        url: as given.
        private: whether addresses inside the clinic are allowed, and plain http to them.

    Raises:
        WebhookAddressRefused: it may not.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")  # what the resolver will do: no empty or endless label
    except ValueError:
        raise WebhookAddressRefused(rule="URL") from None
    if (
        not host
        or parts.username is not None
        or parts.fragment
        or " " in url
        or not url.isascii()
        or not url.isprintable()
    ):
        raise WebhookAddressRefused(rule="URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and private):
        raise WebhookAddressRefused(rule="https://")
    if not private and (host in _LOCAL or _is_inside(host)):
        raise WebhookAddressRefused(rule="private")
    return url


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False  # a name; its addresses are looked at when it is called


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet.

    Raises:
        ValueError: it is no IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv4 address may travel inside: mapped, 6to4, Teredo, NAT64.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if inner:
            return is_of_the_internet(inner)
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)))
    return is_of_the_internet(found)


class AddressForbidden(OSError):
    """The name leads into a private network."""


def public_socket(address: Any) -> socket.socket:
    """Return a socket for one resolved address.

    Args:
        address: as `getaddrinfo` gives it.

    Raises:
        AddressForbidden: it is not public.
    """
    family, kind, protocol, _, place = address
    if not is_public(str(place[0])):
        raise AddressForbidden("not a public address")
    return socket.socket(family, kind, protocol)
