"""Who acts: the person behind a request, proven and put into its record (IHE ITI-40; manual 2.4).

An assertion or token that is there is always proven, also where the account need not send one.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from cryptography import x509

from erepo.acting import Actor, Expected, Proven, TokenRefused, UserUnknown, read_assertion, read_token
from erepo.cloud import addresses
from erepo.cloud.audit.evidence import Once
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.exchange import Question
from erepo.cloud.web.signers import registered_of, signers_of
from erepo.cloud.web.standing import refuse_signer
from erepo.cloud.web.trail import Trail
from erepo.soap.verifying import Verified

_BEARER = b"bearer "
#: A connection shows the same octets with each of its requests.
certificate_of = lru_cache(maxsize=1024)(x509.load_der_x509_certificate)


async def who_acts(question: Question) -> Actor | None:
    """Return the acting person of a proven message, None where nobody is named and nobody need be.

    Raises:
        UserUnknown: the account must name a person with PESEL or NPWZ, or the assertion names none.
        AssertionRefused: the assertion proves nothing.
    """
    cloud, tenant, verified = question.cloud, question.tenant, question.verified
    if verified.assertion is None and tenant.users == "optional":
        return None
    holder = certificate_of(question.caller.certificate) if question.caller.certificate else None
    names = names_of(cloud, tenant, verified.to)
    proven = await proven_actor(cloud, tenant, names, verified, holder)
    if proven.one_time is not None:
        once = Once(proven.one_time, proven.until.replace(tzinfo=None))
        question.trail.once = (*question.trail.once, once)
    remember(question.trail, proven.actor)
    return proven.actor


async def proven_actor(
    cloud: Cloud,
    tenant: Tenant,
    names: frozenset[str],
    verified: Verified,
    holder: x509.Certificate | None,
) -> Proven:
    """Prove the assertion of a message that an account sent.

    Args:
        cloud: the service.
        tenant: who sent it.
        names: whom the assertion may be meant for: the account whose endpoint was called.
        verified: the message.
        holder: certificate of the connection.

    Raises:
        UserUnknown, AssertionRefused: as `who_acts`.
    """
    expected = await _expected(cloud, tenant, names)
    # A registered key that signed nothing here is not proven: its assertion may have been overheard.
    holders = tuple(each for each in (holder, verified.certificate) if each is not None)
    return read_assertion(verified, replace(expected, holders=holders), cloud.assertions)


async def bearer(cloud: Cloud, tenant: Tenant, headers: Mapping[bytes, bytes], trail: Trail) -> Actor | None:
    """Return the person whose token a REST request carries; None without one.

    Raises:
        UserUnknown, TokenRefused: the token names nobody, or proves nothing.
        SignerRevoked: it would, but its signer was revoked.
    """
    token = token_of(headers)
    if not token:
        return None
    expected = await expected_of(cloud, tenant)
    try:
        actor = read_token(token, expected)
    except TokenRefused:
        await _refuse_revoked(cloud, tenant, token, expected)
        raise
    remember(trail, actor)
    return actor


def token_of(headers: Mapping[bytes, bytes]) -> str:
    """Return the token that a request carries, not proven; empty where it carries nothing of the kind."""
    value = headers.get(b"authorization", b"")
    if not value:
        return ""
    token = value[len(_BEARER) :].strip().decode("latin-1") if value[:7].lower() == _BEARER else ""
    return token or "?"


async def expected_of(cloud: Cloud, tenant: Tenant) -> Expected:
    """Return what a token beside a REST request of an account must be."""
    return await _expected(cloud, tenant, names_of(cloud, tenant))


async def require_actor(
    cloud: Cloud, tenant: Tenant, headers: Mapping[bytes, bytes], trail: Trail
) -> Actor | None:
    """Return the person behind a REST request that people make; as `bearer`, but see Raises.

    Raises:
        UserUnknown: also where there is no token and the account must name a person.
        TokenRefused: as `bearer`.
    """
    actor = await bearer(cloud, tenant, headers, trail)
    if actor is None and tenant.users == "required":
        raise UserUnknown(rule="no token")
    return actor


async def _expected(cloud: Cloud, tenant: Tenant, names: frozenset[str]) -> Expected:
    return Expected(
        account=tenant.account,
        certificates=await signers_of(cloud, tenant),
        holders=(),
        audiences=names,
        trust=cloud.trust,
        now=cloud.now(),
        skew=cloud.settings.wss.skew,
    )


async def _refuse_revoked(cloud: Cloud, tenant: Tenant, token: str, expected: Expected) -> None:
    """Return unless it was a revoked key that signed a token: whoever holds it should hear that.

    Raises:
        SignerRevoked: it was.
    """
    standing = set(expected.certificates)
    for each in await registered_of(cloud, tenant):
        if each in standing:
            continue
        with suppress(TokenRefused, UserUnknown):
            read_token(token, replace(expected, certificates=(each,)))
            refuse_signer(cloud, each)


def names_of(cloud: Cloud, tenant: Tenant, to: str = "") -> frozenset[str]:
    """Return what an audience may call this service: its addresses, and the community it serves.

    Behind a proxy clients know another address than ours: the one they address the message to. That is the
    sender's word, so it counts with the account's path only: a bare host may be any other service's name.
    """
    address = addresses.split(to)
    roots = {cloud.base_url, f"{address.scheme}://{address.netloc}" if address.netloc else cloud.base_url}
    service = f"/services/{tenant.account}"
    paths = (service, f"{service}/xds/registry", f"{service}/xds/repository")
    named = {root.rstrip("/") + path for root in roots for path in paths}
    return frozenset({cloud.base_url, *named, tenant.home_community_id, tenant.repository_unique_id})


def remember(trail: Trail, actor: Actor) -> None:
    """Put who acts into the record."""
    user = f"{actor.id_root}:{actor.id}"
    trail.who = replace(trail.who, user=user, role=str(actor.role), purpose=str(actor.purpose))
