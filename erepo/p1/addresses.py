"""Where P1's services are."""

from dataclasses import dataclass
from typing import Self

from erepo.p1 import names
from erepo.p1.errors import P1Misconfigured
from erepo.settings import Settings


@dataclass(frozen=True, slots=True)
class P1Addresses:
    """The https address of each service, and SZAR's key of a repository's public address."""

    token: str
    szar: str
    soz: str
    iti18: str
    iti42: str
    iti57: str
    public_url_key: str = names.PUBLIC_URL_KEY

    @classmethod
    def below(cls, base: str, public_url_key: str = names.PUBLIC_URL_KEY) -> Self:
        """Return the services below P1's address, for example `https://sus.ezdrowie.gov.pl`."""
        root = base.rstrip("/")
        return cls(
            token=root + names.TOKEN_PATH,
            szar=root + names.SZAR_PATH,
            soz=root + names.SOZ_PATH,
            iti18=root + names.ITI18_PATH,
            iti42=root + names.ITI42_PATH,
            iti57=root + names.ITI57_PATH,
            public_url_key=public_url_key,
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the services that the settings name."""
        return cls.below(settings.p1_url, settings.p1.public_url_key)


def trust_of(settings: Settings) -> bytes:
    """Return the authorities of P1 in PEM.

    Raises:
        P1Misconfigured: the file cannot be read.
    """
    try:
        return settings.p1_authority.read_bytes()
    except OSError:
        raise P1Misconfigured(rule="EREPO_P1__CA: no such file") from None
