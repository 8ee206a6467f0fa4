"""Repositories of other providers that are known here: addresses, and whom to trust for them."""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography import x509

from erepo.clinic.account import load_connection
from erepo.clinic.audit import note
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.fetching.errors import (
    RepositoryKnown,
    RepositoryNameInvalid,
    RepositoryUnknown,
    TrustUnreadable,
)
from erepo.clinic.tables import now
from erepo.clinic.tables_api import foreign_repository
from erepo.identifiers import oids
from erepo.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Place:
    """A foreign repository.

    Attributes:
        name: what commands call it.
        repository_unique_id: OID, as registries name it.
        repository_url: endpoint of ITI-43.
        service_url: whom our assertion is for; its address up to `/xds/` by default.
        trust_pem: authorities of its TLS and signing certificates.
        registry_url: endpoint of ITI-18; empty: the registry is not asked.
        home_community_id: `urn:oid:…` or empty.
        signer_pem: certificate that signs its answers; empty: any that the authorities vouch for and that is
            no account's.
        added_at: UTC.
    """

    name: str
    repository_unique_id: str
    repository_url: str
    service_url: str
    trust_pem: str = field(repr=False)
    registry_url: str = ""
    home_community_id: str = ""
    signer_pem: str = field(default="", repr=False)
    added_at: datetime = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


_COLUMNS = [foreign_repository.c[name] for name in Place.__dataclass_fields__]


def add_place(connection: sa.Connection, place: Place, *, actor: str) -> None:
    """Make a foreign repository known.

    Raises:
        RepositoryNameInvalid, TrustUnreadable: something is not of its form.
        RepositoryKnown: name or repositoryUniqueId is taken.
    """
    _check(place)
    taken = sa.or_(
        foreign_repository.c.name == place.name,
        foreign_repository.c.repository_unique_id == place.repository_unique_id,
    )
    if connection.execute(sa.select(foreign_repository.c.name).where(taken)).first():
        raise RepositoryKnown
    connection.execute(foreign_repository.insert().values(place.as_json()))
    _note(connection, "foreign_repository_added", place, actor)


def _check(place: Place) -> None:
    if not _NAME.fullmatch(place.name):
        raise RepositoryNameInvalid(field="name")
    if not oids.is_oid(place.repository_unique_id):
        raise RepositoryNameInvalid(field="repositoryUniqueId")
    home = place.home_community_id
    if home and not (home.startswith("urn:oid:") and oids.is_oid(home.removeprefix("urn:oid:"))):
        raise RepositoryNameInvalid(field="homeCommunityId")
    urls = {
        "repository": place.repository_url,
        "registry": place.registry_url or "https://x",
        "service": place.service_url,
    }
    for name, url in urls.items():
        if not _is_address(url):
            raise RepositoryNameInvalid(field=name)
    for name, pem in (("trust", place.trust_pem), ("signer", place.signer_pem)):
        if pem.strip() or name == "trust":
            try:
                x509.load_pem_x509_certificates(pem.encode())
            except ValueError:
                raise TrustUnreadable(field=name) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https" and bool(parts.hostname) and parts.username is None and not parts.fragment
        )
    except ValueError:
        return False


def list_places(connection: sa.Connection) -> list[Place]:
    """Return all foreign repositories by name."""
    rows = connection.execute(sa.select(*_COLUMNS).order_by(foreign_repository.c.name))
    return [Place(*row) for row in rows]


def read_place(connection: sa.Connection, name: str) -> Place:
    """Return one foreign repository.

    Raises:
        RepositoryUnknown: there is none of this name.
    """
    row = connection.execute(sa.select(*_COLUMNS).where(foreign_repository.c.name == name)).one_or_none()
    if row is None:
        raise RepositoryUnknown
    return Place(*row)


def remove_place(connection: sa.Connection, name: str, *, actor: str) -> None:
    """Forget a foreign repository; what was fetched from it stays.

    Raises:
        RepositoryUnknown: there is none of this name.
    """
    place = read_place(connection, name)
    connection.execute(foreign_repository.delete().where(foreign_repository.c.name == name))
    _note(connection, "foreign_repository_removed", place, actor)


def connect(database: Database, settings: Settings, place: Place) -> CloudConnection:
    """Return a connection to a foreign repository with the clinic's own keys, not opened yet.

    Raises:
        AccountMissing, PassphraseMissing, WrongPassphrase, UserUnknown: see `load_connection`.
    """
    ours = load_connection(database, settings)
    return CloudConnection(
        account=ours.account,
        service_url=place.service_url,
        registry_url=place.registry_url,
        repository_url=place.repository_url,
        repository_unique_id=place.repository_unique_id,
        source_id=ours.source_id,
        tls=ours.tls,
        wss=ours.wss,
        trust_pem=place.trust_pem.encode(),
        service_signer=place.signer_pem.encode(),
        actor=ours.actor,
        settings=settings,
    )


def _note(connection: sa.Connection, event: str, place: Place, actor: str) -> None:
    note(
        connection,
        event,
        subject="foreign_repository",
        subject_id=place.repository_unique_id,
        actor=actor,
        detail={"name": place.name},
    )
