"""Where a certificate says that its status can be asked, and which of these addresses are asked at all.

The addresses stand in a certificate whose path to a trusted authority has been proven before: a stranger
cannot write them. Still they are judged as if one had (server-side request forgery): http and https only, no
user, nothing followed, and the address behind a name must be a public one. This machine and private networks
are asked only where the operator says so; link-local addresses (where clouds keep the credentials of their
machines), multicast and unspecified ones never are.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from erepo.bounded import Address, is_of_the_internet
from erepo.pki.revocation.errors import StatusAddressRefused

_T = TypeVar("_T", bound=x509.ExtensionType)
#: A certificate that names more of a kind is no honest one.
_MOST = 4
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Published:
    """What a certificate says about the place of its status."""

    crls: tuple[str, ...]
    """Addresses of complete lists, in order."""
    responders: tuple[str, ...]
    """Addresses of OCSP responders, in order."""
    other: bool
    """Whether it names places that are not asked here: LDAP, lists of another issuer or for some reasons."""

    @property
    def nothing(self) -> bool:
        """Whether the authority publishes nothing at all."""
        return not (self.crls or self.responders or self.other)


@lru_cache(maxsize=4096)
def published(certificate: x509.Certificate) -> Published:
    """Read the places from a certificate (RFC 5280 §4.2.1.13, §4.2.2.1)."""
    lists, other = _lists(certificate)
    access = extension(certificate.extensions, x509.AuthorityInformationAccess)
    responders = [
        str(one.access_location.value)
        for one in access or ()
        if one.access_method == AuthorityInformationAccessOID.OCSP
    ]
    usable = [url for url in responders if _speaks_http(url)]
    return Published(tuple(lists[:_MOST]), tuple(usable[:_MOST]), other or len(usable) < len(responders))


def _lists(certificate: x509.Certificate) -> tuple[list[str], bool]:
    points = extension(certificate.extensions, x509.CRLDistributionPoints)
    found: list[str] = []
    other = False
    for point in points or ():
        names = [str(name.value) for name in point.full_name or () if _is_url(name)]
        usable = [name for name in names if _speaks_http(name)]
        if point.reasons or point.crl_issuer or not usable:
            other = True
        else:
            found += usable
    return list(dict.fromkeys(found)), other


def extension(extensions: x509.Extensions, kind: type[_T]) -> _T | None:
    """Return an extension's value, None where it is not there."""
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _is_url(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.UniformResourceIdentifier)


def _speaks_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def host_of(url: str) -> str:
    """Return the host and port of an address for people: bounded, nothing else of it.

    Raises:
        StatusAddressRefused: it is no plain http or https address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not host or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        rule = "no plain address / adres nieprawidłowy"
        raise StatusAddressRefused(host=ascii(host)[1:-1][:100], rule=rule)
    return f"{host}:{port}"[:120] if port else host[:120]


def judge(host: str, address: Address, *, local: bool) -> None:
    """Return if an address may be asked.

    Args:
        host: the name that led there.
        address: the address.
        local: whether this machine and private networks may be asked.

    Raises:
        StatusAddressRefused: it may not.
    """
    real = _carried(address) if isinstance(address, IPv6Address) else address
    never = real.is_link_local or real.is_multicast or real.is_unspecified
    if never or not (is_of_the_internet(real) or (local and (real.is_private or real.is_loopback))):
        raise StatusAddressRefused(host=host[:100], rule="not a public address / adres nie jest publiczny")


def _carried(address: IPv6Address) -> Address:
    """Return the IPv4 address inside an IPv6 one that only carries it; otherwise the address itself."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
