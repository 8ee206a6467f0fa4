"""The verifier accepts every good form of a message, asks about each signer, and forgets nothing."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from erepo.errors import AccessRefused
from erepo.pki.bundle import Bundle
from erepo.soap.canonical import canonical_octets
from erepo.soap.errors import (
    AlgorithmRefused,
    CoverageRefused,
    MalformedEnvelope,
    MessageExpired,
    SignatureInvalid,
    SignerRefused,
)
from erepo.soap.mtom import octets_of, unpack
from erepo.soap.names import (
    ACTION,
    ANONYMOUS,
    EXPIRES,
    REPLY_TO,
    SAML2,
    SIGNATURE_VALUE,
    SOAP,
    TIMESTAMP,
    TO,
    TOKEN,
    WSA,
    WSU_ID,
    XOP,
)
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verifier, read_unsigned
from tests.support.attack_kit import Forgery, Tree, header, one, reference_to, security
from tests.support.soap_messages import LIMITS, XDS, Identity, Sample, identity, multipart, receive_soap, wire

#: A moment at which the test certificates are valid, whatever the day.
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


def at(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: moment


# --- good forms -----------------------------------------------------------------------------------------


def no_expires(tree: Tree) -> None:
    """Leave Expires out: it is optional."""
    one(tree, TIMESTAMP).remove(one(tree, EXPIRES))


def whole_seconds(tree: Tree) -> None:
    """Write moments without fractions."""
    for moment in one(tree, TIMESTAMP):
        moment.text = f"{(moment.text or '')[:19]}Z"


def foreign_header(tree: Tree) -> None:
    """Add a header that may be ignored."""
    etree.SubElement(header(tree), "{urn:foreign}Trace").set(f"{{{SOAP}}}mustUnderstand", "0")


def no_reply_to(tree: Tree) -> None:
    """Leave ReplyTo out: tolerated."""
    node = reference_to(tree, "reply-to")
    node.getparent().remove(node)  # type: ignore[union-attr]
    header(tree).remove(one(tree, REPLY_TO))


def unsigned_reply_to(tree: Tree) -> None:
    """Leave the anonymous ReplyTo unsigned: it says nothing that could be bent."""
    node = reference_to(tree, "reply-to")
    node.getparent().remove(node)  # type: ignore[union-attr]


def signed_token(tree: Tree) -> None:
    """Sign the token as well, as careful clients do."""
    node = etree.fromstring(etree.tostring(reference_to(tree, "body")))
    node.set("URI", "#x509")
    reference_to(tree, "body").addnext(node)


def assertion_beside(tree: Tree) -> None:
    """Carry a SAML assertion in the Security header."""
    etree.SubElement(security(tree), f"{{{SAML2}}}Assertion", ID="assertion")


def pretty(tree: Tree) -> None:
    """Indent the unsigned places."""
    header(tree).text = "\n  "
    security(tree).text = "\n    "
    security(tree).tail = "\n"
    tree.text = "\n"


def timestamp_last(tree: Tree) -> None:
    """Write the Security header in another order."""
    security(tree).append(one(tree, TIMESTAMP))
    header(tree).insert(0, one(tree, ACTION))


GOOD = [
    no_expires,
    whole_seconds,
    foreign_header,
    no_reply_to,
    unsigned_reply_to,
    signed_token,
    assertion_beside,
    pretty,
    timestamp_last,
]


@pytest.mark.parametrize("edit", GOOD, ids=lambda edit: edit.__name__)
def test_good_forms_are_accepted(elliptic: Identity, edit: Callable[[Tree], None]) -> None:
    """What conforming clients write differently from ours is accepted."""
    tree = etree.fromstring(Sample([b"octets"]).envelope(elliptic.signer))
    edit(tree)
    Forgery().sign(tree, elliptic)
    assert elliptic.verifier().verify(receive_soap(etree.tostring(tree))).action


def test_wrapped_base64_is_accepted(elliptic: Identity) -> None:
    """Line breaks in signature and token are XML's business."""
    tree = etree.fromstring(Sample().envelope(elliptic.signer))
    for tag in (SIGNATURE_VALUE, TOKEN):
        node = one(tree, tag)
        node.text = "\r\n" + base64.encodebytes(base64.b64decode(node.text or "")).decode()
    assert elliptic.verifier().verify(receive_soap(etree.tostring(tree))).action


def test_the_token_may_be_an_attachment(elliptic: Identity) -> None:
    """CXF puts the certificate of an MTOM message into a part of its own."""
    tree = etree.fromstring(Sample().envelope(elliptic.signer))
    token = one(tree, TOKEN)
    der = base64.b64decode(token.text or "")
    token.text = None
    etree.SubElement(token, f"{{{XOP}}}Include", href="cid:token")
    root = 'Content-Type: application/xop+xml; type="application/soap+xml"\nContent-ID: <r>'
    package = multipart([(root, etree.tostring(tree)), ("Content-ID: <token>", der)])
    assert elliptic.verifier().verify(unpack(*package, LIMITS)).certificate == elliptic.bundle.certificate


def test_verification_leaves_the_tree_as_it_was(elliptic: Identity) -> None:
    """Includes stand where they stood, whether the message was proven or refused."""
    packed = Sample([b"one", b"two"]).pack(elliptic.signer)
    for octets in (wire(packed), wire(packed).replace(b"tytu", b"TYTU")):
        received = unpack(packed.content_type, octets, LIMITS)
        before = canonical_octets(received.envelope, ())
        try:
            elliptic.verifier().verify(received)
        except SignatureInvalid:
            assert octets != wire(packed)
        assert canonical_octets(received.envelope, ()) == before
        assert bytes(octets_of(received, received.envelope[1][0].findall(f"{{{XDS}}}Document")[1])) == b"two"


def test_the_payload_is_the_verified_node(elliptic: Identity) -> None:
    """What is handed on is the element inside the Body that was hashed, not one found again."""
    received = Sample().receive(elliptic.signer)
    assert elliptic.verifier().verify(received).payload is received.envelope[1][0]


def test_one_verifier_serves_many_threads(elliptic: Identity) -> None:
    """Verifying at once in several threads gives each its own answer."""
    verifier, barrier = elliptic.verifier(), threading.Barrier(4)

    def work(number: int) -> bytes:
        barrier.wait()
        for _ in range(10):
            received = Sample([b"%d" % number]).receive(elliptic.signer)
            place = verifier.verify(received).payload[1]
        return bytes(octets_of(received, place))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [b"0", b"1", b"2", b"3"]


# --- signers --------------------------------------------------------------------------------------------


def test_untrusted_signer_is_refused(elliptic: Identity) -> None:
    """A certificate of another authority is refused, whatever its subject says."""
    with pytest.raises(SignerRefused) as raised:
        elliptic.verifier().verify(Sample().receive(identity().signer))
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize("shift", [timedelta(days=-30), timedelta(days=365 * 20)])
def test_signer_must_be_valid_now(elliptic: Identity, shift: timedelta) -> None:
    """A certificate that is not valid yet, or no more, signs nothing."""
    moment = datetime.now(UTC) + shift
    with pytest.raises(SignerRefused):
        elliptic.verifier(clock=at(moment)).verify(Sample(now=moment).receive(elliptic.signer))


def test_the_caller_decides_about_the_subject(elliptic: Identity) -> None:
    """`accept` sees the proven certificate, and its refusal passes through unchanged."""
    asked: list[x509.Certificate] = []

    def refuse(certificate: x509.Certificate) -> None:
        asked.append(certificate)
        raise AccessRefused

    received = Sample().receive(elliptic.signer)
    with pytest.raises(AccessRefused):
        elliptic.verifier(accept=refuse).verify(received)
    with pytest.raises(AccessRefused):
        elliptic.verifier().verify(received, accept=refuse)
    assert asked == [elliptic.bundle.certificate] * 2


def test_accept_is_not_asked_about_bad_messages(elliptic: Identity) -> None:
    """Nobody is asked about the signer of a message whose signature is wrong."""

    def fail(_certificate: x509.Certificate) -> None:
        pytest.fail("asked")

    octets = Sample().envelope(elliptic.signer).replace(b"tytu", b"TYTU")
    with pytest.raises(SignatureInvalid):
        elliptic.verifier(accept=fail).verify(receive_soap(octets))


class Anybody:
    """A trust that knows everybody: what is left is the verifier's own judgement of keys."""

    def verify(self, certificate: x509.Certificate, *, at: datetime) -> None:
        """Trust."""


def weak_keys() -> list[Bundle]:
    """Return certificates with keys that must not sign."""
    keys = [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(3, 2048),
    ]
    return [Bundle(key, identity().authority.issue_signer(key, "x WSS"), ()) for key in keys]  # type: ignore[arg-type]


def test_weak_and_foreign_keys_are_refused(elliptic: Identity) -> None:
    """Other curves, short RSA keys and small exponents are refused even if somebody vouches for them."""
    for bundle in weak_keys():
        tree = etree.fromstring(Sample().envelope(elliptic.signer))
        der = bundle.certificate.public_bytes(Encoding.DER)
        one(tree, TOKEN).text = base64.b64encode(der).decode()
        with pytest.raises(AlgorithmRefused):
            Verifier(Anybody()).verify(receive_soap(etree.tostring(tree)))


def test_signers_of_other_keys_cannot_be_made(elliptic: Identity) -> None:
    """A signing key of another curve is refused when it is loaded, not when the first message fails."""
    with pytest.raises(AlgorithmRefused):
        Signer(Bundle(ec.generate_private_key(ec.SECP384R1()), elliptic.bundle.certificate, ()))


# --- time and repetition --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "fresh"), [(-61, False), (-60, True), (0, True), (299, True), (360, True), (361, False)]
)
def test_freshness_has_sharp_edges(elliptic: Identity, age: float, fresh: bool) -> None:
    """A message lives 300 seconds, give or take a skew of 60."""
    received = Sample(now=NOW).receive(elliptic.signer)
    verifier = elliptic.verifier(clock=at(NOW + timedelta(seconds=age)))
    if fresh:
        assert verifier.verify(received).created == NOW
    else:
        with pytest.raises(MessageExpired):
            verifier.verify(received)


def test_life_and_skew_are_settings(elliptic: Identity) -> None:
    """Shorter or longer life and skew are the receiver's decision; a sender can only shorten it."""
    received = Sample(now=NOW, life=10_000).receive(elliptic.signer)
    later = at(NOW + timedelta(seconds=1000))
    assert elliptic.verifier(life=2000, clock=later).verify(received)
    with pytest.raises(MessageExpired):
        elliptic.verifier(life=500, skew=0, clock=later).verify(received)
    short = Sample(now=NOW, life=10).receive(elliptic.signer)
    with pytest.raises(MessageExpired):
        elliptic.verifier(life=2000, skew=0, clock=at(NOW + timedelta(seconds=11))).verify(short)


def test_copies_of_a_message_share_its_replay_key(elliptic: Identity) -> None:
    """The key of a message is the same in every copy, whatever is changed outside its signature (M41)."""
    verifier = elliptic.verifier(clock=at(NOW))
    octets = Sample([b"octets"], now=NOW).envelope(elliptic.signer)
    other = octets.replace(b"<soap:Header>", b'<soap:Header><t:trace xmlns:t="urn:t"/>')
    first, second = (verifier.verify(receive_soap(copy)) for copy in (octets, other))
    assert first.replay_key
    assert len(first.replay_key) == 32
    assert second.replay_key == first.replay_key
    fresh = verifier.verify(Sample([b"octets"], now=NOW).receive(elliptic.signer))
    assert fresh.replay_key != first.replay_key


def test_a_message_says_until_when_it_is_fresh(elliptic: Identity) -> None:
    """The moment after which a copy is refused for its age: life and skew after Created."""
    verified = elliptic.verifier(clock=at(NOW)).verify(Sample(now=NOW).receive(elliptic.signer))
    assert verified.fresh_until == NOW + timedelta(seconds=360)
    unsigned = read_unsigned(Sample().receive(None))
    assert unsigned.replay_key is unsigned.fresh_until is None


# --- without WS-Security --------------------------------------------------------------------------------


def test_unsigned_messages_keep_the_outline(elliptic: Identity) -> None:
    """Without WS-Security the envelope's rules hold all the same."""
    tree = etree.fromstring(Sample().envelope(None))
    assert read_unsigned(receive_soap(etree.tostring(tree))).action
    header(tree).append(etree.fromstring(etree.tostring(one(tree, ACTION))))
    with pytest.raises(MalformedEnvelope):
        read_unsigned(receive_soap(etree.tostring(tree)))


def test_an_unsigned_message_without_an_address_went_to_the_anonymous_one() -> None:
    """The default of WS-Addressing; only a signature is what must hold a message to its address."""
    tree = etree.fromstring(Sample().envelope(None))
    header(tree).remove(one(tree, TO))
    assert read_unsigned(receive_soap(etree.tostring(tree))).to == ANONYMOUS


@pytest.mark.parametrize("name", ["Action", "MessageID"])
def test_unsigned_messages_need_their_addressing(name: str) -> None:
    """Action and MessageID are needed with and without a signature."""
    tree = etree.fromstring(Sample().envelope(None))
    header(tree).remove(one(tree, f"{{{WSA}}}{name}"))
    with pytest.raises(MalformedEnvelope):
        read_unsigned(receive_soap(etree.tostring(tree)))


def test_ids_that_nobody_signed_may_repeat(elliptic: Identity) -> None:
    """Ids of the business content, however often they stand there, are not the signature's concern."""
    tree = etree.fromstring(Sample().envelope(elliptic.signer))
    for _ in range(2):
        etree.SubElement(tree[1][0], "{urn:x}a", Id="twice").set("ID", "twice")
    Forgery().sign(tree, elliptic)
    assert elliptic.verifier().verify(receive_soap(etree.tostring(tree)))
    etree.SubElement(tree[1][0], "{urn:x}a").set(WSU_ID, "to")
    Forgery().sign(tree, elliptic)
    with pytest.raises(CoverageRefused):
        elliptic.verifier().verify(receive_soap(etree.tostring(tree)))
