"""Proving a SAML 2.0 assertion about the acting user (IHE ITI-40, XUA; SAML core 2.0; SAML token profile).

Liberal in form, since many tools write assertions: prefixes, order, NameFormat, values as text or as coded
elements, several ways to write a PESEL or NPWZ. Strict in proof: see `erepo.acting.proof`, and here time,
audience, authentication and confirmation of the subject.
"""

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from lxml import etree

from erepo.acting.describing import describe
from erepo.acting.errors import AssertionRefused, UserUnknown
from erepo.acting.memory import Memory, Proof, Proven
from erepo.acting.names import (
    ATTRIBUTE_STATEMENT,
    AUDIENCE,
    AUDIENCE_RESTRICTION,
    AUTHN_CLASSES,
    AUTHN_CONTEXT,
    AUTHN_STATEMENT,
    BEARER,
    CLASS_REFERENCE,
    CONDITIONS,
    CONFIRMATION,
    CONFIRMATION_DATA,
    HOLDER_OF_KEY,
    ISSUER,
    NAME_ID,
    ONE_TIME_USE,
    PROXY_RESTRICTION,
    SUBJECT,
    SUBJECT_LOCALITY,
)
from erepo.acting.proof import (
    identifier_of,
    names_certificate,
    names_key,
    prove_signature,
    token_of,
)
from erepo.errors import ErepoError
from erepo.soap.errors import MessageRefused
from erepo.soap.names import KEY_INFO, SAML2, SIGNATURE
from erepo.soap.verifying import Trust, Verified
from erepo.xmlsig.forms import has_text
from erepo.xmlsig.names import KEY_VALUE, X509_CERTIFICATE, X509_DATA

#: Longest time an assertion may be valid, and longest time since its user was authenticated.
LONGEST: Final = timedelta(hours=24)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|[+-]00:00)", re.ASCII)
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")
_LONGEST_TEXT = 2048
_MOST_STATEMENTS = 8
_STATEMENTS = (AUTHN_STATEMENT, ATTRIBUTE_STATEMENT, f"{{{SAML2}}}AuthzDecisionStatement")
_ONCE = (ISSUER, SIGNATURE, SUBJECT, CONDITIONS)


@dataclass(frozen=True)
class Expected:
    """What the receiver knows, and an assertion must fit.

    Attributes:
        account: whose connection it is.
        certificates: the account's registered WSS certificates.
        holders: certificates whose keys the sender has proven to hold: the message's signer, or the client of
            the TLS connection.
        audiences: names of this service; see `same_audience`.
        trust: authorities of the account's certificates.
        now: the present, UTC.
        skew: how far the clocks may differ, in seconds.
    """

    account: str
    certificates: Sequence[x509.Certificate] = field(repr=False)
    holders: Sequence[x509.Certificate] = field(repr=False)
    audiences: frozenset[str]
    trust: Trust = field(repr=False)
    now: datetime
    skew: float = 60


def read_assertion(verified: Verified, expected: Expected, memory: Memory | None = None) -> Proven:
    """Prove the assertion of a message whose sender is proven to be of the account.

    Args:
        verified: the message.
        expected: what the assertion must fit.
        memory: of proofs; the same assertion is then proven once for all messages that carry it.

    Raises:
        UserUnknown: there is none, or it names nobody with PESEL or NPWZ.
        AssertionRefused: it proves nothing.
    """
    assertion = verified.assertion
    if assertion is None:
        raise UserUnknown(rule="no assertion")
    try:
        return _known_or_proven(assertion, verified.certificate, expected, memory or Memory()).proven
    except (AssertionRefused, UserUnknown):
        raise
    except MessageRefused as error:
        # The form of the signature is judged by the rules of the wire; what is refused is the assertion.
        raise AssertionRefused(rule=str(error.data.get("rule", error.code))) from None


def same_audience(text: str) -> str:
    """Return an audience without what does not tell two apart: a slash at the end, `urn:oid:`."""
    return text.strip().removeprefix("urn:oid:").rstrip("/")


def _known_or_proven(
    assertion: etree._Element, signer: x509.Certificate | None, expected: Expected, memory: Memory
) -> Proof:
    key = _dependences(assertion, signer, expected)
    proof = memory.find(key, expected.now, timedelta(seconds=expected.skew))
    if proof is None:
        proof = _prove(assertion, signer, expected)
        memory.keep(key, proof)
        return proof
    identifier_of(assertion)
    _check_trust(proof.certificate, expected)
    return proof


def _dependences(
    assertion: etree._Element, signer: x509.Certificate | None, expected: Expected
) -> tuple[Hashable, ...]:
    """Return all that a proof depends on beside the time, trust, and the rest of the message.

    The octets are not canonical: what a prefix means there counts too, and it may be declared outside.
    """
    octets = etree.tostring(assertion, encoding="UTF-8", with_tail=False)
    return (
        hashlib.sha256(octets).digest(),
        expected.account,
        tuple(expected.certificates),
        tuple(expected.holders),
        expected.audiences,
        expected.skew,
        signer,
        token_of(assertion),
    )


def _prove(assertion: etree._Element, signer: x509.Certificate | None, expected: Expected) -> Proof:
    pieces = outline(assertion)
    certificate = prove_signature(assertion, expected.certificates, signer)
    _check_trust(certificate, expected)
    clock = Clock(expected.now, timedelta(seconds=expected.skew))
    clock.past(assertion.get("IssueInstant"), "IssueInstant")
    issuer = text_of(pieces[ISSUER])
    if any(account != expected.account for account in _ACCOUNT.findall(issuer)):
        raise AssertionRefused(rule="issued by another account")
    until = check_conditions(pieces[CONDITIONS], expected, clock)
    for statement in assertion.findall(AUTHN_STATEMENT):
        check_authentication(statement, clock)
    name_id = check_subject(pieces[SUBJECT], expected, clock)
    actor = describe(name_id, assertion.findall(ATTRIBUTE_STATEMENT), expected.account)
    once = pieces[CONDITIONS].find(ONE_TIME_USE) is not None
    proven = Proven(actor, key_of(assertion) if once else None, until + clock.skew)
    return Proof(proven, certificate, expected.now, min(clock.moments))


def key_of(assertion: etree._Element) -> bytes:
    """Return by what an assertion for one use is remembered."""
    return hashlib.sha256(f"SAML one time use {assertion.get('ID')}".encode()).digest()


def _check_trust(certificate: x509.Certificate, expected: Expected) -> None:
    try:
        expected.trust.verify(certificate, at=expected.now)
    except ErepoError as error:
        raise AssertionRefused(rule=f"its signer is not trusted ({error.code})") from error


def outline(assertion: etree._Element) -> Mapping[object, etree._Element]:
    """Check the outline of an assertion and return the children that it has once.

    Raises:
        AssertionRefused: it has another outline.
    """
    if assertion.get("Version") != "2.0":
        raise AssertionRefused(rule="not SAML 2.0")
    if next(assertion.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        raise AssertionRefused(rule="comment, instruction or entity inside")
    tags = [child.tag for child in assertion]
    if has_text(assertion) or set(tags) - {*_ONCE, *_STATEMENTS} or len(tags) > _MOST_STATEMENTS:
        raise AssertionRefused(rule="an unknown element, or too many")
    for tag in (*_ONCE, AUTHN_STATEMENT, ATTRIBUTE_STATEMENT):
        if tag not in tags:
            raise AssertionRefused(rule=f"no {etree.QName(tag).localname}")
    if any(tags.count(tag) != 1 for tag in _ONCE):
        raise AssertionRefused(rule="an element twice")
    return {child.tag: child for child in assertion}


@dataclass(frozen=True)
class Clock:
    """Judges moments; `moments` are those that were found to lie ahead, and will be over one day."""

    now: datetime
    skew: timedelta
    moments: list[datetime] = field(default_factory=list)

    def past(self, text: str | None, name: str) -> datetime:
        """Return a moment that must not lie ahead."""
        moment = _moment(text, name)
        if moment > self.now + self.skew:
            raise AssertionRefused(rule=f"{name} lies in the future")
        return moment

    def ahead(self, text: str | None, name: str) -> datetime:
        """Return a moment that must not be over."""
        moment = _moment(text, name)
        if moment <= self.now - self.skew:  # adding to what others wrote could leave the calendar
            raise AssertionRefused(rule=f"{name} is over")
        self.moments.append(moment)
        return moment

    def window(self, element: etree._Element) -> None:
        """Check NotBefore and NotOnOrAfter where they stand."""
        if element.get("NotBefore") is not None:
            self.past(element.get("NotBefore"), "NotBefore")
        if element.get("NotOnOrAfter") is not None:
            self.ahead(element.get("NotOnOrAfter"), "NotOnOrAfter")


def check_conditions(
    conditions: etree._Element, expected: Expected, clock: Clock, *, open_to_all: bool = False
) -> datetime:
    """Return the moment from which the assertion is not valid.

    Args:
        conditions: of the assertion.
        expected: what it must fit.
        clock: judges its moments.
        open_to_all: whether one without an audience is good: P1's tokens have none.

    Raises:
        AssertionRefused: it is not valid, not now, or not here.
    """
    since = clock.past(conditions.get("NotBefore"), "NotBefore")
    until = clock.ahead(conditions.get("NotOnOrAfter"), "NotOnOrAfter")
    if not since < until <= since + LONGEST:
        raise AssertionRefused(rule="its time is empty or longer than a day")
    known = {AUDIENCE_RESTRICTION, ONE_TIME_USE, PROXY_RESTRICTION}
    if has_text(conditions) or any(each.tag not in known for each in conditions):
        raise AssertionRefused(rule="a condition that is not understood")
    restrictions = conditions.findall(AUDIENCE_RESTRICTION)
    ours = {same_audience(each) for each in expected.audiences}
    # Each restriction must name us, by any of its audiences (SAML core 2.5.1.4).
    for restriction in restrictions:
        named = {same_audience(text_of(each)) for each in restriction if each.tag == AUDIENCE}
        if not named & ours:
            raise AssertionRefused(rule="meant for another audience")
    if not restrictions and not open_to_all:
        raise AssertionRefused(rule="meant for no audience")
    return until


def check_authentication(statement: etree._Element, clock: Clock) -> None:
    """Prove that an AuthnStatement is of the last day and names one known class.

    Raises:
        AssertionRefused: it is not, or does not.
    """
    instant = clock.past(statement.get("AuthnInstant"), "AuthnInstant")
    if instant < clock.now - clock.skew - LONGEST:
        raise AssertionRefused(rule="AuthnInstant is longer than a day ago")
    clock.moments.append(instant + LONGEST)
    if statement.get("SessionNotOnOrAfter") is not None:
        clock.ahead(statement.get("SessionNotOnOrAfter"), "SessionNotOnOrAfter")
    children = [child for child in statement if child.tag != SUBJECT_LOCALITY]
    if [child.tag for child in children] != [AUTHN_CONTEXT] or has_text(statement):
        raise AssertionRefused(rule="AuthnStatement is not one AuthnContext")
    classes = children[0].findall(CLASS_REFERENCE)
    if len(classes) != 1:
        raise AssertionRefused(rule="AuthnContext names not one class")
    name = text_of(classes[0])
    # Other organisations define classes of their own, as URIs; SAML's own list is closed.
    if name not in AUTHN_CLASSES and (
        name.startswith("urn:oasis:names:tc:SAML:") or not re.fullmatch(r"[A-Za-z][\w+.-]*:[^\s]{2,}", name)
    ):
        raise AssertionRefused(rule="an unknown class of authentication")


def check_subject(subject: etree._Element, expected: Expected, clock: Clock) -> etree._Element:
    """Return the NameID of a subject that is confirmed in at least one way.

    Raises:
        AssertionRefused: it is confirmed in none.
    """
    names = subject.findall(NAME_ID)
    confirmations = subject.findall(CONFIRMATION)
    if len(names) != 1 or len(names) + len(confirmations) != len(subject) or has_text(subject):
        raise AssertionRefused(rule="Subject is not one NameID with its confirmations")
    refusals: list[AssertionRefused] = []
    for confirmation in confirmations:
        try:
            _check_confirmation(confirmation, expected, clock)
        except AssertionRefused as error:
            refusals.append(error)
        else:
            return names[0]
    raise refusals[0] if refusals else AssertionRefused(rule="its subject is not confirmed")


def _check_confirmation(confirmation: etree._Element, expected: Expected, clock: Clock) -> None:
    data = confirmation.findall(CONFIRMATION_DATA)
    if len(data) > 1:
        raise AssertionRefused(rule="SubjectConfirmationData twice")
    if data:
        clock.window(data[0])
        recipient = data[0].get("Recipient")
        if recipient is not None and same_audience(recipient) not in map(same_audience, expected.audiences):
            raise AssertionRefused(rule="meant for another recipient")
    method = confirmation.get("Method")
    if method == HOLDER_OF_KEY:
        keys = data[0].findall(KEY_INFO) if data else []
        if not any(_holds(key, holder) for key in keys for holder in expected.holders):
            raise AssertionRefused(rule="its holder's key is not that of the sender")
    elif method != BEARER:
        raise AssertionRefused(rule="a confirmation that is neither bearer nor holder-of-key")


def _holds(key: etree._Element, holder: x509.Certificate) -> bool:
    """Tell whether a KeyInfo names the key of a certificate, by the certificate or by the key itself."""
    certificates = [each for each in key.findall(X509_DATA) if each.find(X509_CERTIFICATE) is not None]
    values = key.findall(KEY_VALUE)
    named = all(names_certificate(each, holder) for each in certificates)
    return bool(certificates or values) and named and all(names_key(each, holder) for each in values)


def text_of(element: etree._Element) -> str:
    """Return the text of an element.

    Raises:
        AssertionRefused: it has none, too much, or elements inside.
    """
    value = (element.text or "").strip()
    if len(element) or not value or len(value) > _LONGEST_TEXT:
        raise AssertionRefused(rule=f"{etree.QName(element).localname} is empty, too long or holds elements")
    return value


def _moment(text: str | None, name: str) -> datetime:
    found = _MOMENT.fullmatch((text or "").strip())
    if not found:
        raise AssertionRefused(rule=f"{name} is no moment in UTC")
    try:
        # Fractions finer than a microsecond are not ours to keep.
        return datetime.fromisoformat(found[1] + (found[2] or ".0")[:7].ljust(7, "0")).replace(tzinfo=UTC)
    except ValueError:
        raise AssertionRefused(rule=f"{name} does not exist") from None
