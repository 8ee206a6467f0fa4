"""Under which address clients reach the service."""

from urllib.parse import urlsplit

from erepo.cloud.errors import PublicAddressMissing
from erepo.settings import Settings

#: Listening on every address of the machine: none of them is what a client would call.
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared, not bound


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


def own_names(settings: Settings) -> list[str]:
    """Return the names and addresses that the settings give the service: for its certificate."""
    public = urlsplit(settings.public_url).hostname
    listening = None if settings.host in _EVERYWHERE else settings.host
    return [name for name in (public, listening) if name]
