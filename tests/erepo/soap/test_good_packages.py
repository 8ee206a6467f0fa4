"""Any MIME package that the profile allows is read, signed documents and all (IHE ITI TF-2 V.8)."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from erepo.soap.mtom import octets_of, unpack
from tests.support.attack_kit import Kit
from tests.support.packages import WRITERS, folded, plain
from tests.support.soap_messages import LIMITS, XDS, Identity, identity

DOCUMENTS = (b"first\r\ndocument\r\n", "zażółć = \t\n".encode() * 30, b"")


@pytest.fixture(scope="module")
def kit(elliptic: Identity) -> Kit:
    """Return a signer."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity())


@pytest.mark.parametrize("name", WRITERS)
def test_packages_of_other_toolkits_are_read(name: str, kit: Kit) -> None:
    """However the package is written, the signature holds and the documents come out octet for octet."""
    received = unpack(*WRITERS[name].write(kit.mtom(*DOCUMENTS)), LIMITS)
    verified = kit.victim.verifier().verify(received)
    places = verified.payload.findall(f"{{{XDS}}}Document")
    assert tuple(bytes(octets_of(received, place)) for place in places) == DOCUMENTS


@pytest.mark.parametrize("encoded", [base64.b64encode, base64.encodebytes, folded])
def test_documents_in_place_may_have_lines(encoded: Callable[[bytes], bytes], kit: Kit) -> None:
    """Simple SOAP with base64 in lines is read; nobody but the sender can sign such lines."""
    text = encoded(b"document" * 20).decode()
    octets = kit.octets().decode().replace(base64.b64encode(b"octets").decode(), f"\n{text}\t ")
    received = unpack("application/soap+xml", octets.encode(), LIMITS)
    place = received.envelope[1][0].find(f"{{{XDS}}}Document")
    assert place is not None
    assert bytes(octets_of(received, place)) == b"document" * 20


def test_includes_may_be_indented(kit: Kit) -> None:
    """White space around an Include is part of what was signed, and no part of the document."""
    writer = replace(plain, around="\n  {}\n")
    received = unpack(*writer.write(kit.mtom(*DOCUMENTS)), LIMITS)
    place = received.envelope[1][0].find(f"{{{XDS}}}Document")
    assert place is not None
    assert bytes(octets_of(received, place)) == DOCUMENTS[0]
