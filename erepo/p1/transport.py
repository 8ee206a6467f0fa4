"""zeep's transport: zeep makes the element of a request by our WSDL, and reads the element of an answer.

Everything between is ours: P1's WS-Security, HTTP, and the proof of the answer. zeep is handed an envelope
made anew around the one element that the signature covers; it never sees what came over the wire. The WSDL
files lie in this package, and nothing else is ever loaded, whatever a file or an answer names.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from lxml import etree
from zeep.transports import Transport

from erepo.p1.answers import read_answer
from erepo.p1.errors import P1AnswerInvalid, P1Misconfigured
from erepo.p1.http import P1Http
from erepo.p1.names import XSI
from erepo.p1.packing import P1Message, pack_p1
from erepo.p1.verifying import P1Verifier
from erepo.soap.headers import Addressing
from erepo.soap.message import new_message_id
from erepo.soap.names import SAML2, SOAP11
from erepo.soap.signing import ReadyAssertion, Signer
from erepo.soap.versions import SOAP_11

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

_FILE = re.compile(r"[a-z]+\.(?:wsdl|xsd)")
_VALUE: Final = f"{{{SAML2}}}AttributeValue"
_START: Final = f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>'.encode()


class _Reply:
    """What zeep expects of an HTTP answer; made from verified octets only."""

    status_code: Final = 200
    encoding: Final = "utf-8"
    headers: Final[Mapping[str, str]] = {"Content-Type": "text/xml"}

    def __init__(self, content: bytes) -> None:
        self.content = content


class P1Transport(Transport):
    """Carries zeep's messages to P1 in the P1 profile.

    Args:
        http: the connections.
        signer: of requests (`erepo.p1.packing.p1_signer`).
        verifier: of answers.
        life: seconds a request stays valid.
    """

    # Not called: it would open a session of requests that reads file:// and follows redirects.
    def __init__(self, http: P1Http, signer: Signer, verifier: P1Verifier, life: float) -> None:
        self._http, self._signer, self._verifier, self._life = http, signer, verifier, life
        self._close_session = False
        self._assertion: ReadyAssertion | None = None
        self._addressed = False
        #: The last answer, as it was proven.
        self.verified: Verified | None = None

    @contextmanager
    def carrying(self, *, assertion: ReadyAssertion | None = None, addressed: bool = False) -> Iterator[None]:
        """Inside, requests carry a token, or addressing headers."""
        self._assertion, self._addressed = assertion, addressed
        try:
            yield
        finally:
            self._assertion, self._addressed, self.verified = None, False, None

    def load(self, url: str) -> bytes:
        """Return a WSDL or schema of this package.

        Raises:
            P1Misconfigured: something else is asked for.
        """
        name = url.rpartition("/")[2]
        if "://" in url or not _FILE.fullmatch(name):
            raise P1Misconfigured(rule="a WSDL names a file that is not ours")
        return resources.files(__package__).joinpath("wsdl", name).read_bytes()

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Reply:
        """Send the element that zeep made, and return the element of the proven answer.

        Raises:
            P1AnswerInvalid: the answer cannot be trusted.
            ErepoError: a fault; see `faults`. And as `P1Http.post`.
        """
        action = headers.get("SOAPAction", "").strip('"')
        payload = envelope.find(f"{SOAP_11.name('Body')}/*")
        assert payload is not None
        for value in payload.iter(_VALUE):
            value.set(f"{{{XSI}}}type", "xs:string")
        asked = Addressing(action, address, new_message_id()) if self._addressed else None
        message = P1Message(payload, SOAP_11, asked, self._assertion)
        answer = self._http.post(address, action, pack_p1(message, self._signer, life=self._life))
        verified = read_answer(answer.body, SOAP_11, self._verifier, address)
        if asked is not None and verified.relates_to not in ("", asked.message_id):
            raise P1AnswerInvalid(address=address, rule="it belongs to another request")
        self.verified = verified
        return _Reply(_alone(verified.payload))

    def post(self, address: str, message: Any, headers: Any) -> Any:
        """Not used: messages leave through `post_xml` only."""
        raise NotImplementedError

    def get(self, address: str, params: Any, headers: Any) -> Any:
        """Not used: nothing is fetched."""
        raise NotImplementedError


def _alone(payload: etree._Element) -> bytes:
    return _START + etree.tostring(payload, encoding="utf-8", with_tail=False) + b"</s:Body></s:Envelope>"
