"""P1's assertion inside another provider's message: for whom P1 vouches, proven, and bound to the sender.

    form           the only assertion of the message, in its Security header; no comment, one of each piece
    signature      its own child, by a certificate that may sign tokens (`TokenSigners`), nothing else
    Issuer         P1's
    time           NotBefore, NotOnOrAfter, AuthnInstant
    audience       ours, where one is named; P1's tokens name none
    confirmation   bearer, or holder of the key that the sender has proven to hold
    organisation   that of the connection's and the message's certificates
    words          role and purpose are P1's; person with PESEL or NPWZ; a patient

A token is a bearer's and serves many requests: a stolen one is worth nothing, because the organisation that
it names has to hold the connection and to sign the message, and each message is taken once. OneTimeUse is
kept where it stands.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pybase64
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from erepo.acting import AssertionRefused, known_person
from erepo.acting.names import (
    ATTRIBUTE,
    ATTRIBUTE_STATEMENT,
    ATTRIBUTE_VALUE,
    AUTHN_STATEMENT,
    CONDITIONS,
    ISSUER,
    ONE_TIME_USE,
    SUBJECT,
)
from erepo.acting.proof import prove_signature
from erepo.acting.reading import (
    Clock,
    Expected,
    check_authentication,
    check_conditions,
    check_subject,
    key_of,
    outline,
    text_of,
)
from erepo.errors import ErepoError
from erepo.identifiers import oids
from erepo.p1 import names
from erepo.p1.tokens import Identified, Token, ready_token
from erepo.pki.pem import read_certificates
from erepo.pki.trust import TrustStore, check_time
from erepo.soap.errors import MessageRefused
from erepo.soap.names import KEY_INFO, SIGNATURE
from erepo.soap.verifying import Verified, load_certificate
from erepo.xmlsig.names import X509_CERTIFICATE, X509_DATA

_IDENTIFIED: Final = re.compile(r"([0-2](?:\.[0-9]{1,20}){1,20})#([^\s#^&|~\\]{1,64})", re.ASCII)
_LONGEST: Final = 512
#: Attributes that a token must have; the patient's is one of them here.
_NEEDED: Final = (
    names.ORGANIZATION_ID,
    names.SUBJECT_ID,
    names.RESOURCE_ID,
    names.FUNCTIONAL_ROLE,
    names.PURPOSE,
)
_BLANKS: Final = str.maketrans("", "", " \t\r\n")
_CONNECTIONS: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})


class TokenSigners:
    """Whose signature makes an assertion P1's.

    Certificates that are no authorities are pinned: then only they count. Else any certificate counts that
    one of the authorities has issued, unless it says that it is for connections, or an authority of providers
    has issued it: every provider could vouch for itself otherwise.

    Args:
        pem: certificates.
        providers: authorities of providers' certificates.

    Raises:
        CertificateUnreadable: none in it.
    """

    def __init__(self, pem: bytes, providers: Sequence[TrustStore] = ()) -> None:
        found = read_certificates(pem)
        authorities = [each for each in found if _is_authority(each)]
        self.pinned = tuple(each for each in found if each not in authorities)
        self._trust, self._providers = TrustStore(authorities), tuple(providers)

    @property
    def shared(self) -> bool:
        """Whether no certificate is pinned, and one of the authorities also issues to providers."""
        theirs = [each for trust in self._providers for each in trust.authorities]
        return not self.pinned and any(each in theirs for each in self._trust.authorities)

    def expect(self, certificate: x509.Certificate, at: datetime) -> None:
        """Return if a certificate may sign tokens at a moment.

        Raises:
            AssertionRefused: it may not.
        """
        try:
            if self.pinned:
                check_time(certificate, at=at)
            else:
                self._trust.verify(certificate, at=at)
        except ErepoError as error:
            raise AssertionRefused(rule=f"its signer is not trusted ({error.code})") from error
        if self.pinned and certificate not in self.pinned:
            raise AssertionRefused(rule="its signer is none of the pinned certificates")
        if not self.pinned and _uses(certificate) & _CONNECTIONS:
            raise AssertionRefused(rule="its signer is a certificate for connections")
        if not self.pinned and any(each.issuer_of(certificate) is not None for each in self._providers):
            raise AssertionRefused(rule="its signer may be a provider's certificate: P1's must be pinned")


@dataclass(frozen=True)
class Vouched:
    """What the receiver knows, and an assertion must fit.

    Attributes:
        organisation: resort code I that the sender's certificates name.
        issuer: P1's name.
        signers: of tokens.
        holders: certificates whose keys the sender has proven to hold.
        audiences: names of this service.
        now: the present, UTC.
        skew: how far the clocks may differ, in seconds.
    """

    organisation: str
    issuer: str
    signers: TokenSigners = field(repr=False)
    holders: Sequence[x509.Certificate] = field(repr=False)
    audiences: frozenset[str]
    now: datetime
    skew: float = 60


@dataclass(frozen=True, slots=True)
class Bearer:
    """For whom P1 vouches; `repr` hides people.

    Attributes:
        organisation: the provider that asks.
        user: register and number of the person who acts.
        role, purpose: P1's words.
        patient: about whom.
        token: to ask SOZ with.
        one_time: by what an assertion for one use is remembered; else None.
        until: from when it is refused for its age.
    """

    organisation: Identified
    user: tuple[str, str] = field(repr=False)
    role: str
    purpose: str
    patient: Identified = field(repr=False)
    token: Token = field(repr=False)
    one_time: bytes | None = field(repr=False)
    until: datetime


def read_bearer(verified: Verified, expected: Vouched) -> Bearer:
    """Prove the assertion of a message whose signature was proven.

    Args:
        verified: the message.
        expected: what the assertion must fit.

    Raises:
        AssertionRefused: there is none, or it proves nothing.
    """
    assertion = verified.assertion
    if assertion is None:
        raise AssertionRefused(rule="no assertion")
    try:
        return _proven(assertion, verified, expected)
    except AssertionRefused:
        raise
    except MessageRefused as error:
        # The form of the signature is judged by the rules of the wire; what is refused is the assertion.
        raise AssertionRefused(rule=str(error.data.get("rule", error.code))) from None


def _proven(assertion: etree._Element, verified: Verified, expected: Vouched) -> Bearer:
    pieces = outline(assertion)
    candidates = expected.signers.pinned or _named(assertion)
    signer = prove_signature(assertion, candidates, verified.certificate)
    expected.signers.expect(signer, expected.now)
    clock = Clock(expected.now, timedelta(seconds=expected.skew))
    clock.past(assertion.get("IssueInstant"), "IssueInstant")
    if text_of(pieces[ISSUER]) != expected.issuer:
        raise AssertionRefused(rule="its issuer is not P1")
    fit = Expected("", (), expected.holders, expected.audiences, TrustStore(()), expected.now, expected.skew)
    until = check_conditions(pieces[CONDITIONS], fit, clock, open_to_all=True)
    for statement in assertion.findall(AUTHN_STATEMENT):
        check_authentication(statement, clock)
    name_id = text_of(check_subject(pieces[SUBJECT], fit, clock))
    values = _attributes(assertion)
    once = pieces[CONDITIONS].find(ONE_TIME_USE) is not None
    return Bearer(
        organisation=_organisation(values, expected.organisation),
        user=_person(values[names.SUBJECT_ID], name_id),
        role=_word(values[names.FUNCTIONAL_ROLE], names.ROLES, "a role that P1 does not know"),
        purpose=_word(values[names.PURPOSE], names.PURPOSES, "a purpose that P1 does not know"),
        patient=_identified(values[names.RESOURCE_ID]),
        token=Token(ready_token(assertion), until.astimezone(UTC)),
        one_time=key_of(assertion) if once else None,
        until=until + clock.skew,
    )


def _named(assertion: etree._Element) -> tuple[x509.Certificate, ...]:
    """Return the certificate that the signature's KeyInfo holds: nothing says yet that it may sign."""
    text = assertion.findtext(f"{SIGNATURE}/{KEY_INFO}/{X509_DATA}/{X509_CERTIFICATE}")
    if not text:
        raise AssertionRefused(rule="its signature names no certificate")
    try:
        return (load_certificate(pybase64.b64decode(text.translate(_BLANKS), validate=True))[0],)
    except ValueError:
        raise AssertionRefused(rule="broken base64") from None


def _attributes(assertion: etree._Element) -> dict[str, str]:
    """Return the attributes by name; each of those that we know stands once with one value."""
    found: dict[str, str] = {}
    known = {*_NEEDED, names.CHILD_ORGANIZATION, names.SOURCE_ORGANIZATION}
    for attribute in assertion.iterfind(f"{ATTRIBUTE_STATEMENT}/{ATTRIBUTE}"):
        name = attribute.get("Name", "")
        if name not in known:
            continue
        if name in found or len(attribute) != 1 or attribute[0].tag != ATTRIBUTE_VALUE:
            raise AssertionRefused(rule="an attribute twice, or not with one value")
        found[name] = text_of(attribute[0])
        if len(found[name]) > _LONGEST:
            raise AssertionRefused(rule="an attribute is too long")
    for name in _NEEDED:
        if name not in found:
            raise AssertionRefused(rule=f"no attribute {name.rpartition(':')[2]}")
    return found


def _organisation(values: dict[str, str], expected: str) -> Identified:
    found = _identified(values[names.ORGANIZATION_ID])
    if (found.root, found.extension) != (oids.PROVIDER, expected):
        raise AssertionRefused(rule="for another organisation than the sender's")
    place = values.get(names.CHILD_ORGANIZATION)
    if place is not None and not place.startswith(f"{oids.CELL}#{expected}-"):
        raise AssertionRefused(rule="for a cell of another organisation")
    return found


def _person(*texts: str) -> tuple[str, str]:
    try:
        found = known_person([("", each) for each in texts])
    except ValueError:
        raise AssertionRefused(rule="it names two people") from None
    if found is None:
        raise AssertionRefused(rule="no valid PESEL or NPWZ in the assertion")
    return found


def _identified(text: str) -> Identified:
    found = _IDENTIFIED.fullmatch(text)
    if found is None:
        raise AssertionRefused(rule="an identifier of another form than root#extension")
    return Identified(found[1], found[2])


def _word(text: str, known: frozenset[str], rule: str) -> str:
    if text not in known:
        raise AssertionRefused(rule=rule)
    return text


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _uses(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return set()
