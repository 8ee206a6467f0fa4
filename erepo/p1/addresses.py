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
    szar_read: str
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
            szar_read=root + names.SZAR_READ_PATH,
            public_url_key=public_url_key,
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the services that the settings name."""
        return cls.below(settings.p1_url, settings.p1.public_url_key)


def trust_of(settings: Settings) -> tuple[bytes, bytes]:
    """Return the authorities of P1's servers, and of what it signs, in PEM.

    Two, because an authority of many servers must not be able to sign in P1's name.

    Raises:
        P1Misconfigured: a file cannot be read.
    """
    given = settings.p1
    names = (("TLS_CA", given.tls_ca), ("SIGNING_CA", given.signing_ca))
    files = (settings.p1_tls_authority, settings.p1_signing_authority)
    found = []
    for (name, own), file in zip(names, files, strict=True):
        try:
            found.append(file.read_bytes())
        except OSError:
            raise P1Misconfigured(rule=f"EREPO_P1__{name if own else 'CA'}: no such file") from None
    return found[0], found[1]
