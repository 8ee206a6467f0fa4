"""Sealed secrets open for what they were sealed for, with the key they name, unchanged; for nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.cloud.vault.envelope import Bound, Envelope, MasterKey, rewrap, seal, unseal
from erepo.cloud.vault.errors import SecretDamaged

ONE, OTHER = MasterKey(b"1" * 32), MasterKey(b"2" * 32)
OURS = Bound(7, "p1 certificates")


@given(st.binary(max_size=5000))
def test_what_was_sealed_opens(secret: bytes) -> None:
    """Any octets come back, before and after a change of the master key; the secret itself is not touched."""
    first = seal(secret, ONE, OURS)
    assert unseal(first, ONE, OURS) == secret
    second = rewrap(first, ONE, OTHER, OURS)
    assert unseal(second, OTHER, OURS) == secret
    assert (second.key_id, second.sealed) == (OTHER.id, first.sealed)
    assert first.wrapped != second.wrapped


@given(st.sampled_from(["wrapped", "sealed"]), st.integers(0, 59), st.integers(1, 255))
def test_no_bit_may_change(layer: str, place: int, bits: int) -> None:
    """Any changed octet of either layer is found."""
    envelope = seal(b"a secret of some length or other", ONE, OURS)
    octets = bytearray(getattr(envelope, layer))
    octets[place % len(octets)] ^= bits
    with pytest.raises(SecretDamaged):
        unseal(replace(envelope, **{layer: bytes(octets)}), ONE, OURS)


@pytest.mark.parametrize("layer", ["wrapped", "sealed"])
@pytest.mark.parametrize("length", [0, 1, 5, 13, 28])
def test_what_is_cut_is_found(layer: str, length: int) -> None:
    """A value that lost its end does not open."""
    envelope = seal(b"secret", ONE, OURS)
    cut = replace(envelope, **{layer: getattr(envelope, layer)[:length]})
    with pytest.raises(SecretDamaged):
        unseal(cut, ONE, OURS)


@pytest.mark.parametrize(
    ("key", "bound"),
    [(OTHER, OURS), (ONE, Bound(8, OURS.purpose)), (ONE, Bound(7, "something else"))],
    ids=["another key", "another account", "another purpose"],
)
def test_it_opens_nowhere_else(key: MasterKey, bound: Bound) -> None:
    """A row that is put in another account's place, or read for another purpose, stays shut."""
    envelope = seal(b"secret", ONE, OURS)
    with pytest.raises(SecretDamaged):
        unseal(envelope, key, bound)
    with pytest.raises(SecretDamaged):
        rewrap(envelope, key, OTHER, bound)


def test_a_data_key_is_not_taken_for_another_secrets() -> None:
    """Layers of two envelopes do not mix, and the id of the master key is part of the seal."""
    first, second = seal(b"first", ONE, OURS), seal(b"second", ONE, OURS)
    for mixed in (Envelope(ONE.id, first.wrapped, second.sealed), replace(first, key_id=OTHER.id)):
        with pytest.raises(SecretDamaged):
            unseal(mixed, ONE, OURS)


def test_nothing_of_a_key_is_shown() -> None:
    """The id tells keys apart and is not part of one; a key is not printed."""
    assert ONE.id != OTHER.id
    assert len(ONE.id) == 16
    assert "1111" not in repr(ONE)
    assert seal(b"x", ONE, OURS).wrapped != seal(b"x", ONE, OURS).wrapped
