"""One question, one proven answer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lxml import etree

from erepo.settings import Limits
from erepo.soap.channel import Answer, Channel
from erepo.soap.errors import AnswerMismatched
from erepo.soap.faults import raise_fault
from erepo.soap.message import Outgoing, Packed, new_message_id, pack
from erepo.soap.mtom import Attachment, unpack
from erepo.soap.names import ANONYMOUS
from erepo.soap.signing import ReadyAssertion, Signer
from erepo.soap.verifying import Verified, Verifier, read_unsigned


@dataclass(frozen=True)
class SoapClient:
    """Sends signed requests and returns verified answers; many calls may run at once.

    Attributes:
        channel: the way out.
        signer: signs requests; None for peers that rely on mutual TLS alone.
        verifier: verifies answers; None likewise. It should `accept` only the service's own signer.
        life: seconds a request stays valid.
        limits: bounds of answers; `large_body` says what is handled off the event loop.
        actor: asked for each request who acts, from any thread; None for requests without a person.
    """

    channel: Channel
    signer: Signer | None
    verifier: Verifier | None
    life: float = 300
    limits: Limits = field(default_factory=Limits)
    actor: Callable[[], ReadyAssertion] | None = None

    async def call(
        self,
        url: str,
        action: str,
        payload: etree._Element,
        attachments: Sequence[Attachment] = (),
        *,
        expect_action: str,
        message_id: str | None = None,
        mtom: bool = True,
    ) -> Verified:
        """Send one request and return the answer that belongs to it.

        Args:
            url: the service's https address, also wsa:To.
            action: wsa:Action of the request.
            payload: see `Outgoing.payload`.
            attachments: see `Outgoing.attachments`.
            expect_action: wsa:Action the answer must carry.
            message_id: fixed by the caller where it was stored before sending; fresh by default.
            mtom: send MTOM; simple SOAP otherwise.

        Raises:
            FaultRefused, FaultRetryable: the service answers with a proven fault.
            MessageRefused: the answer is not trusted.
            AnswerMismatched: the answer belongs to another request.
            ErepoError: see `Channel.post`.
        """
        outgoing = Outgoing(action, url, payload, attachments, message_id or new_message_id())
        size = sum(attachment.content.size for attachment in attachments)
        if size > self.limits.large_body:
            packed = await asyncio.to_thread(self._pack, outgoing, mtom)
        else:
            packed = self._pack(outgoing, mtom)
        answer = await self.channel.post(url, packed)
        if len(answer.body) > self.limits.large_body:
            verified = await asyncio.to_thread(self._prove, answer)
        else:
            verified = self._prove(answer)
        return _belonging(verified, outgoing.message_id, expect_action, url)

    def _pack(self, outgoing: Outgoing, mtom: bool) -> Packed:
        assertion = self.actor() if self.actor else None
        return pack(outgoing, self.signer, mtom=mtom, life=self.life, assertion=assertion)

    def _prove(self, answer: Answer) -> Verified:
        received = unpack(answer.content_type, answer.body, self.limits)
        return self.verifier.verify(received) if self.verifier else read_unsigned(received)


def _belonging(verified: Verified, message_id: str, action: str, address: str) -> Verified:
    """Return the answer if it is the one to our request."""
    if verified.relates_to != message_id:
        raise AnswerMismatched(address=address, rule="RelatesTo is not our MessageID")
    if verified.to != ANONYMOUS:
        raise AnswerMismatched(address=address, rule="meant for another address")
    raise_fault(verified.payload, address)
    if verified.action != action:
        raise AnswerMismatched(address=address, rule="another action than expected")
    return verified
