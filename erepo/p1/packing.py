"""Writing a message in the P1 profile: Body and Timestamp signed, RSA-SHA256, exclusive canonicalisation.

As `erepo.soap.message` does it: the octets that were hashed are the octets that are sent. Addressing headers,
where a service wants them, are not signed; an assertion is carried beside the signature.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from erepo.p1.errors import P1Misconfigured
from erepo.p1.names import XS
from erepo.pki.bundle import Bundle
from erepo.soap.headers import Addressing, escaped
from erepo.soap.names import ANONYMOUS, RSA_SHA256, SOAP_TYPE, WSA, WSU
from erepo.soap.signing import ReadyAssertion, Signer, sha256
from erepo.soap.versions import SOAP_11, SoapVersion

#: Seconds from Created to Expires.
LIFE = 300.0


@dataclass(frozen=True)
class P1Message:
    """A message of the P1 profile to be sent.

    Attributes:
        payload: the one element of the Body, given away.
        version: of SOAP.
        addressing: None for the services that want none.
        assertion: P1's SAML token, where the service wants one.
    """

    payload: etree._Element
    version: SoapVersion
    addressing: Addressing | None = None
    assertion: ReadyAssertion | None = None


def p1_signer(bundle: Bundle) -> Signer:
    """Return what signs in the P1 profile.

    Raises:
        P1Misconfigured: the key is no RSA key; P1 takes no other.
    """
    signer = Signer(bundle)
    if signer.algorithm != RSA_SHA256:
        raise P1Misconfigured(rule="the WSS key for P1 is no RSA key")
    return signer


def pack_p1(message: P1Message, signer: Signer, *, now: datetime | None = None, life: float = LIFE) -> bytes:
    """Make the octets of a message."""
    namespace = message.version.namespace
    body = etree.Element(message.version.name("Body"), nsmap={"soap": namespace, "wsu": WSU})
    body.set(f"{{{WSU}}}Id", "body")
    body.append(message.payload)
    octets = etree.tostring(body, method="c14n", exclusive=True, with_comments=False)
    security = signer.secure(
        {"body": sha256(octets)}, now or datetime.now(UTC), life, bearer=message.assertion
    )
    # `xs` is declared for the xsi:type of attribute values, which canonicalisation takes for mere text.
    start = f'<soap:Envelope xmlns:soap="{namespace}" xmlns:xs="{XS}"><soap:Header>'.encode()
    return b"".join(
        (start, security, _addressing(message.addressing), b"</soap:Header>", octets, b"</soap:Envelope>")
    )


def content_type(version: SoapVersion, action: str) -> str:
    """Return the HTTP Content-Type of a message."""
    if version is SOAP_11:
        return "text/xml; charset=utf-8"
    return f'{SOAP_TYPE}; charset=utf-8; action="{action}"'


def _addressing(addressing: Addressing | None) -> bytes:
    if addressing is None:
        return b""
    values = {"Action": addressing.action, "MessageID": addressing.message_id, "To": addressing.to}
    if addressing.relates_to is not None:
        values["RelatesTo"] = addressing.relates_to
    written = "".join(
        f'<wsa:{name} xmlns:wsa="{WSA}">{escaped(value)}</wsa:{name}>' for name, value in values.items()
    )
    if addressing.relates_to is None:
        written += f'<wsa:ReplyTo xmlns:wsa="{WSA}"><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>'
    return written.encode()
