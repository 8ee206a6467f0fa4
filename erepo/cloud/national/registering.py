"""Registering an account's repository in the national domain, in steps that may be cut off anywhere.

    step                                   commit point            what the same request does after a crash
    certificates sealed and stored         our transaction         finds them, goes on
    about to ask for an id: noted          our transaction         asks (again)
    the national domain gives an id        theirs                  asks again, hears that a repository exists,
                                                                   and demands a new one: the other has never
                                                                   had an address and nobody uses it
    the id is kept                         our transaction         goes on
    the national domain knows the address  theirs                  tells it again: that replaces
    registered                             our transaction         answers alike

A repository that exists is ours if an id was asked for here before and the answer is not known, or if the
account was registered here before with certificates of the same subjects: then its known id is used again, so
that what was indexed under it stays reachable. Otherwise the provider has it elsewhere, and only the clinic
can decide to have a further one (`force_new`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from erepo.cloud.audit.events import Thing
from erepo.cloud.national import keeping
from erepo.cloud.national.credentials import Credentials, pack, unpack
from erepo.cloud.national.errors import (
    P1AnswerUnusable,
    P1NotConfigured,
    P1RegistrationRefused,
    P1RepositoryExists,
    P1Unreachable,
)
from erepo.cloud.national.keeping import Registration
from erepo.cloud.national.port import NationalDomain
from erepo.cloud.vault.envelope import Bound, Envelope
from erepo.cloud.vault.rotating import P1
from erepo.cloud.vault.vault import Vault
from erepo.identifiers.oids import is_oid

Result = TypeVar("Result")
Step = Callable[[Connection], None]
#: After these it is certain that nothing was done.
_IN_VAIN = (P1RegistrationRefused, P1NotConfigured, P1RepositoryExists, P1Unreachable)


class Means(Protocol):
    """How a registration reads, writes and calls the national domain, beside the event loop."""

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Read the account's rows."""
        ...

    async def write(self, step: Step, things: Sequence[Thing]) -> None:
        """Do a step in a transaction of its own under the account's lock, with its event."""
        ...

    async def work(self, work: Callable[[], Result]) -> Result:
        """Do what costs time on this machine."""
        ...

    async def abroad(self, call: Callable[[], Result]) -> Result:
        """Call the national domain, bounded in time."""
        ...


@dataclass(frozen=True, slots=True)
class Registering:
    """The registration of one account.

    Attributes:
        tenant_id: whose.
        address: of its repository, as the national domain is told.
        domain: the national domain.
        vault: where the certificates' keys are sealed.
        means: see there.
        clock: UTC, naive.
    """

    tenant_id: int
    address: str
    domain: NationalDomain
    vault: Vault
    means: Means
    clock: Callable[[], datetime]

    async def register(self, credentials: Credentials, *, force_new: bool) -> Registration:
        """Store certificates and register with them, or resume what is unfinished of that.

        Raises:
            P1CertificatesPresent: others are there; nothing was changed.
            P1RepositoryExists, P1RepositoryIdMissing, P1RegistrationRefused, P1AnswerUnusable,
                P1NotConfigured, P1RegistrationBusy, P1Unreachable, P1Overdue: the certificates are stored.
            MasterKeyMissing, MasterKeyUnknown, MasterKeyMalformed, MasterKeyChanged: nothing was changed.
        """
        found = await self._stored(credentials)
        if found.repository_id is None:
            repository_id = await self._ask(found, credentials, force_new=force_new)
            keep = partial(
                keeping.note_repository,
                tenant_id=self.tenant_id,
                number=found.id,
                repository_id=repository_id,
            )
            await self._write(keep, Thing("setting", "P1 repository", repository_id))
            found = await self._present()
        if found.registered_at is None or found.address != self.address:
            tell = partial(self.domain.register_access, credentials, str(found.repository_id), self.address)
            await self.means.abroad(tell)
            done = partial(
                keeping.note_access,
                tenant_id=self.tenant_id,
                number=found.id,
                address=self.address,
                at=self.clock(),
            )
            await self._write(done, Thing("setting", "P1 address", self.address))
            found = await self._present()
        return found

    async def revoke(self) -> None:
        """Erase the certificates' keys and forget the id for use; without certificates nothing happens."""
        found = await self.means.read(partial(keeping.present, tenant_id=self.tenant_id))
        if found is None:
            return
        thing = Thing("setting", "P1 repository", f"{found.repository_id or '-'} → -")
        await self._write(partial(keeping.revoke, tenant_id=self.tenant_id, at=self.clock()), thing)

    async def _stored(self, credentials: Credentials) -> Registration:
        found = await self.means.read(partial(keeping.present, tenant_id=self.tenant_id))
        if found is not None and found.is_of(credentials):
            return found
        bound = Bound(self.tenant_id, P1)
        envelope = await self.means.work(lambda: self.vault.seal(pack(credentials), bound))
        store = partial(_store, self.tenant_id, credentials, envelope, self.clock())
        things = [
            Thing("setting", "P1 TLS certificate", credentials.tls.fingerprint),
            Thing("setting", "P1 WSS certificate", credentials.wss.fingerprint),
        ]
        await self._write(store, *things)
        return await self._present()

    async def _ask(self, found: Registration, credentials: Credentials, *, force_new: bool) -> str:
        former = await self.means.read(partial(keeping.former, tenant_id=self.tenant_id))
        mine = [each for each in former if each.subjects == found.subjects]
        await self._note(found, self.clock(), "asked")
        try:
            return await self._asked(credentials, force_new=force_new)
        except _IN_VAIN as error:
            if isinstance(error, P1RepositoryExists) and not force_new:
                for each in mine:
                    if each.repository_id is not None and each.registered_at is not None:
                        return each.repository_id
                if found.asked or any(each.asked or each.repository_id is not None for each in mine):
                    return await self._asked(credentials, force_new=True)
            # How an earlier asking ended stays unknown: this one says nothing about it.
            if not found.asked:
                await self._note(found, None, "in vain")
            raise

    async def _asked(self, credentials: Credentials, *, force_new: bool) -> str:
        call = partial(self.domain.register_repository, credentials, force_new=force_new)
        repository_id = await self.means.abroad(call)
        if not is_oid(repository_id):
            raise P1AnswerUnusable(reason="repository id")
        return repository_id

    async def _note(self, found: Registration, at: datetime | None, word: str) -> None:
        note = partial(keeping.note_asked, tenant_id=self.tenant_id, number=found.id, at=at)
        await self._write(note, Thing("setting", "P1 asked for an id", word))

    async def _write(self, step: Step, *things: Thing) -> None:
        await self.means.write(step, things)

    async def _present(self) -> Registration:
        found = await self.means.read(partial(keeping.present, tenant_id=self.tenant_id))
        assert found is not None
        return found


def credentials_of(vault: Vault, tenant_id: int, registration: Registration) -> Credentials:
    """Return the certificates with their keys: for requests to P1 in the provider's name.

    Raises:
        SecretDamaged, MasterKeyUnknown, MasterKeyMalformed: they cannot be opened.
    """
    assert registration.envelope is not None
    return unpack(vault.open(registration.envelope, Bound(tenant_id, P1)))


def _store(
    tenant_id: int, credentials: Credentials, envelope: Envelope, at: datetime, connection: Connection
) -> None:
    Vault.expect_present(connection, envelope)
    keeping.store(connection, tenant_id, credentials, envelope, at)
