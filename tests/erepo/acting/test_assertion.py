"""Our assertions are canonical, say what they shall, are renewed in time, and cannot be exchanged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from erepo.acting import Actor, Assertions, read_assertion
from erepo.errors import ErepoError
from erepo.identifiers.hl7 import CE
from erepo.soap.errors import CoverageRefused, MessageRefused, SecurityMalformed, SignatureInvalid
from erepo.soap.names import ASSERTION, REFERENCE, SECURITY, WSU_ID
from erepo.soap.verifying import read_unsigned
from tests.support.acting_kit import ActingKit, one
from tests.support.actors import (
    DOCTOR,
    NOW,
    SERVICE,
    assertion_of,
    expected_of,
    message_with,
    received_with,
)
from tests.support.soap_messages import Identity, identity, receive_soap

_TEXT = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60).map(str.strip)
_WORDS = _TEXT.filter(lambda text: bool(text) and text.isprintable())
_NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def signer() -> Identity:
    """Return one signer."""
    return identity()


@given(name=_NAMES, code=_WORDS, system=_WORDS, display=_WORDS)
def test_what_is_written_is_read(signer: Identity, name: str, code: str, system: str, display: str) -> None:
    """Names and codes of any characters come back as they were, from canonical octets."""
    actor = replace(DOCTOR, name=name, role=CE(code, system, display))
    ready = assertion_of(signer, actor)
    tree = etree.fromstring(ready.octets)
    assert etree.tostring(tree, method="c14n", exclusive=True) == ready.octets
    got = read_assertion(received_with(ready, signer), expected_of(signer)).actor
    assert got == actor


def test_the_message_signs_its_assertion(kit: ActingKit) -> None:
    """Our signature covers the assertion by its ID, so that another good one cannot take its place."""
    ours = assertion_of(kit.victim)
    envelope = message_with(ours, kit.victim)
    tree = etree.fromstring(envelope)
    assert f"#{ours.identifier}" in [node.get("URI") for node in tree.iter(REFERENCE)]
    other = assertion_of(kit.victim, replace(DOCTOR, role=CE("ADM", "x")))
    for octets in (other.octets, other.octets.replace(other.identifier.encode(), ours.identifier.encode())):
        with pytest.raises((CoverageRefused, SignatureInvalid)):
            verify(kit, envelope.replace(ours.octets, octets))
    with pytest.raises(CoverageRefused):
        verify(kit, envelope.replace(ours.octets, b""))


def test_an_assertion_elsewhere_is_not_the_signed_one(kit: ActingKit) -> None:
    """A reference to an assertion counts where the assertion stands in its place, and nowhere else."""
    tree = etree.fromstring(message_with(assertion_of(kit.victim), kit.victim))
    moved = one(tree, ASSERTION)
    one(tree, SECURITY).remove(moved)
    wrapper = etree.SubElement(tree[0], "{urn:foreign}Wrapper")
    wrapper.append(moved)
    with pytest.raises(CoverageRefused):
        verify(kit, etree.tostring(tree))


def test_an_id_of_a_signed_part_may_not_be_the_assertions(kit: ActingKit) -> None:
    """One id for an assertion and another part is refused, whichever was meant."""
    tree = etree.fromstring(message_with(assertion_of(kit.victim), kit.victim))
    one(tree, ASSERTION).set("ID", "body")
    with pytest.raises(CoverageRefused):
        verify(kit, etree.tostring(tree))
    tree = etree.fromstring(message_with(assertion_of(kit.victim), kit.victim))
    etree.SubElement(tree[1][0], "{urn:x}a").set(WSU_ID, one(tree, ASSERTION).get("ID", ""))
    with pytest.raises(MessageRefused):
        verify(kit, etree.tostring(tree))


def verify(kit: ActingKit, envelope: bytes) -> object:
    """Verify a message."""
    return kit.victim.verifier(clock=lambda: NOW).verify(receive_soap(envelope))


def test_unsigned_messages_hand_on_one_assertion(kit: ActingKit) -> None:
    """Without WS-Security the header holds the assertion alone; two are refused, none is nobody."""
    ready = assertion_of(kit.victim)
    envelope = message_with(ready, None)
    assert read_unsigned(receive_soap(envelope)).assertion is not None
    assert read_unsigned(receive_soap(message_with(None, None))).assertion is None
    with pytest.raises(SecurityMalformed):
        read_unsigned(receive_soap(envelope.replace(ready.octets, ready.octets * 2)))


def test_one_time_assertions_have_a_key(kit: ActingKit) -> None:
    """The key is the assertion's own; an assertion without OneTimeUse has none."""
    keys = []
    for once in (True, True, False):
        ready = assertion_of(kit.victim, one_time=once)
        results = [
            read_assertion(received_with(ready, kit.victim), expected_of(kit.victim)) for _ in range(2)
        ]
        assert results[0].one_time == results[1].one_time
        assert results[0].until == NOW + timedelta(seconds=660)
        keys.append(results[0].one_time)
    assert keys[0] != keys[1]
    assert keys[2] is None
    assert len(keys[0] or b"") == 32


def test_assertions_are_made_anew_in_time(kit: ActingKit) -> None:
    """One assertion serves until two thirds of its life are over; a clock set back makes a new one too."""
    now = [NOW]
    assertions = Assertions(DOCTOR, kit.victim.signer, SERVICE, life=600, clock=lambda: now[0])
    first = assertions()
    now[0] += timedelta(seconds=399)
    assert assertions() is first
    now[0] += timedelta(seconds=1)
    second = assertions()
    assert second.identifier != first.identifier
    now[0] -= timedelta(days=1)
    assert assertions() is not second


def test_people_do_not_show_in_representations(kit: ActingKit) -> None:
    """Actor, assertion and refusals never print a number or a name."""
    ready = assertion_of(kit.victim)
    shown = f"{DOCTOR!r} {ready!r} {Assertions(DOCTOR, kit.victim.signer, SERVICE)!r}"
    assert DOCTOR.id not in shown
    assert DOCTOR.name not in shown


@given(st.binary(max_size=300), st.integers(0, 5000), st.integers(0, 40))
def test_damaged_assertions_end_in_typed_refusals(signer: Identity, junk: bytes, at: int, cut: int) -> None:
    """Whatever happens to the octets, the end is a refusal of ours or the same actor."""
    ready = assertion_of(signer)
    start = at % len(ready.octets)
    octets = ready.octets[:start] + junk + ready.octets[start + cut :]
    envelope = message_with(ready, None).replace(ready.octets, octets)
    got: Actor | None = None
    try:
        got = read_assertion(read_unsigned(receive_soap(envelope)), expected_of(signer)).actor
    except ErepoError:
        return
    assert got == DOCTOR
