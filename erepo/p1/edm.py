"""P1's document index (ITI-18, ITI-42, ITI-57): SOAP 1.2, P1's WS-Security, SAML token.

Repeatable: an index that was registered already is refused by its uniqueId, a query reads, a change of
status that is done already is refused. After `P1Overrun` or a lost answer the registry is asked first.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lxml import etree

from erepo.p1.addresses import P1Addresses
from erepo.p1.answers import read_answer
from erepo.p1.errors import P1AnswerInvalid, P1Overrun
from erepo.p1.packing import P1Message, content_type, pack_p1
from erepo.p1.tokens import Token
from erepo.p1.verifying import P1Verifier
from erepo.soap.channel import Channel
from erepo.soap.headers import Addressing
from erepo.soap.message import new_message_id, packed_whole
from erepo.soap.mime import parse_media_type
from erepo.soap.names import SOAP_TYPE
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified
from erepo.soap.versions import SOAP_12
from erepo.xds import iti18, iti42, iti57
from erepo.xds.errors import RegistryError
from erepo.xds.responses import raise_for_status, read_registry_response
from erepo.xds.submitting import Registration

_RULE: Final = re.compile(r"REG\.WER\.[0-9]{1,6}")
_TIMEOUT: Final = re.compile(r"minor: *Timeout\b")


@dataclass(frozen=True)
class EdmClient:
    """Sends to P1's index for one provider; many calls may run at once.

    Attributes:
        channel: the way out, with the provider's TLS certificate (`erepo.soap.http.AiohttpChannel`).
        addresses: of the services.
        signer: of requests (`erepo.p1.packing.p1_signer`).
        verifier: of answers.
        life: seconds a request stays valid.
        heard: told when each proven answer was created, by P1's clock.
    """

    channel: Channel
    addresses: P1Addresses
    signer: Signer
    verifier: P1Verifier
    life: float = field(default=300)
    heard: Callable[[datetime], None] = field(default=lambda _: None)

    async def register(self, registration: Registration, token: Token) -> None:
        """Register the index of documents (ITI-42).

        Raises:
            XdsRefused, XdsTryLater: P1's reasons; see `rules_of`.
            P1Overrun: P1 ran out of time itself; it may have been done.
            ErepoError: see `erepo.p1.errors` and `Channel.post`.
        """
        payload = iti42.write_request(registration)
        await self._change(self.addresses.iti42, iti42.ACTION, payload, token)

    async def update(self, update: iti57.Update, token: Token) -> None:
        """Change what is registered (ITI-57), for example withdraw an index.

        Raises:
            XdsRefused, XdsTryLater, P1Overrun, ErepoError: as `register`.
        """
        payload = iti57.write_request(update)
        await self._change(self.addresses.iti57, iti57.ACTION, payload, token)

    async def query(self, query: iti18.StoredQuery, token: Token) -> iti18.QueryResult:
        """Ask the index (ITI-18).

        Raises:
            XdsRefused, XdsTryLater, P1Overrun, ErepoError: as `register`.
        """
        verified = await self.call(
            self.addresses.iti18, iti18.ACTION, iti18.write_query(query), token, iti18.RESPONSE_ACTION
        )
        result = iti18.read_response(verified)
        self._judge(result.status, result.errors, self.addresses.iti18)
        return result

    async def call(
        self, url: str, action: str, payload: etree._Element, token: Token, expect_action: str
    ) -> Verified:
        """Send one request and return the proven answer that belongs to it.

        Raises:
            P1AnswerInvalid: it cannot be trusted, or belongs to another request.
            ErepoError: a fault (`erepo.p1.faults`); as `Channel.post`.
        """
        message_id = new_message_id()
        message = P1Message(payload, SOAP_12, Addressing(action, url, message_id), token.assertion)
        octets = pack_p1(message, self.signer, life=self.life)
        answer = await self.channel.post(url, packed_whole(content_type(SOAP_12, action), octets))
        if parse_media_type(answer.content_type).value != SOAP_TYPE:
            raise P1AnswerInvalid(address=url, rule="no SOAP message")
        verified = read_answer(answer.body, SOAP_12, self.verifier, url)
        if verified.relates_to != message_id:
            raise P1AnswerInvalid(address=url, rule="it belongs to another request")
        if verified.action != expect_action:
            raise P1AnswerInvalid(address=url, rule="another action than expected")
        if verified.created is not None:
            self.heard(verified.created)
        return verified

    async def _change(self, url: str, action: str, payload: etree._Element, token: Token) -> None:
        verified = await self.call(url, action, payload, token, f"{action}Response")
        response = read_registry_response(verified.payload)
        self._judge(response.status, response.errors, url)

    def _judge(self, status: str, errors: Sequence[RegistryError], url: str) -> None:
        if any(_TIMEOUT.search(error.context) for error in errors if error.is_error):
            raise P1Overrun(address=url)
        raise_for_status(status, errors)


def rules_of(errors: Sequence[RegistryError]) -> tuple[str, ...]:
    """Return the codes of P1's own rules that errors name, each once: `REG.WER.6860`."""
    found = (_RULE.search(error.context) for error in errors)
    return tuple(dict.fromkeys(each[0] for each in found if each))
