"""Every bent message ends in a typed refusal that tells nothing; the good ones it was made of still pass."""

from collections import Counter

import pytest
from lxml import etree

from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of
from erepo.soap.mtom import unpack
from erepo.soap.verifying import Verifier
from tests.erepo.soap.attacks import (  # noqa: F401 — importing registers the vectors
    addressing,
    algorithms,
    attachments,
    headers,
    times,
    tokens,
    values,
    wrapping,
)
from tests.support.attack_kit import VECTORS, Forgery, Kit, Vector
from tests.support.soap_messages import LIMITS, Identity, identity, receive_soap


@pytest.fixture(scope="session")
def kit(elliptic: Identity) -> Kit:
    """Return the attacker's kit."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity())


@pytest.fixture
def verifier(kit: Kit) -> Verifier:
    """Return a verifier that trusts the victim and the elder."""
    return kit.victim.verifier()


def test_good_messages_pass(kit: Kit, verifier: Verifier) -> None:
    """What the attacks start from is accepted, also after a round through another serialiser."""
    for signer in (kit.victim, kit.elder):
        assert verifier.verify(receive_soap(etree.tostring(kit.tree(signer)))).action


def test_forged_signatures_are_valid(kit: Kit, verifier: Verifier) -> None:
    """The forger's hand is steady: a message it signs anew without bending anything is accepted."""
    for forger, signer in ((Forgery(), kit.victim), (Forgery(elder=True), kit.elder)):
        tree = kit.tree(signer)
        forger.sign(tree, signer)
        assert verifier.verify(receive_soap(etree.tostring(tree))).action


def test_vectors_have_their_own_codes() -> None:
    """No vector hides another."""
    assert max(Counter(vector.code for vector in VECTORS).values()) == 1
    assert len(VECTORS) > 150


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.code) for vector in VECTORS])
def test_attack_is_refused(vector: Vector, kit: Kit, verifier: Verifier) -> None:
    """The message ends as the refusal it deserves; neither error nor fault repeats a word of it."""
    content_type, octets = vector.make(kit)
    with pytest.raises(MessageRefused) as raised:
        verifier.verify(unpack(content_type, octets, LIMITS))
    assert isinstance(raised.value, vector.refusals or MessageRefused), raised.value
    assert fault_of(raised.value).code in ("Sender", "VersionMismatch", "MustUnderstand")
    told = " ".join(raised.value.explain("pl") + raised.value.explain("en"))
    assert "EVIL" not in told
    assert "urn:" not in told
    assert len(told) < 400
