"""Every bent assertion ends in a typed refusal that tells nothing, in signed messages and in plain ones."""

from collections import Counter

import pytest

from erepo.acting import AssertionRefused, read_assertion
from erepo.acting.errors import UserUnknown
from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of
from erepo.soap.verifying import read_unsigned
from tests.erepo.acting.attack_vectors import VECTORS
from tests.support.acting_kit import ActingKit, AssertionVector, Pieces, nothing, resign
from tests.support.actors import DOCTOR, NOW, expected_of
from tests.support.soap_messages import receive_soap


def judge(pieces: Pieces, kit: ActingKit, *, signed: bool) -> object:
    """Return what is proven by a message."""
    received = receive_soap(pieces.envelope(kit.victim if signed else None))
    victim = kit.victim
    verified = victim.verifier(clock=lambda: NOW).verify(received) if signed else read_unsigned(received)
    return read_assertion(verified, expected_of(victim)).actor


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
    assert isinstance(raised.value, vector.refusals), raised.value
    fault = fault_of(raised.value)
    assert fault.code == "Sender"
    assert fault.http_status == (403 if isinstance(raised.value, UserUnknown) else 400)
    told = " ".join(raised.value.explain("pl") + raised.value.explain("en"))
    assert not any(word in told for word in ("44051401359", "Przykładowa", "evil", "5425740"))


def test_a_refusal_is_a_failed_check() -> None:
    """Whoever bends an assertion hears the code of a failed check and one fixed sentence."""
    error = AssertionRefused(rule="inner words")
    assert fault_of(error).subcode == "wsse:FailedCheck"
    assert "inner" not in fault_of(error).reason + fault_of(error).polish
