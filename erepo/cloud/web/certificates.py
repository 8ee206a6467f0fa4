"""REST: an account's certificates, renewed without a moment in which none works (manual 1.1.3)."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from cryptography import x509
from sqlalchemy import Connection

from erepo.acting import TokenRefused, UserUnknown, read_token
from erepo.cloud.audit.events import Thing
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy import certificates
from erepo.cloud.tenancy.errors import CertificatesNotProven
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import bearer, expected_of, require_actor, token_of
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.standing import expect_unrevoked
from erepo.pki.bundle import fingerprint
from erepo.pki.checks import check_certificate
from erepo.pki.keys import public_key_of
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import read_certificate


@dataclass(frozen=True, slots=True)
class _Wanted:
    pair: certificates.Pair
    retire_others: bool


async def answer_list(call: Call) -> Answer:
    """Answer `GET /services/{account}/certificates`."""
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    return json_answer(200, await _listed(call.cloud, call.tenant))


async def answer_register(call: Call) -> Answer:
    """Answer `PUT /services/{account}/certificates`; the same again changes nothing.

    Raises:
        RequestMalformed: the body is another.
        CertificateRefused: a certificate is not fit; the leaf class says why.
        StatusUnknown, StatusUntrusted: nobody proves that neither was revoked.
        CertificatesNotProven, CertificateRetired, AccountOccupied: nothing was changed.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    async with call.body() as body:
        wanted = _wanted(body)
    _check(cloud, tenant, wanted.pair)
    await expect_unrevoked(cloud, wanted.pair)
    if wanted.retire_others:
        await _expect_proof(call, wanted.pair)
    things = [
        Thing("setting", f"{purpose} certificate", fingerprint(each))
        for purpose, each in zip(CertificatePurpose, wanted.pair, strict=True)
    ]
    things.append(Thing("setting", "other certificates", "retired" if wanted.retire_others else "kept"))
    apply = partial(_apply, tenant, wanted)
    await trail.write(Change(evidence=trail.evidence(things), apply=apply))
    cloud.directory.forget()
    return json_answer(200, await _listed(cloud, tenant))


def _wanted(body: bytearray) -> _Wanted:
    try:
        given = orjson.loads(body)
        texts = [given[f"{purpose.lower()}_certificate"].encode("ascii") for purpose in CertificatePurpose]
        retire = given.get("retire_others", False)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeEncodeError):
        raise RequestMalformed(reason="tls_certificate, wss_certificate") from None
    if not isinstance(retire, bool):
        raise RequestMalformed(reason="retire_others")
    tls, wss = (read_certificate(pem) for pem in texts)
    return _Wanted((tls, wss), retire)


def _check(cloud: Cloud, tenant: Tenant, pair: certificates.Pair) -> None:
    for purpose, each in zip(CertificatePurpose, pair, strict=True):
        check_certificate(
            each,
            account=tenant.account,
            purpose=purpose,
            key=public_key_of(each),
            trust=cloud.trust,
            at=cloud.now(),
        )


async def _expect_proof(call: Call, pair: certificates.Pair) -> None:
    """Prove that the pair which is to stay works: this very request uses both.

    Raises:
        CertificatesNotProven: it does not.
    """
    tls, wss = pair
    if call.request.fingerprint != fingerprint(tls) or not await _signed_by(call, wss):
        raise CertificatesNotProven


async def _signed_by(call: Call, wss: x509.Certificate) -> bool:
    if fingerprint(wss) not in call.tenant.signers:
        return False
    expected = await expected_of(call.cloud, call.tenant)
    try:
        read_token(token_of(call.request.headers), replace(expected, certificates=(wss,)))
    except (TokenRefused, UserUnknown):
        return False
    return True


def _apply(tenant: Tenant, wanted: _Wanted, connection: Connection) -> Outcome:
    certificates.register(connection, tenant.id, tenant.account, wanted.pair)
    if wanted.retire_others:
        certificates.retire_others(connection, tenant.id, wanted.pair)
    return Outcome()


async def _listed(cloud: Cloud, tenant: Tenant) -> dict[str, Any]:
    rows = await cloud.reading(partial(_rows, cloud, tenant.id))
    return {"account": tenant.account, "certificates": [certificates.shown(row) for row in rows]}


def _rows(cloud: Cloud, tenant_id: int) -> Any:
    with cloud.database.read(tenant_id) as connection:
        return certificates.registered(connection, tenant_id)
