"""The registered WSS certificates of an account, as certificates.

What a fingerprint names never changes, so a loaded certificate is kept for good; whether it still counts for
an account is asked of `Tenant.signers` each time.
"""

from functools import partial
from typing import TYPE_CHECKING

from cryptography import x509
from sqlalchemy import select

from erepo.cloud.storage.tables import certificate
from erepo.pki.pem import read_certificate
from erepo.pki.revocation import CertificateRevoked

if TYPE_CHECKING:
    from erepo.cloud.service import Cloud
    from erepo.cloud.tenancy.tenants import Tenant

_MOST = 10_000
_loaded: dict[str, x509.Certificate] = {}


async def signers_of(cloud: "Cloud", tenant: "Tenant") -> tuple[x509.Certificate, ...]:
    """Return the certificates behind `tenant.signers`, but for those that were revoked."""
    return tuple(each for each in await registered_of(cloud, tenant) if _stands(cloud, each))


async def registered_of(cloud: "Cloud", tenant: "Tenant") -> tuple[x509.Certificate, ...]:
    """Return the certificates behind `tenant.signers`, revoked or not."""
    missing = [each for each in tenant.signers if each not in _loaded]
    if missing:
        found = await cloud.reading(partial(_load, cloud, tenant.id, missing))
        if len(_loaded) > _MOST:
            _loaded.clear()
        _loaded.update(found)
    return tuple(_loaded[each] for each in sorted(tenant.signers) if each in _loaded)


def _stands(cloud: "Cloud", found: x509.Certificate) -> bool:
    """Tell whether nothing at hand says that a certificate was revoked."""
    issuer = cloud.trust.issuer_of(found)
    try:
        if issuer is not None:
            cloud.revocation.refuse_revoked(found, issuer)
    except CertificateRevoked:
        return False
    return True


def _load(cloud: "Cloud", tenant_id: int, fingerprints: list[str]) -> dict[str, x509.Certificate]:
    query = select(certificate.c.fingerprint, certificate.c.pem).where(
        certificate.c.tenant_id == tenant_id, certificate.c.fingerprint.in_(fingerprints)
    )
    with cloud.database.read(tenant_id) as connection:
        return {row.fingerprint: read_certificate(row.pem.encode()) for row in connection.execute(query)}
