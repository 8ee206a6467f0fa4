"""Which addresses of other providers' repositories are called: public https, and hosts that a setting lists.

What P1 tells of a repository was written there by somebody else: it must be no way into the network that the
service stands in. A name is judged where a connection is opened, by the very IP address it goes to.
"""

import re
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from erepo.cloud.national.searching.errors import AbroadAddressRefused
from erepo.pki.revocation.addresses import judge
from erepo.pki.revocation.errors import StatusAddressRefused

_URL: Final = re.compile(r"https://[A-Za-z0-9._\[\]:-]{1,255}(/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_LONGEST: Final = 1000


class AddressForbidden(OSError):
    """The name leads into a private network."""


def host_of(address: str) -> str:
    """Return the host of an address that may be called, as far as its text tells.

    Raises:
        AbroadAddressRefused: it is no plain https address.
    """
    if len(address) > _LONGEST or not _URL.fullmatch(address):
        raise AbroadAddressRefused(phase="address", rule="https")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host:
        raise AbroadAddressRefused(phase="address", rule="https")
    return host


def guard(host: str, private: frozenset[str]) -> Callable[[Any], socket.socket]:
    """Return what makes the sockets of connections to a host, and refuses what its name should not mean.

    Args:
        host: of the address.
        private: hosts that may be on this machine or in private networks.

    The returned function raises AddressForbidden.
    """

    def made(address: Any) -> socket.socket:
        family, kind, protocol, _, place = address
        try:
            judge(host, ip_address(str(place[0]).partition("%")[0]), local=host in private)
        except StatusAddressRefused:
            raise AddressForbidden("not a public address") from None
        return socket.socket(family, kind, protocol)

    return made


def is_forbidden(error: BaseException | None) -> bool:
    """Tell whether a failed connection was refused by `guard`."""
    while error is not None:
        if isinstance(error, AddressForbidden) or isinstance(
            getattr(error, "os_error", None), AddressForbidden
        ):
            return True
        error = error.__cause__ or error.__context__
    return False
