"""The house's bent messages on the P1 profile, which asks for less to be signed: nothing bent gets through.

A message is refused with a typed error, or what is handed on is what its signer signed: only what the profile
leaves to TLS (addressing headers, who is addressed) may differ.
"""

import pytest
from lxml import etree

from erepo.p1.verifying import P1Verifier, read_p1
from erepo.soap.errors import MessageRefused
from erepo.soap.names import MULTIPART_TYPE
from erepo.soap.versions import SOAP_12
from tests.erepo.soap.attacks.catalogue import VECTORS
from tests.support.attack_kit import Kit
from tests.support.soap_messages import Identity, identity


@pytest.fixture(scope="module")
def kit() -> Kit:
    """Return the attacker's kit; P1 knows RSA only."""
    victim = identity("rsa-3072")
    return Kit(victim, identity("rsa-3072", victim.authority), identity())


def verify(victim: Identity, octets: bytes) -> etree._Element:
    """Return what the profile's verifier hands on."""
    return P1Verifier(victim.trust).verify(read_p1(octets, SOAP_12), SOAP_12).payload


def canonical(element: etree._Element) -> bytes:
    """Return the canonical octets of an element."""
    return etree.tostring(element, method="c14n", exclusive=True)


def test_nothing_bent_gets_through(kit: Kit) -> None:
    """Of more than 2,000 messages each is refused, or hands on exactly the element that was signed."""
    good, wrong, accepted = canonical(verify(kit.victim, kit.octets())), [], set()
    tried = 0
    for vector in VECTORS:
        try:
            content_type, octets = vector.make(kit)
        except (OverflowError, ValueError, TypeError, AssertionError):
            continue  # it bends an elliptic signature
        if content_type.startswith(MULTIPART_TYPE):
            continue  # P1's services know no multipart
        tried += 1
        try:
            payload = verify(kit.victim, octets)
        except MessageRefused:
            continue
        except Exception as error:  # noqa: BLE001 — an untyped one is what this looks for
            wrong.append(f"{vector.code}: {vector.title}: {error!r}")
            continue
        accepted.add(vector.code)
        if canonical(payload) != good:
            wrong.append(f"{vector.code}: {vector.title}: accepted")
    assert wrong == []
    assert tried > 1500
    assert len(accepted) < tried / 10, accepted
