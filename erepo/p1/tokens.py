"""SAML tokens of P1: what is asked, what came back, and the memory that asks once per acting user.

A token is a bearer assertion, signed by P1. It is taken over octet for octet in a canonical form that keeps
every namespace in force where it stood, so its signature holds wherever it is carried. Before it is used it
is proven: signed by a key that P1's authority vouches for, over exactly this element, valid now.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pybase64
from lxml import etree

from erepo.acting.proof import prove_signature
from erepo.errors import ErepoError
from erepo.p1.errors import P1AnswerInvalid, P1Misconfigured
from erepo.p1.names import PURPOSES, ROLES
from erepo.soap.names import ASSERTION, KEY_INFO, SAML2, SIGNATURE
from erepo.soap.signing import ReadyAssertion, sha256
from erepo.soap.verifying import Trust, load_certificate
from erepo.xmlsig.names import X509_CERTIFICATE, X509_DATA

#: A token that ends sooner than this is not used any more: the request has to arrive and be judged.
_MARGIN: Final = timedelta(seconds=60)
_MOST: Final = 1000
_CONDITIONS: Final = f"{{{SAML2}}}Conditions"


@dataclass(frozen=True, slots=True)
class Identified:
    """An identifier in P1's form `root#extension`; `repr` hides whom it names."""

    root: str
    extension: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.root}#{self.extension}"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """For whom a token is asked.

    Attributes:
        organisation: the provider, `~.2.3.1` and resort part I.
        place: the cell, `~.2.3.3` and parts I-VII.
        user: who acts, an NPWZ or PESEL.
        role: one of `names.ROLES`.
        patient: whose data it is about, where it is about one.
        purpose: TREAT, BTG (life in danger) or CONTT (continued treatment).
        source: on whose behalf, for example the payer's.

    Raises:
        P1Misconfigured: a role or purpose that P1 does not know.
    """

    organisation: Identified
    place: Identified
    user: Identified
    role: str
    patient: Identified | None = None
    purpose: str = "TREAT"
    source: Identified | None = None

    def __post_init__(self) -> None:
        """Refuse words that P1 would refuse."""
        if self.role not in ROLES or self.purpose not in PURPOSES:
            raise P1Misconfigured(rule="a role or purpose that P1 does not know")


@dataclass(frozen=True, slots=True)
class Token:
    """A proven token."""

    assertion: ReadyAssertion = field(repr=False)
    until: datetime

    def usable(self, now: datetime) -> bool:
        """Whether a request with it can still arrive in time."""
        return now < self.until - _MARGIN


class TokenCache:
    """Tokens of one process by what was asked; bounded, for one thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[TokenRequest, Token] = OrderedDict()

    def find(self, request: TokenRequest, now: datetime) -> Token | None:
        """Return a token that can still be used."""
        kept = self._kept.get(request)
        if kept is None or not kept.usable(now):
            self._kept.pop(request, None)
            return None
        self._kept.move_to_end(request)
        return kept

    def keep(self, request: TokenRequest, token: Token) -> None:
        """Remember a token; the one used least lately goes when there are too many."""
        self._kept[request] = token
        self._kept.move_to_end(request)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def ready_token(assertion: etree._Element) -> ReadyAssertion:
    """Return an assertion as other messages carry it; its signature stays valid."""
    octets = etree.tostring(
        assertion,
        method="c14n",
        exclusive=True,
        with_comments=False,
        # Also what only a value uses (xsi:type="xs:string") or the signature's PrefixList names.
        inclusive_ns_prefixes=[prefix for prefix in assertion.nsmap if prefix] or None,
    )
    return ReadyAssertion(assertion.get("ID", ""), octets, sha256(octets))


def read_token(payload: etree._Element, trust: Trust, now: datetime, address: str) -> Token:
    """Return the one assertion of an answer, proven.

    Raises:
        P1AnswerInvalid: there is none, or it proves nothing.
    """
    found = list(payload.iter(ASSERTION))
    if len(found) != 1:
        raise P1AnswerInvalid(address=address, rule="not exactly one assertion")
    assertion = found[0]
    try:
        certificate = load_certificate(pybase64.b64decode(_certificate_text(assertion)))[0]
        trust.verify(certificate, at=now)
        prove_signature(assertion, [certificate], None)
        until = datetime.fromisoformat(assertion.find(_CONDITIONS).get("NotOnOrAfter"))  # type: ignore[union-attr, arg-type]
    except ErepoError as error:
        rule = f"the token is not P1's ({error.data.get('rule', error.code)})"
        raise P1AnswerInvalid(address=address, rule=rule) from None
    except (AttributeError, TypeError, ValueError):
        raise P1AnswerInvalid(address=address, rule="the token has another form") from None
    if until.tzinfo is None or until <= now:
        raise P1AnswerInvalid(address=address, rule="the token is over")
    return Token(ready_token(assertion), until.astimezone(UTC))


def _certificate_text(assertion: etree._Element) -> str:
    path = f"{SIGNATURE}/{KEY_INFO}/{X509_DATA}/{X509_CERTIFICATE}"
    return assertion.findtext(path) or ""
