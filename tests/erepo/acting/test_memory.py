"""A proof that is remembered counts only where the assertion would be proven again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from erepo.acting import AssertionRefused, Expected, Memory, Proven, read_assertion
from erepo.acting.memory import _MOST, Proof
from erepo.pki.trust import TrustStore
from erepo.soap.verifying import read_unsigned
from tests.support.acting_kit import ActingKit
from tests.support.actors import DOCTOR, NOW, assertion_of, expected_of, message_with
from tests.support.soap_messages import receive_soap

Change = Callable[[Expected, ActingKit], Expected]


def read(octets: bytes, expected: Expected, memory: Memory) -> Proven:
    """Return what the assertion of an unsigned message proves."""
    return read_assertion(read_unsigned(receive_soap(octets)), expected, memory)


def test_an_assertion_is_proven_once_for_many_messages(kit: ActingKit) -> None:
    """Later messages with the same assertion get the very proof of the first, one-time key included."""
    ready, memory = assertion_of(kit.victim, one_time=True), Memory()
    first = read(message_with(ready, None), expected_of(kit.victim), memory)
    later = replace(expected_of(kit.victim), now=NOW + timedelta(seconds=600))
    assert read(message_with(ready, None), later, memory) is first
    assert read(message_with(ready, None), later, Memory()) == first


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda e, _: replace(e, account="0000000000001004"), id="account"),
        pytest.param(lambda e, _: replace(e, certificates=()), id="no certificate registered any more"),
        pytest.param(lambda e, k: replace(e, certificates=(k.neighbour.bundle.certificate,)), id="another"),
        pytest.param(lambda e, _: replace(e, holders=()), id="no holder"),
        pytest.param(lambda e, k: replace(e, holders=(k.neighbour.bundle.certificate,)), id="holder"),
        pytest.param(lambda e, _: replace(e, audiences=frozenset({"2.25.77"})), id="audience"),
        pytest.param(lambda e, _: replace(e, trust=TrustStore(())), id="authority"),
        pytest.param(lambda e, _: replace(e, now=NOW + timedelta(seconds=660)), id="over"),
        pytest.param(lambda e, _: replace(e, now=NOW - timedelta(seconds=121)), id="not yet"),
        pytest.param(lambda e, _: replace(e, skew=0, now=NOW + timedelta(seconds=630)), id="skew"),
    ],
)
def test_what_is_remembered_is_refused_elsewhere(kit: ActingKit, change: Change) -> None:
    """Another account, key, authority, audience or time: the proof does not count for it."""
    octets, memory, expected = message_with(assertion_of(kit.victim), None), Memory(), expected_of(kit.victim)
    assert read(octets, expected, memory).actor == DOCTOR
    with pytest.raises(AssertionRefused):
        read(octets, change(expected, kit), memory)
    assert read(octets, expected, memory).actor == DOCTOR


def test_the_id_must_be_alone_in_each_message(kit: ActingKit) -> None:
    """A message in which something else bears the assertion's ID is refused, however well it is known."""
    ready, memory, expected = assertion_of(kit.victim), Memory(), expected_of(kit.victim)
    octets = message_with(ready, None)
    read(octets, expected, memory)
    bent = octets.replace(b"<xds:Request ", f'<xds:Request id="{ready.identifier}" '.encode())
    assert bent != octets
    with pytest.raises(AssertionRefused, match="stands twice"):
        read(bent, expected, memory)


@pytest.mark.parametrize(
    "words", [(b"Anna", b"Anno"), (b"http://www.w3.org/2001/XMLSchema-instance", b"urn:other")]
)
def test_other_octets_are_another_assertion(kit: ActingKit, words: tuple[bytes, bytes]) -> None:
    """One letter, or one meaning of a prefix: what was proven is not this one."""
    ready, memory, expected = assertion_of(kit.victim), Memory(), expected_of(kit.victim)
    read(message_with(ready, None), expected, memory)
    bent = message_with(replace(ready, octets=ready.octets.replace(*words)), None)
    with pytest.raises(AssertionRefused):
        read(bent, expected, memory)


def test_the_memory_is_bounded(kit: ActingKit) -> None:
    """However many assertions are proven, a fixed number is remembered."""
    memory, expected = Memory(), expected_of(kit.victim)
    proven = read(message_with(assertion_of(kit.victim), None), expected, memory)
    proof = Proof(proven, kit.victim.bundle.certificate, NOW, NOW + timedelta(seconds=1))
    for number in range(3 * _MOST):
        memory.keep(number, proof)
    known = [number for number in range(3 * _MOST) if memory.find(number, NOW, timedelta(0))]
    assert 0 < len(known) <= _MOST
