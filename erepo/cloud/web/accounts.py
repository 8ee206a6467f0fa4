"""REST: activation of an account, its state and usage (manual 1.1.2)."""

from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from cryptography import x509
from sqlalchemy import Connection

from erepo.cloud.errors import PathUnknown, RequestMalformed, TenantUnknown
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import bearer
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.standing import expect_unrevoked
from erepo.cloud.web.trail import Trail
from erepo.pki.bundle import Bundle
from erepo.pki.checks import check_certificate
from erepo.pki.errors import WrongSubject
from erepo.pki.keys import public_key_of
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.pem import read_certificate
from erepo.pki.serials import check_serials


def may_activate(account: str, tls_der: bytes) -> x509.Certificate:
    """Return the connection's certificate if it names this account and TLS.

    Raises:
        PathUnknown: it does not; says nothing about whether the account exists.
    """
    certificate = x509.load_der_x509_certificate(tls_der)
    try:
        subject = parse_subject(certificate)
    except WrongSubject:
        raise PathUnknown from None
    if subject != (account, CertificatePurpose.TLS):
        raise PathUnknown
    return certificate


async def activate(
    cloud: Cloud, account: str, tls: x509.Certificate, body: bytearray, trail: Trail
) -> dict[str, Any]:
    """Register the TLS certificate of the connection and the WSS certificate of the body.

    The same call again gives the same answer. Commit point: both certificates and the state are one
    transaction.

    Raises:
        RequestMalformed: the body is not `{"wss_certificate": PEM}`.
        CertificateRefused: either certificate is not fit; the leaf class says why.
        StatusUnknown, StatusUntrusted: nobody proves that neither was revoked.
        PathUnknown: the account was never ordered.
        AccountOccupied: it is active with other certificates.
    """
    wss = _wss_certificate(body)
    for certificate, purpose in ((tls, CertificatePurpose.TLS), (wss, CertificatePurpose.WSS)):
        check_certificate(
            certificate,
            account=account,
            purpose=purpose,
            key=public_key_of(certificate),
            trust=cloud.trust,
            at=cloud.now(),
        )
    check_serials((tls, wss))
    found = await cloud.reading(partial(_ordered, cloud, account))
    await expect_unrevoked(cloud, (tls, wss))
    trail.tenant_id, trail.who = found.id, replace(trail.who, account=account)
    await trail.write(Change(evidence=trail.evidence(), apply=partial(_activate, found, tls, wss)))
    cloud.directory.forget()
    active = await cloud.reading(partial(_ordered, cloud, account))
    return facts(active, cloud.base_url, cloud.wss)


def _wss_certificate(body: bytearray) -> x509.Certificate:
    try:
        pem = orjson.loads(body)["wss_certificate"].encode("ascii")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeEncodeError):
        raise RequestMalformed(reason="wss_certificate") from None
    return read_certificate(pem)


def _ordered(cloud: Cloud, account: str) -> Tenant:
    with cloud.database.everyone("the account is not active yet") as connection:
        try:
            return tenants.find(connection, account)
        except TenantUnknown:
            raise PathUnknown from None


def _activate(
    ordered: Tenant, tls: x509.Certificate, wss: x509.Certificate, connection: Connection
) -> Outcome:
    tenants.activate(connection, ordered.id, ordered.account, tls, wss)
    return Outcome()


def facts(tenant: Tenant, base_url: str, signer: Bundle) -> dict[str, Any]:
    """Return the technical identifiers of an account, as the clinic needs them."""
    service = f"{base_url}/services/{tenant.account}"
    return {
        "account": tenant.account,
        "state": tenant.state,
        "security": tenant.security,
        "repositoryUniqueId": tenant.repository_unique_id,
        "homeCommunityId": tenant.home_community_id,
        "sourceId": tenant.source_id,
        "service": service,
        "registry": f"{service}/xds/registry",
        "repository": f"{service}/xds/repository",
        "serviceSigner": signer.certificate_pem.decode("ascii"),
        "validUntil": tenant.valid_until.isoformat() if tenant.valid_until else None,
        "limitBytes": tenant.limit_bytes,
        "limitDocuments": tenant.limit_documents,
    }


async def answer_state(call: Call) -> Answer:
    """Answer `GET /services/{account}`; machines ask it, so nobody need be named."""
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    return json_answer(200, await state(call.cloud, call.tenant))


async def state(cloud: Cloud, tenant: Tenant) -> dict[str, Any]:
    """Return an account's identifiers, limits and usage."""
    used = await cloud.reading(partial(_usage, cloud, tenant))
    return {
        **facts(tenant, cloud.base_url, cloud.wss),
        "usedBytes": used.used_bytes,
        "usedDocuments": used.used_documents,
    }


def _usage(cloud: Cloud, tenant: Tenant) -> tenants.Usage:
    with cloud.database.read(tenant.id) as connection:
        return tenants.usage(connection, tenant.id)
