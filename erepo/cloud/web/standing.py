"""Whether an account's certificates were revoked: asked when registered, remembered with every message.

At the doors (activation, new certificates) the authority is asked, off the event loop; what it does not
answer is refused. A message costs a look into the lists at hand, never a call: a certificate that any list
names is refused whatever it wants; where the list of its authority is too old, **it changes nothing any more,
and what it has deposited can still be read**. A background task keeps the lists fresh (`Watch`).
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from cryptography import x509
from sqlalchemy import select

from erepo.cloud.audit.events import Action
from erepo.cloud.errors import where
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables import certificate
from erepo.cloud.tenancy.errors import ConnectionRevoked, SignerRevoked, StatusStale
from erepo.cloud.web.exchange import Question
from erepo.errors import ErepoError
from erepo.pki.pem import read_certificate
from erepo.pki.revocation import CertificateRevoked

log = logging.getLogger("erepo.cloud")

#: Seconds between two looks at which lists are due.
_LOOK_SECONDS = 60
_READS = frozenset({Action.READ, Action.EXECUTE})


async def expect_unrevoked(cloud: Cloud, certificates: Iterable[x509.Certificate]) -> None:
    """Ask the authorities of certificates that are about to be trusted; blocks nothing else.

    Raises:
        RevokedByCrl, RevokedByOcsp: one was revoked.
        StatusUnknown, StatusUntrusted: nobody proves that it was not.
    """
    chains = [cloud.trust.path(each, at=cloud.now()) for each in certificates]
    for chain in chains:
        await cloud.inquiring(partial(cloud.revocation.check, chain))


def refuse_connection(cloud: Cloud, peer: x509.Certificate) -> None:
    """Return if nothing at hand says that a connection's certificate was revoked.

    Raises:
        ConnectionRevoked: something does.
    """
    issuer = cloud.trust.issuer_of(peer)
    if issuer is None:
        return
    try:
        cloud.revocation.refuse_revoked(peer, issuer)
    except CertificateRevoked as error:
        raise ConnectionRevoked(**error.data) from error


def refuse_signer(cloud: Cloud, signer: x509.Certificate) -> None:
    """Return if nothing at hand says that a message's signer was revoked.

    Raises:
        SignerRevoked: something does.
    """
    issuer = cloud.trust.issuer_of(signer)
    if issuer is None:
        return
    try:
        cloud.revocation.refuse_revoked(signer, issuer)
    except CertificateRevoked as error:
        raise SignerRevoked(**error.data) from error


def expect_current(question: Question, action: Action, peer: x509.Certificate | None) -> None:
    """Return if a message may do what it wants, as far as lists are needed for that: reading needs none.

    Raises:
        StatusStale: the list of an authority is too old to change anything on its word.
    """
    if action in _READS:
        return
    cloud = question.cloud
    for each in (question.verified.certificate, peer):
        issuer = cloud.trust.issuer_of(each) if each is not None else None
        if each is None or issuer is None:
            continue
        try:
            cloud.revocation.expect_current(each, issuer)
        except ErepoError as error:
            log.warning("account %s: %s", question.tenant.account, error)
            raise StatusStale(code=error.code) from error


class Watch:
    """Keeps the lists at hand fresh while the service runs: at its start, then again and again."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Run until cancelled: everything at first, then what is old or ends soon."""
        usual = self._cloud.settings.revocation.refresh
        every = 0
        while True:
            try:
                await self._cloud.inquiring(partial(self._refresh, timedelta(seconds=every)))
            except Exception as error:  # noqa: BLE001 — the next time must come, whatever was wrong
                log.warning("the revocation lists could not be brought up to date: %s", where(error))
            every = usual
            await asyncio.sleep(min(usual, _LOOK_SECONDS))

    def _refresh(self, every: timedelta) -> None:
        cloud = self._cloud
        with cloud.database.everyone("revocation lists are per authority, not per account") as connection:
            active = select(certificate.c.pem).where(certificate.c.state == "active")
            pems: list[Any] = list(connection.execute(active).scalars())
        found = [read_certificate(pem.encode("ascii")) for pem in pems]
        pairs = [(each, issuer) for each in found if (issuer := cloud.trust.issuer_of(each)) is not None]
        cloud.revocation.refresh(pairs, every)
