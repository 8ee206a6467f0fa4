"""P1, and the repositories that it leads to, as they are: tokens, ITI-18, SOZ, SZAR, ITI-43.

An answer of another provider's repository is believed in nothing but its octets, and those only when they
have the hash and the size that P1's own, signed answer promised: so it need not be signed by a key that we
know. What speaks to it is proven as P1's profile says: our TLS certificate of P1, our signature over Body and
Timestamp, P1's assertion.
"""

import asyncio
import hashlib
import re
import ssl
import time
from collections import OrderedDict
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from erepo.cloud.national import abroad
from erepo.cloud.national.indexing.codes import SCHEMES
from erepo.cloud.national.indexing.p1 import P1Index, bounded
from erepo.cloud.national.indexing.port import Acting, Provider
from erepo.cloud.national.searching import judging
from erepo.cloud.national.searching.errors import (
    AbroadAbsent,
    AbroadDenied,
    AbroadDiffers,
    AbroadLater,
    AbroadRepositoryUnknown,
    AbroadTooLarge,
)
from erepo.cloud.national.searching.guarding import guard, host_of
from erepo.cloud.national.searching.port import Located, Octets, Window
from erepo.content import read_all
from erepo.errors import AccessRefused, ErepoError
from erepo.identifiers.hl7 import CX
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import HttpTimeouts, Limits, Settings
from erepo.soap.errors import AnswerMismatched
from erepo.soap.headers import Addressing
from erepo.soap.http import AiohttpChannel
from erepo.soap.message import new_message_id, packed_multipart
from erepo.soap.mtom import unpack
from erepo.soap.verifying import read_unsigned
from erepo.soap.versions import SOAP_12
from erepo.xds import iti18, iti43
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument, RetrieveResult
from erepo.xds.model import DocumentEntry
from erepo.xds.responses import raise_for_status
from erepo.xds.vocabulary import APPROVED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from erepo.p1 import EdmClient, P1Client, Token

Result = TypeVar("Result")

#: Seconds for which an address that SZAR told is used.
_KEPT: Final = 300.0
_MOST_KEPT: Final = 1000
#: Documents fetched at once by one process, and seconds to wait for a turn.
_AT_ONCE: Final = 8
_PATIENCE: Final = 30.0
#: What an answer has beside the document: envelope, headers of parts.
_AROUND: Final = 1024**2
_TIME: Final = "%Y%m%d%H%M%S"
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")


class P1Abroad:
    """Asks P1 and other providers' repositories; a `port.Abroad`. Belongs to one event loop.

    Args:
        settings: addresses, authorities, limits.
        threads: in which P1's typed services are called.
        index: whose tokens are shared.
    """

    def __init__(self, settings: Settings, threads: abroad.Abroad, index: P1Index) -> None:
        self._settings, self._threads, self._index = settings, threads, index
        self._timeouts = bounded(settings.http)
        self._places: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def find(
        self, provider: Provider, acting: Acting, kinds: tuple[str, ...], window: Window
    ) -> tuple[DocumentEntry, ...]:
        """See `port.Abroad`; where P1 runs out of time an error of the code `p1.overrun`, else as there."""
        token = await self._token(provider, acting)
        assert acting.patient is not None
        root, number = acting.patient
        whose = CX(number, root)
        more: dict[str, tuple[str, ...]] = {}
        if kinds:
            more["ClassCode"] = tuple(f"{kind}^^{SCHEMES['class_code'].name}" for kind in kinds)
        if window.since is not None:
            more["CreationTimeFrom"] = (window.since.strftime(_TIME),)
        if window.until is not None:
            more["CreationTimeTo"] = (window.until.strftime(_TIME),)
        query = iti18.find_documents(whose, (APPROVED,), iti18.LEAF_CLASS, **more)
        try:
            async with self._edm(provider) as client:
                result = await client.query(query, token)
        except AccessRefused as error:
            self._index.forget(provider, acting)
            raise judging.of_p1(error, "ask") from error
        except ErepoError as error:
            if error.code == "p1.overrun":
                raise
            raise judging.of_p1(error, "ask") from error
        # P1 was asked about this patient; what is about another is none of its answer.
        return tuple(each for each in result.metadata.documents if each.patient_id == whose)

    async def fetch(self, provider: Provider, acting: Acting, wanted: Located) -> Octets:
        """See `port.Abroad`."""
        token = await self._token(provider, acting)
        await self._expect_permit(provider, wanted, token)
        address = await self._address(provider, wanted.repository_id)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise AbroadLater(phase="fetch") from None
        try:
            return await self._retrieved(provider, token, address, wanted)
        except ErepoError as error:
            if isinstance(error, AccessRefused):
                self._index.forget(provider, acting)
            # It may have moved: SZAR is asked again next time.
            self._places.pop(wanted.repository_id, None)
            raise judging.of_repository(error) from error
        finally:
            self._turns.release()

    async def _token(self, provider: Provider, acting: Acting) -> "Token":
        try:
            return await self._index.token(provider, acting)
        except ErepoError as error:
            raise judging.of_p1(error, "token") from error

    async def _expect_permit(self, provider: Provider, wanted: Located, token: "Token") -> None:
        asked = partial(_decided, unique_id=wanted.unique_id, token=token)
        decision = await self._typed(provider, asked, "consent")
        if decision != "Permit":
            raise AbroadDenied(phase="consent", rule=decision)

    async def _address(self, provider: Provider, repository_id: str) -> str:
        until, address = self._places.get(repository_id, (0.0, ""))
        if until <= time.monotonic():
            asked = partial(_located, repository_id=repository_id)
            address = await self._typed(provider, asked, "address")
            if not address:
                raise AbroadRepositoryUnknown(phase="address")
            self._places[repository_id] = (time.monotonic() + _KEPT, address)
            while len(self._places) > _MOST_KEPT:
                self._places.popitem(last=False)
        return address

    async def _typed(self, provider: Provider, work: "Callable[[P1Client], Result]", phase: str) -> Result:
        try:
            return await self._threads.call(partial(self._called, provider, work))
        except ErepoError as error:
            raise judging.of_p1(error, phase) from error

    def _called(self, provider: Provider, work: "Callable[[P1Client], Result]") -> Result:
        from erepo.p1 import P1Addresses, P1Client  # noqa: PLC0415  # loads a library; loaded by then
        from erepo.p1.addresses import trust_of  # noqa: PLC0415

        servers, signers = trust_of(self._settings)
        own = provider.credentials
        with P1Client(
            P1Addresses.of(self._settings),
            own.tls,
            own.wss,
            servers,
            wss_trust_pem=signers,
            timeouts=self._timeouts,
            wss_limits=self._settings.wss,
        ) as client:
            return work(client)

    @asynccontextmanager
    async def _edm(self, provider: Provider) -> "AsyncIterator[EdmClient]":
        from erepo.p1 import EdmClient, P1Addresses  # noqa: PLC0415
        from erepo.p1.addresses import trust_of  # noqa: PLC0415
        from erepo.p1.packing import p1_signer  # noqa: PLC0415
        from erepo.p1.verifying import P1Verifier, others_than  # noqa: PLC0415

        servers, signers = trust_of(self._settings)
        own, wss = provider.credentials, self._settings.wss
        verifier = P1Verifier(
            TrustStore.from_pem(signers),
            life=wss.life,
            skew=wss.skew,
            accept=others_than(own.wss.certificate),
        )
        channel = AiohttpChannel(client_context(own.tls, servers), self._timeouts, Limits(), 1)
        async with channel:
            yield EdmClient(channel, P1Addresses.of(self._settings), p1_signer(own.wss), verifier, wss.life)

    async def _retrieved(self, provider: Provider, token: "Token", address: str, wanted: Located) -> Octets:
        result = await self._asked(provider, token, address, wanted)
        found = [each for each in result.documents if _is_wanted(each, wanted)]
        if len(found) != 1 or len(result.documents) != 1:
            raise_for_status(result.status, result.errors)
            raise AbroadAbsent(phase="fetch", rule="another document")
        octets = read_all(found[0].content)
        if wanted.size is not None and len(octets) != wanted.size:
            raise AbroadDiffers(phase="fetch", rule="size")
        sha1 = await asyncio.to_thread(hashlib.sha1, octets, usedforsecurity=False)
        if sha1.hexdigest() != wanted.sha1:
            raise AbroadDiffers(phase="fetch", rule="hash")
        media = found[0].mime_type
        media = media if _MEDIA_TYPE.fullmatch(media) else "application/octet-stream"
        return Octets(octets, media, address)

    async def _asked(
        self, provider: Provider, token: "Token", address: str, wanted: Located
    ) -> RetrieveResult:
        """Send ITI-43 to an address that is allowed, and read what is proven to answer it."""
        from erepo.p1.faults import raise_fault  # noqa: PLC0415
        from erepo.p1.packing import P1Message, p1_signer, pack_p1  # noqa: PLC0415

        host, message_id = host_of(address), new_message_id()
        most = self._settings.p1.abroad_bytes
        if wanted.size is not None and wanted.size > most:
            raise AbroadTooLarge(phase="fetch")
        # Base64 in place is a third larger than the document.
        expected = (most if wanted.size is None else wanted.size) * 4 // 3 + _AROUND
        limits = self._settings.limits.model_copy(update={"message": expected})
        payload = iti43.write_request([DocumentRequest(wanted.repository_id, wanted.unique_id)])
        asked = Addressing(iti43.ACTION, address, message_id)
        message = P1Message(payload, SOAP_12, asked, token.assertion)
        own, life = provider.credentials, self._settings.wss.life
        octets = pack_p1(message, p1_signer(own.wss), life=life)
        channel = AiohttpChannel(
            await asyncio.to_thread(self._context, provider),
            self._patience(),
            limits,
            1,
            sockets=guard(host, self._settings.p1_abroad_private),
        )
        async with channel:
            answer = await channel.post(address, packed_multipart(octets))
        reading = partial(unpack, answer.content_type, answer.body, limits)
        verified = read_unsigned(await asyncio.to_thread(reading))
        if verified.relates_to != message_id:
            raise AnswerMismatched(address=address, rule="RelatesTo is not our MessageID")
        raise_fault(verified.payload, SOAP_12, address)
        if verified.action != iti43.RESPONSE_ACTION:
            raise AnswerMismatched(address=address, rule="another action than expected")
        return iti43.read_response(verified)

    def _context(self, provider: Provider) -> ssl.SSLContext:
        from erepo.p1.addresses import trust_of  # noqa: PLC0415
        from erepo.p1.errors import P1Misconfigured  # noqa: PLC0415

        servers, _ = trust_of(self._settings)
        others = self._settings.p1_abroad_authority
        if others is None:
            context = client_context(provider.credentials.tls, servers)
            context.load_default_certs()
            return context
        try:
            return client_context(provider.credentials.tls, servers + b"\n" + others.read_bytes())
        except (OSError, ValueError):
            raise P1Misconfigured(rule="EREPO_P1__ABROAD_CA: no such file, or no certificate in it") from None

    def _patience(self) -> HttpTimeouts:
        wait, most = self._settings.http, self._settings.p1.abroad_seconds
        return HttpTimeouts(
            connect=min(wait.connect, most),
            read=min(wait.read, most),
            write=min(wait.write, most),
            pool=min(wait.pool, most),
            total=min(wait.total, most),
        )


def _decided(client: "P1Client", unique_id: str, token: "Token") -> str:
    return str(client.decide([unique_id], token))


def _located(client: "P1Client", repository_id: str) -> str:
    return client.repository_address(repository_id)


def _is_wanted(found: RetrievedDocument, wanted: Located) -> bool:
    return (found.repository_unique_id, found.document_unique_id) == (wanted.repository_id, wanted.unique_id)
