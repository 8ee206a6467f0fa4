"""M41: every copy of a message has one key, whatever was changed about it; any other message has its own."""

import base64
from collections.abc import Callable

import pytest
from lxml import etree

from erepo.soap.mtom import unpack
from erepo.soap.names import (
    ANONYMOUS,
    REPLY_TO,
    SECURITY,
    SIGNATURE_VALUE,
    TIMESTAMP,
    TOKEN,
)
from tests.support.attack_kit import Kit, Message, Tree, forge, header, one, security, simple, text, wrapper
from tests.support.packages import WRITERS
from tests.support.soap_messages import LIMITS, Identity, identity

#: Order of the group of P-256.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def kit(elliptic: Identity) -> Kit:
    """Return the kit of somebody who repeats what others said."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity())


def key(kit: Kit, message: Message) -> bytes:
    """Return the key of an accepted message."""
    found = kit.victim.verifier().verify(unpack(*message, LIMITS)).replay_key
    assert found is not None
    return found


def other_signature(tree: Tree) -> None:
    """Turn s of an ECDSA signature into its negative, which is as good."""
    value = base64.b64decode(one(tree, SIGNATURE_VALUE).text or "")
    s = ORDER - int.from_bytes(value[32:], "big")
    text(one(tree, SIGNATURE_VALUE), base64.b64encode(value[:32] + s.to_bytes(32, "big")).decode())


def unsigned_from(tree: Tree) -> None:
    """Add a From that nobody signed."""
    block = etree.SubElement(header(tree), f"{REPLY_TO[:-7]}From")
    etree.SubElement(block, f"{REPLY_TO[:-7]}Address").text = ANONYMOUS


def token_in_lines(tree: Tree) -> None:
    """Write the token, which is not signed, in lines."""
    text(one(tree, TOKEN), "\n" + "\n".join((one(tree, TOKEN).text or "").partition("MII")) + "\n")


CHANGES: dict[str, Callable[[Tree], object]] = {
    "nothing": lambda _: None,
    "an unsigned header": lambda tree: header(tree).append(wrapper()),
    "an unsigned From": unsigned_from,
    "the order of headers": lambda tree: header(tree).append(one(tree, SECURITY)),
    "the order inside Security": lambda tree: security(tree).append(one(tree, TIMESTAMP)),
    "the other signature value of two": other_signature,
    "the signature value in lines": lambda tree: text(
        one(tree, SIGNATURE_VALUE), "\n" + (one(tree, SIGNATURE_VALUE).text or "")
    ),
    "the token in lines": token_in_lines,
    "an id of the Signature": lambda tree: one(tree, SIGNATURE_VALUE).getparent().set("Id", "S-2"),  # type: ignore[union-attr]
    "mustUnderstand": lambda tree: security(tree).attrib.clear(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_keeps_its_key(name: str, kit: Kit) -> None:
    """What can be changed without the signer's key changes nothing by which a message is recognised."""
    octets = kit.octets()
    tree = etree.fromstring(octets)
    CHANGES[name](tree)
    assert key(kit, simple(tree)) == key(kit, simple(octets))


def test_another_package_is_the_same_message(kit: Kit) -> None:
    """Neither packaging nor encoding makes a message another one."""
    message = kit.mtom(b"one", b"two", b"three")
    expected = key(kit, message)
    assert {key(kit, writer.write(message)) for writer in WRITERS.values()} == {expected}


def test_every_message_has_a_key_of_its_own(kit: Kit) -> None:
    """The same words sent twice by their signer are two messages; signed again they are another."""
    keys = {key(kit, simple(kit.octets())) for _ in range(3)}
    tree = kit.tree()
    before = key(kit, simple(tree))
    text(one(tree, f"{REPLY_TO[:-7]}MessageID"), "urn:uuid:other")
    forge.sign(tree, kit.victim)
    assert len(keys | {before, key(kit, simple(tree))}) == 5
