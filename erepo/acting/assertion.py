"""Writing a SAML 2.0 assertion about the acting user (IHE ITI-40, XUA), signed by the account's WSS key.

The template emits exclusive canonical form, as `erepo.soap` does for messages: what is hashed is what is
sent, and the assertion may be carried in any envelope.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pybase64
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from erepo.acting.actor import Actor
from erepo.acting.names import (
    HL7,
    HOLDER_OF_KEY,
    NPI,
    ORGANIZATION,
    ORGANIZATION_ID,
    PROVIDER_IDENTIFIER,
    PURPOSE,
    REASON,
    ROLE,
    SUBJECT_ID,
    UNSPECIFIED_NAME,
    URI_NAMES,
    X509_CLASS,
    XSI,
)
from erepo.identifiers.hl7 import CE
from erepo.soap.headers import escaped, quoted
from erepo.soap.names import DS, ENVELOPED, EXC_C14N, SAML2, SHA256
from erepo.soap.signing import ReadyAssertion, Signer, sha256

#: Seconds an assertion of ours is valid.
LIFE: Final = 600.0
#: NotBefore lies this far back: clocks differ.
_SLACK = timedelta(seconds=60)
Clock = Callable[[], datetime]


def write_assertion(
    actor: Actor,
    signer: Signer,
    audience: str,
    *,
    now: datetime,
    life: float = LIFE,
    one_time: bool = False,
    holder: x509.Certificate | None = None,
) -> ReadyAssertion:
    """Assert who acts, held by the signer's key or another.

    Args:
        actor: the person; its organisation is the issuer.
        signer: the account's WSS key: signs.
        audience: the service's address.
        now: when the user was last known to be there; UTC.
        life: seconds until the assertion expires.
        one_time: ask the service to accept it once only.
        holder: certificate of the key that the sender will prove to hold: the connection's where the message
            is not signed; None: the signer's.
    """
    identifier = f"_{secrets.token_hex(16)}"
    start = (
        f'<saml2:Assertion xmlns:saml2="{SAML2}" ID="{identifier}" IssueInstant="{_utc(now)}" Version="2.0">'
        f"<saml2:Issuer>{escaped(actor.organisation)}</saml2:Issuer>"
    )
    rest = "".join(
        (
            _subject(actor, holder or signer.certificate),
            _conditions(audience, now, life, one_time=one_time),
            _authentication(now),
            _attributes(actor),
            "</saml2:Assertion>",
        )
    )
    signature = enveloped_signature(signer, identifier, sha256(f"{start}{rest}".encode()))
    octets = f"{start}{signature}{rest}".encode()
    return ReadyAssertion(identifier, octets, sha256(octets))


@dataclass
class Assertions:
    """The assertion of one actor, made anew when its time is two thirds over; for `SoapClient.actor`.

    Many threads may call it; at worst two of them make an assertion at once.
    """

    actor: Actor
    signer: Signer = field(repr=False)
    audience: str
    life: float = LIFE
    clock: Clock = field(default=lambda: datetime.now(UTC), repr=False)
    _kept: tuple[datetime, ReadyAssertion] | None = field(default=None, init=False, repr=False)

    def __call__(self) -> ReadyAssertion:
        """Return an assertion that is valid for at least a third of its life."""
        now, kept = self.clock(), self._kept
        if kept and abs(now - kept[0]) < timedelta(seconds=self.life * 2 / 3):
            return kept[1]
        made = write_assertion(self.actor, self.signer, self.audience, now=now, life=self.life)
        self._kept = now, made
        return made


def _subject(actor: Actor, holder: x509.Certificate) -> str:
    return (
        f'<saml2:Subject><saml2:NameID Format="{UNSPECIFIED_NAME}">{escaped(_qualified(actor))}'
        f'</saml2:NameID><saml2:SubjectConfirmation Method="{HOLDER_OF_KEY}">'
        f'<saml2:SubjectConfirmationData><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
        f"{_certificate(holder)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></saml2:SubjectConfirmationData>"
        "</saml2:SubjectConfirmation></saml2:Subject>"
    )


def _qualified(actor: Actor) -> str:
    return f"{actor.id_root}#{actor.id}"


def _conditions(audience: str, now: datetime, life: float, *, one_time: bool) -> str:
    until = _utc(now + timedelta(seconds=life))
    return (
        f'<saml2:Conditions NotBefore="{_utc(now - _SLACK)}" NotOnOrAfter="{until}">'
        f"<saml2:AudienceRestriction><saml2:Audience>{escaped(audience)}</saml2:Audience>"
        "</saml2:AudienceRestriction>"
        f"{'<saml2:OneTimeUse></saml2:OneTimeUse>' if one_time else ''}</saml2:Conditions>"
    )


def _authentication(now: datetime) -> str:
    return (
        f'<saml2:AuthnStatement AuthnInstant="{_utc(now)}"><saml2:AuthnContext><saml2:AuthnContextClassRef>'
        f"{X509_CLASS}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>"
    )


def _attributes(actor: Actor) -> str:
    texts = {
        SUBJECT_ID: actor.name or _qualified(actor),
        ORGANIZATION: actor.organisation,
        ORGANIZATION_ID: actor.organisation,
        NPI: actor.id,
    }
    if actor.reason:
        texts[REASON] = actor.reason
    values = [_attribute(name, escaped(text)) for name, text in texts.items()]
    person = (
        f'<hl7:id xmlns:hl7="{HL7}" xmlns:xsi="{XSI}" extension="{quoted(actor.id)}" '
        f'root="{quoted(actor.id_root)}" xsi:type="hl7:II"></hl7:id>'
    )
    values += [
        _attribute(PROVIDER_IDENTIFIER, person),
        _attribute(ROLE, _coded("Role", actor.role)),
        _attribute(PURPOSE, _coded("PurposeOfUse", actor.purpose)),
    ]
    return f"<saml2:AttributeStatement>{''.join(values)}</saml2:AttributeStatement>"


def _attribute(name: str, content: str) -> str:
    return (
        f'<saml2:Attribute Name="{name}" NameFormat="{URI_NAMES}"><saml2:AttributeValue>{content}'
        "</saml2:AttributeValue></saml2:Attribute>"
    )


def _coded(element: str, value: CE) -> str:
    return (
        f'<hl7:{element} xmlns:hl7="{HL7}" xmlns:xsi="{XSI}" code="{quoted(value.code)}" '
        f'codeSystem="{quoted(value.scheme)}" displayName="{quoted(value.display)}" xsi:type="hl7:CE">'
        f"</hl7:{element}>"
    )


def enveloped_signature(signer: Signer, identifier: str, digest: bytes) -> str:
    """Return the ds:Signature of an assertion.

    Args:
        signer: whose key signs.
        identifier: of the assertion.
        digest: SHA-256 of its canonical octets without the signature.
    """
    content = (
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{signer.algorithm}"></ds:SignatureMethod>'
        f'<ds:Reference URI="#{identifier}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
        f'<ds:Transform Algorithm="{EXC_C14N}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>'
        f"{pybase64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    # Canonical as a whole, the Signature declares the prefix; canonical by itself, SignedInfo does.
    value = pybase64.b64encode(signer.sign(f'<ds:SignedInfo xmlns:ds="{DS}">{content}'.encode())).decode()
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{content}'
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{_certificate(signer.certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


def _certificate(certificate: x509.Certificate) -> str:
    return pybase64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
