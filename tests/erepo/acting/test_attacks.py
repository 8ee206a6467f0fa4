"""Every bent assertion ends in a typed refusal that tells nothing, in signed messages and in plain ones."""

from collections import Counter
from typing import ClassVar

import pytest
from lxml import etree

from erepo.acting import Actor, AssertionRefused, Memory, read_assertion
from erepo.acting.errors import UserUnknown
from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of
from erepo.soap.verifying import read_unsigned
from tests.erepo.acting.attack_vectors import VECTORS
from tests.support.acting_kit import ActingKit, AssertionVector, Pieces, Tree, nothing, resign
from tests.support.actors import DOCTOR, NOW, expected_of
from tests.support.soap_messages import Identity, receive_soap


class SameAssertion(ActingKit):
    """A kit that gives the very same assertion whenever it is asked for the same."""

    _octets: ClassVar[dict[tuple[object, ...], bytes]] = {}

    def good(self, actor: Actor = DOCTOR, identity: Identity | None = None, **options: object) -> Tree:
        """Return a good assertion."""
        key = (self.victim, actor, identity, *sorted(options.items()))
        if key not in self._octets:
            self._octets[key] = etree.tostring(super().good(actor, identity, **options))
        return etree.fromstring(self._octets[key])


def judge(pieces: Pieces, kit: ActingKit, *, signed: bool, memory: Memory | None = None) -> object:
    """Return what is proven by a message."""
    received = receive_soap(pieces.envelope(kit.victim if signed else None))
    victim = kit.victim
    verified = victim.verifier(clock=lambda: NOW).verify(received) if signed else read_unsigned(received)
    return read_assertion(verified, expected_of(victim), memory).actor


@pytest.mark.parametrize("signed", [True, False])
def test_good_assertions_pass(kit: ActingKit, signed: bool) -> None:
    """What the attacks start from is accepted, also signed anew by the attacker's tools."""
    assert judge(Pieces((kit.good(),)), kit, signed=signed) == DOCTOR
    tree = kit.good()
    nothing(tree)
    assert judge(Pieces((resign(tree, kit.victim),)), kit, signed=signed) == DOCTOR


def test_vectors_have_their_own_codes() -> None:
    """No vector hides another."""
    assert max(Counter(vector.code for vector in VECTORS).values()) == 1
    assert len(VECTORS) > 80


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "plain"])
@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.code) for vector in VECTORS])
def test_attack_is_refused(vector: AssertionVector, kit: ActingKit, signed: bool) -> None:
    """The message ends as the refusal it deserves; neither error nor fault repeats a word of it."""
    with pytest.raises(MessageRefused) as raised:
        judge(vector.make(kit), kit, signed=signed)
    check_refusal(raised.value, vector)


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "plain"])
@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.code) for vector in VECTORS])
def test_attack_is_refused_with_a_memory(vector: AssertionVector, kit: ActingKit, signed: bool) -> None:
    """Who has just believed the assertion that an attack is made of refuses the attack all the same."""
    known, memory = SameAssertion(kit.victim, kit.neighbour, kit.stranger), Memory()
    assert judge(Pieces((known.good(),)), kit, signed=signed, memory=memory) == DOCTOR
    with pytest.raises(MessageRefused) as raised:
        judge(vector.make(known), kit, signed=signed, memory=memory)
    check_refusal(raised.value, vector)


def check_refusal(error: MessageRefused, vector: AssertionVector) -> None:
    """Assert that a refusal is the right one and tells nothing."""
    assert isinstance(error, vector.refusals), error
    fault = fault_of(error)
    assert fault.code == "Sender"
    assert fault.http_status == (403 if isinstance(error, UserUnknown) else 400)
    told = " ".join(error.explain("pl") + error.explain("en"))
    assert not any(word in told for word in ("44051401359", "Przykładowa", "evil", "5425740"))


def test_a_refusal_is_a_failed_check() -> None:
    """Whoever bends an assertion hears the code of a failed check and one fixed sentence."""
    error = AssertionRefused(rule="inner words")
    assert fault_of(error).subcode == "wsse:FailedCheck"
    assert "inner" not in fault_of(error).reason + fault_of(error).polish
