"""What is packed comes back whole, proven and octet for octet."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.content import CHUNK, FileContent, MemoryContent
from erepo.soap.message import AttachmentsMismatchError, Outgoing, pack, ready_body
from erepo.soap.mtom import Attachment, include, octets_of, unpack
from erepo.soap.names import ACTION as ACTION_HEADER
from erepo.soap.names import ANONYMOUS, FAULT_ACTION, HEADER, MUST_UNDERSTAND
from erepo.soap.verifying import read_unsigned
from tests.support.soap_messages import ACTION, LIMITS, RIM, TO, XDS, Identity, Sample, wire

AWKWARD = [
    b"",
    b"\n",
    b"\r\n",
    b"ends in newlines\r\n\r\n\n\n",
    b"\r\n--",
    b"\r\n--boundary--\r\n",
    b"--\r\n\r\n\r\n--",
    b"\x00\xff" * 500,
    b"<a/>\r",
    bytes(range(256)) * 9,
    b"x" * (CHUNK - 1),
    b"x" * CHUNK,
    b"x" * (CHUNK + 1),
]


def documents_of(sample: Sample, signing: Identity) -> list[bytes]:
    """Send a sample through sign, pack, unpack, verify and read its documents back."""
    received = sample.receive(signing.signer)
    verified = signing.verifier().verify(received)
    return [bytes(octets_of(received, place)) for place in verified.payload.findall(f"{{{XDS}}}Document")]


@pytest.mark.parametrize("mtom", [True, False])
def test_awkward_octets_come_back_exactly(signing: Identity, mtom: bool) -> None:
    """Documents of any ending and content come back octet for octet, as parts and in place."""
    assert documents_of(Sample(AWKWARD, mtom=mtom), signing) == AWKWARD


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(
        st.binary(max_size=3000) | st.text("\r\n-b \t", max_size=40).map(str.encode), max_size=5
    )
)
def test_any_octets_come_back_exactly(elliptic: Identity, documents: list[bytes]) -> None:
    """Any documents come back octet for octet."""
    assert documents_of(Sample(documents), elliptic) == documents


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200))
def test_any_text_is_signed_as_it_is_sent(elliptic: Identity, text: str) -> None:
    """Whatever stands in the metadata, the receiver canonicalises the octets that the sender hashed."""
    text = "".join(character for character in text if character not in "\ufffe\uffff")
    payload = elliptic.verifier().verify(Sample(title=text + "\r\n\t").receive(elliptic.signer)).payload
    assert payload[0].text == text + "\r\n\t"
    assert payload[0].get("value") == text + "\r\n\t"


@pytest.mark.parametrize("mtom", [True, False])
@pytest.mark.parametrize("documents", [(), (b"one",), (b"one", b"x" * CHUNK * 2, b"three")])
def test_length_is_the_number_of_octets(elliptic: Identity, mtom: bool, documents: tuple[bytes, ...]) -> None:
    """Content-Length is known before anything is sent, and a second transmission sends the same."""
    packed = Sample(documents, mtom=mtom).pack(elliptic.signer)
    assert len(wire(packed)) == packed.length
    assert wire(packed) == wire(packed)


def test_proven_headers_are_those_sent(elliptic: Identity) -> None:
    """Action, MessageID, To, ReplyTo and RelatesTo come back as proven values."""
    outgoing = Sample(relates_to="urn:uuid:question").outgoing()
    packed = pack(outgoing, elliptic.signer)
    verified = elliptic.verifier().verify(unpack(packed.content_type, wire(packed), LIMITS))
    assert verified.action == ACTION
    assert verified.to == TO
    assert verified.message_id == outgoing.message_id
    assert verified.relates_to == "urn:uuid:question"
    assert verified.reply_to == ""
    assert verified.certificate == elliptic.bundle.certificate


def test_requests_follow_the_ihe_rules(elliptic: Identity) -> None:
    """Requests carry an anonymous ReplyTo (IHE-WSA102) and mustUnderstand on wsa:Action (IHE-WSA101)."""
    received = Sample().receive(elliptic.signer)
    action = received.envelope.find(f"{HEADER}/{ACTION_HEADER}")
    assert action is not None
    assert action.get(MUST_UNDERSTAND) == "1"
    assert elliptic.verifier().verify(received).reply_to == ANONYMOUS


def test_answers_without_documents_are_multipart_too(elliptic: Identity) -> None:
    """An MTOM answer is packaged even though there is nothing to package."""
    packed = Sample(relates_to="urn:uuid:question").pack(elliptic.signer)
    assert packed.content_type.startswith("multipart/related")
    assert unpack(packed.content_type, wire(packed), LIMITS).multipart


def test_simple_soap_is_not_multipart(elliptic: Identity) -> None:
    """Simple SOAP carries its action in the media type and no parts."""
    packed = Sample(mtom=False).pack(elliptic.signer)
    assert packed.content_type == f'application/soap+xml; charset=utf-8; action="{ACTION}"'
    assert not unpack(packed.content_type, wire(packed), LIMITS).multipart


def test_unsigned_message_reads_without_certificate() -> None:
    """A peer on mutual TLS alone is read, and nothing is claimed to be proven about a signer."""
    verified = read_unsigned(Sample([b"octets"]).receive(None))
    assert (verified.action, verified.certificate, verified.created) == (ACTION, None, None)


def test_prefixes_inside_values_stay_declared(elliptic: Identity) -> None:
    """A QName in a value resolves at the receiver although no element uses its prefix."""
    payload = etree.Element(f"{{{XDS}}}Any", nsmap={"xds": XDS, "rim": RIM, "soap": "urn:other"})
    payload.text = "rim:Kind"
    packed = pack(Outgoing(ACTION, TO, payload), elliptic.signer)
    verified = elliptic.verifier().verify(unpack(packed.content_type, wire(packed), LIMITS))
    assert verified.payload.nsmap["rim"] == RIM


@pytest.mark.parametrize(
    ("included", "attached"), [(["a"], []), ([], ["a"]), (["a", "a"], ["a"]), (["a"], ["b"])]
)
def test_includes_and_attachments_must_fit(included: list[str], attached: list[str]) -> None:
    """A caller's mistake is found while packing, not by the receiver."""
    payload = etree.Element(f"{{{XDS}}}Request")
    for cid in included:
        etree.SubElement(payload, f"{{{XDS}}}Document").append(include(cid))
    attachments = [Attachment(cid, MemoryContent(b"")) for cid in attached]
    with pytest.raises(AttachmentsMismatchError):
        pack(Outgoing(ACTION, TO, payload, attachments), None)


@pytest.mark.parametrize("mtom", [True, False])
def test_a_body_made_before_is_proven_in_every_message(elliptic: Identity, mtom: bool) -> None:
    """A Body made once is sent, signed and proven in one message after another, as it was."""
    ready = ready_body(etree.Element(f"{{{RIM}}}Answer", {"kind": "ł"}, nsmap={"rim": RIM, "xds": XDS}))
    for number in range(2):
        outgoing = Outgoing(ACTION, TO, ready, message_id=f"urn:uuid:{number}")
        packed = pack(outgoing, elliptic.signer, mtom=mtom)
        verified = elliptic.verifier().verify(unpack(packed.content_type, wire(packed), LIMITS))
        assert (verified.message_id, verified.payload.get("kind")) == (f"urn:uuid:{number}", "ł")
        assert verified.payload.nsmap["xds"] == XDS


def test_a_body_made_before_holds_no_documents() -> None:
    """An include in a Body made before, or an attachment beside it, is a mistake of the caller."""
    payload = etree.Element(f"{{{RIM}}}Answer", nsmap={"rim": RIM})
    payload.append(include("a@b"))
    with pytest.raises(AttachmentsMismatchError):
        ready_body(payload)
    attachments = (Attachment("a@b", MemoryContent(b"x")),)
    outgoing = Outgoing(ACTION, TO, ready_body(etree.Element(f"{{{RIM}}}Answer")), attachments)
    with pytest.raises(AttachmentsMismatchError):
        pack(outgoing, None)


def test_media_type_cannot_break_out_of_its_header(elliptic: Identity) -> None:
    """A media type from metadata that would add a MIME header is replaced."""
    attachment = Attachment("a", MemoryContent(b""), "text/xml\r\nX: y")
    assert attachment.media_type == "application/octet-stream"
    with pytest.raises(ValueError, match="content id"):
        Attachment("a>\r\n", MemoryContent(b""))


def test_fault_action_is_the_addressing_one() -> None:
    """Faults travel under the action that WS-Addressing names for them."""
    assert FAULT_ACTION == "http://www.w3.org/2005/08/addressing/fault"


def test_packing_a_large_file_takes_no_memory(elliptic: Identity, tmp_path: Path) -> None:
    """Packing and sending 100 MB from a file holds a few chunks at a time."""
    file = tmp_path / "scan.tiff"
    with file.open("wb") as writing:
        writing.truncate(100 * 1024**2)
    payload = etree.Element(f"{{{XDS}}}Request")
    payload.append(include("scan"))
    outgoing = Outgoing(ACTION, TO, payload, [Attachment("scan", FileContent(file))])
    tracemalloc.start()
    try:
        sent = _count(pack(outgoing, elliptic.signer).chunks())
        assert sent > 100 * 1024**2
        assert tracemalloc.get_traced_memory()[1] < 3 * 1024**2
    finally:
        tracemalloc.stop()


def _count(chunks: Iterator[bytes | bytearray | memoryview]) -> int:
    return sum(map(len, chunks))
