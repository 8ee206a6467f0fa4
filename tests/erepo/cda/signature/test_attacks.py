"""Every bent document ends in a typed refusal that tells nothing; the good ones it was made of still pass."""

import time
from collections import Counter

import pytest

from erepo.cda.errors import NotXml
from erepo.cda.signature import is_suspect, verify_document
from erepo.errors import ErepoError
from tests.erepo.cda.signature.attacks.catalogue import VECTORS
from tests.support.cda_documents import document
from tests.support.document_attacks import Vector
from tests.support.signed_documents import Signing, good, is_valid, nurse


def test_good_documents_pass() -> None:
    """What the attacks start from is proven, by xmlsec, too."""
    for octets in (good(), Signing(nurse()).sign(document())):
        assert is_valid(octets)
        assert verify_document(octets).certificate


def test_vectors_have_their_own_codes() -> None:
    """No vector hides another, and each says what it does."""
    assert max(Counter(vector.code for vector in VECTORS).values()) == 1
    assert all(vector.title and vector.refusals for vector in VECTORS)
    assert len(VECTORS) > 150


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.code)
def test_attacks_are_refused(vector: Vector) -> None:
    """Each document ends as the refusal it deserves, cheaply, and no word of it is repeated."""
    octets = vector.make()
    assert octets != good()
    assert is_suspect(octets), "nobody would look at it"
    # The least of some: beside others, or while rubbish is collected, a refusal takes longer than it costs.
    for _ in range(5):
        begun = time.process_time()
        with pytest.raises(ErepoError) as caught:
            verify_document(octets)
        if (spent := time.process_time() - begun) < 0.05 + len(octets) / 2**20:
            break
    assert spent < 0.05 + len(octets) / 2**20
    assert isinstance(caught.value, vector.refusals)
    told = " ".join(caught.value.explain("pl") + caught.value.explain("en"))
    assert "EVIL" not in told
    assert "http" not in told
    assert len(told) < 600


@pytest.mark.parametrize("named", ["UTF-7", "UTF-32", "UTF-32LE", "UTF-32BE", "ISO-2022-JP"])
def test_encodings_hide_no_signature(named: str) -> None:
    """A signed document in an encoding that does not show its markup as ASCII is refused all the same."""
    text = good().decode().partition("?>")[2].encode("ascii", "xmlcharrefreplace").decode()
    if named == "UTF-7":
        text = text.replace("<", "+ADw-")
    elif named == "ISO-2022-JP":
        text = text.replace("Signature", "Sig\x1b(Bnature")
    codec = "ascii" if named in {"UTF-7", "ISO-2022-JP"} else named
    octets = f'<?xml version="1.0" encoding="{named}"?>{text}'.encode(codec)
    assert is_suspect(octets), "nobody would look at it"
    with pytest.raises(NotXml):
        verify_document(octets)
