"""SAML 2.0 tokens as P1 gives and takes them: bearer assertions signed by a key of P1."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from lxml import etree

from erepo.acting import known_person
from erepo.acting.assertion import enveloped_signature
from erepo.acting.names import ATTRIBUTE, ATTRIBUTE_STATEMENT, ATTRIBUTE_VALUE, BEARER, CONDITIONS
from erepo.acting.names import ISSUER as ISSUER_ELEMENT
from erepo.acting.proof import prove_signature
from erepo.identifiers import oids
from erepo.p1 import names
from erepo.p1.names import PURPOSES, ROLES
from erepo.sandbox.p1 import ISSUER
from erepo.sandbox.p1.errors import CallerRefused, RequestRefused
from erepo.soap.headers import escaped, quoted
from erepo.soap.names import SAML2
from erepo.soap.signing import Signer, sha256

LIFE: Final = timedelta(minutes=30)
_NAMES: Final = frozenset(
    {
        names.ORGANIZATION_ID,
        names.CHILD_ORGANIZATION,
        names.SUBJECT_ID,
        names.RESOURCE_ID,
        names.FUNCTIONAL_ROLE,
        names.PURPOSE,
        names.SOURCE_ORGANIZATION,
    }
)
_NEEDED: Final = (
    names.ORGANIZATION_ID,
    names.CHILD_ORGANIZATION,
    names.SUBJECT_ID,
    names.FUNCTIONAL_ROLE,
    names.PURPOSE,
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """For whom a token is: its attributes by name."""

    attributes: Mapping[str, str] = field(repr=False)

    @property
    def organisation(self) -> str:
        """The provider, `root#extension`."""
        return self.attributes[names.ORGANIZATION_ID]


def check_request(values: Mapping[str, str], resort_i: str) -> None:
    """Prove that a provider may have a token with these attributes.

    Raises:
        RequestRefused: one is missing, unknown, or has a value that is unknown.
        CallerRefused: another provider's, or a user without PESEL and NPWZ.
    """
    if set(values) - _NAMES or any(not values.get(name) for name in _NEEDED):
        raise RequestRefused(rule="an attribute of the token is missing or unknown")
    if values[names.FUNCTIONAL_ROLE] not in ROLES or values[names.PURPOSE] not in PURPOSES:
        raise RequestRefused(rule="a role or purpose that does not exist")
    if values[names.ORGANIZATION_ID] != f"{oids.PROVIDER}#{resort_i}":
        raise CallerRefused(rule="a token for another provider")
    if not values[names.CHILD_ORGANIZATION].startswith(f"{oids.CELL}#{resort_i}-"):
        raise CallerRefused(rule="a token for another provider's cell")
    root, _, number = values[names.SUBJECT_ID].partition("#")
    if known_person([(root, number)]) is None:
        raise CallerRefused(rule="a user without PESEL and NPWZ")


def issue(values: Mapping[str, str], signer: Signer, now: datetime) -> bytes:
    """Return a signed assertion with these attributes, in canonical form."""
    identifier, since = f"_{secrets.token_hex(16)}", _utc(now - timedelta(seconds=5))
    until = _utc(now + LIFE)
    start = (
        f'<saml2:Assertion xmlns:saml2="{SAML2}" ID="{identifier}" IssueInstant="{_utc(now)}" Version="2.0">'
        f"<saml2:Issuer>{ISSUER}</saml2:Issuer>"
    )
    attributes = "".join(
        f'<saml2:Attribute Name="{quoted(name)}"><saml2:AttributeValue>{escaped(value)}'
        "</saml2:AttributeValue></saml2:Attribute>"
        for name, value in sorted(values.items())
    )
    rest = (
        f"<saml2:Subject><saml2:NameID>{escaped(values[names.SUBJECT_ID])}</saml2:NameID>"
        f'<saml2:SubjectConfirmation Method="{BEARER}"><saml2:SubjectConfirmationData NotOnOrAfter="{until}">'
        "</saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject>"
        f'<saml2:Conditions NotBefore="{since}" NotOnOrAfter="{until}"></saml2:Conditions>'
        f'<saml2:AuthnStatement AuthnInstant="{_utc(now)}"><saml2:AuthnContext>'
        f"<saml2:AuthnContextClassRef>{names.PASSWORD_CLASS}</saml2:AuthnContextClassRef>"
        "</saml2:AuthnContext></saml2:AuthnStatement>"
        f"<saml2:AttributeStatement>{attributes}</saml2:AttributeStatement></saml2:Assertion>"
    )
    signature = enveloped_signature(signer, identifier, sha256(f"{start}{rest}".encode()))
    return f"{start}{signature}{rest}".encode()


def read(assertion: etree._Element | None, certificate: x509.Certificate, now: datetime) -> Bearer:
    """Return for whom a token is, if it is ours and valid.

    Raises:
        CallerRefused: there is none, or its time is over.
        MessageRefused: it is not ours.
    """
    if assertion is None:
        raise CallerRefused(rule="no token")
    prove_signature(assertion, [certificate], None)
    conditions = assertion.find(CONDITIONS)
    if conditions is None or assertion.findtext(ISSUER_ELEMENT) != ISSUER:
        raise CallerRefused(rule="the token has another form")
    moments = [conditions.get(name, "") for name in ("NotBefore", "NotOnOrAfter")]
    since, until = (datetime.fromisoformat(each) for each in moments)
    if not since <= now < until:
        raise CallerRefused(rule="the token is over")
    found = {}
    for attribute in assertion.iterfind(f"{ATTRIBUTE_STATEMENT}/{ATTRIBUTE}"):
        found[attribute.get("Name", "")] = attribute.findtext(ATTRIBUTE_VALUE) or ""
    return Bearer(found)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
