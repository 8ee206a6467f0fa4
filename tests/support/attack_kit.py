"""Tools of an attacker, for the vectors in `tests/erepo/soap/attacks`.

Two kinds of hand make messages:

* `bend`: no key; takes a message that somebody signed and moves, doubles, drops or edits pieces of it;
* `forge`: has a key that the receiver trusts and signs *validly* over something that must not count.
"""

import base64
import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from lxml import etree

from erepo.soap.errors import MalformedEnvelope, MessageRefused
from erepo.soap.names import (
    BODY,
    C14N_METHOD,
    DIGEST_VALUE,
    HEADER,
    INCLUSIVE_NAMESPACES,
    REFERENCE,
    SECURITY,
    SIGNATURE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    WSU_ID,
)
from tests.support.soap_messages import Identity, Sample, wire

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
STR_TRANSFORM = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
)
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
#: What breaks the outline of the envelope ends so.
OUTLINE = (MalformedEnvelope,)
Tree = etree._Element
Message = tuple[str, bytes]
Register = Callable[[Callable[[Tree], object]], object]
SIMPLE = "application/soap+xml; charset=utf-8"


@dataclass(frozen=True)
class Kit:
    """What an attacker works with.

    Attributes:
        victim: a trusted signer whose messages are known; its key serves `forge` only.
        elder: a trusted signer with an RSA key, of the same authority.
        stranger: a signer nobody trusts.
        sample: what the messages say; a request by default.
        beacon: address of which a fetch would be noticed.
    """

    victim: Identity
    elder: Identity
    stranger: Identity
    sample: Sample = field(default_factory=lambda: Sample([b"octets"]))
    beacon: str = "http://127.0.0.1:9"

    def octets(self, identity: Identity | None = None) -> bytes:
        """Return a good signed message as simple SOAP."""
        return self.sample.envelope((identity or self.victim).signer)

    def tree(self, identity: Identity | None = None) -> Tree:
        """Return a good signed message, parsed."""
        return etree.fromstring(self.octets(identity))

    def mtom(self, *documents: bytes) -> Message:
        """Return a good signed MTOM message."""
        packed = replace(self.sample, documents=documents).pack(self.victim.signer)
        return packed.content_type, wire(packed)


@dataclass(frozen=True)
class Vector:
    """One attack.

    Attributes:
        code: number in the house's list, with a letter for variants.
        title: what it does, in one line.
        refusals: errors that count as a proper refusal.
        make: makes the message.
    """

    code: str
    title: str
    refusals: tuple[type[MessageRefused], ...]
    make: Callable[[Kit], Message]


VECTORS: list[Vector] = []


def vector(
    code: str, title: str, *refusals: type[MessageRefused]
) -> Callable[[Callable[[Kit], Message]], Callable[[Kit], Message]]:
    """Register the decorated maker as a vector."""

    def register(make: Callable[[Kit], Message]) -> Callable[[Kit], Message]:
        VECTORS.append(Vector(code, title, refusals, make))
        return make

    return register


def bend(code: str, title: str, *refusals: type[MessageRefused]) -> Register:
    """Register an edit of a good tree as a vector."""

    def register(edit: Callable[[Tree], object]) -> object:
        @vector(code, title, *refusals)
        def make(kit: Kit) -> Message:
            tree = kit.tree()
            edit(tree)
            return simple(tree)

        return make

    return register


@dataclass
class Forgery:
    """How `forge` signs; everything has the honest value by default.

    Attributes:
        elder: sign with the RSA identity.
        stranger: sign with the identity nobody trusts.
        digests: recompute the digests of references to ids.
        algorithm: hash of the RSA signature itself.
        canonicalise: canonical form of SignedInfo.
    """

    elder: bool = False
    stranger: bool = False
    digests: bool = True
    algorithm: SHA1 | SHA256 = field(default_factory=SHA256)
    canonicalise: Callable[[Tree], bytes] | None = None

    def __call__(self, code: str, title: str, *refusals: type[MessageRefused]) -> Register:
        """Register an edit of a good tree, signed anew, as a vector."""

        def register(edit: Callable[[Tree], object]) -> object:
            @vector(code, title, *refusals)
            def make(kit: Kit) -> Message:
                identity = kit.elder if self.elder else kit.stranger if self.stranger else kit.victim
                tree = kit.tree(identity)
                edit(tree)
                self.sign(tree, identity)
                return simple(tree)

            return make

        return register

    def sign(self, tree: Tree, identity: Identity) -> None:
        """Make the first signature of the header valid."""
        signature = next(tree.iter(SIGNATURE))
        info = signature.find(SIGNED_INFO)
        assert info is not None
        if self.digests:
            for reference in info.findall(REFERENCE):
                fill_digest(tree, reference)
        octets = self.canonicalise(info) if self.canonicalise else exclusive(info, info.find(C14N_METHOD))
        key = identity.bundle.key
        if isinstance(key, ec.EllipticCurvePrivateKey):
            der = key.sign(octets, ec.ECDSA(SHA256()))
            value = raw(der)
        else:
            value = key.sign(octets, padding.PKCS1v15(), self.algorithm)
        text(signature.find(SIGNATURE_VALUE), base64.b64encode(value).decode())


forge = Forgery()


def raw(der: bytes) -> bytes:
    """Return a DER signature as two integers of 32 bytes."""
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def fill_digest(tree: Tree, reference: Tree) -> None:
    """Make a reference to an id right; the first element with that id counts, as in a naive resolver."""
    found = tree.xpath("//*[@*[.=$i]]", i=reference.get("URI", "")[1:])
    value = reference.find(DIGEST_VALUE)
    if found and value is not None:
        octets = exclusive(found[0], reference)
        value.text = base64.b64encode(hashlib.sha256(octets).digest()).decode()


def exclusive(element: Tree, method: Tree | None = None) -> bytes:
    """Return the exclusive canonical form, with the PrefixList that a Reference or SignedInfo holds."""
    place = None if method is None else next(method.iter(INCLUSIVE_NAMESPACES), None)
    prefixes = [] if place is None else place.get("PrefixList", "").split()
    return etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes or None)


def simple(tree: Tree | bytes) -> Message:
    """Return a tree as a simple SOAP message."""
    return SIMPLE, tree if isinstance(tree, bytes) else etree.tostring(tree)


def text(element: Tree | None, value: str) -> None:
    """Set the text of an element that must be there."""
    assert element is not None
    element.text = value


def one(tree: Tree, tag: str) -> Tree:
    """Return the first element of a name."""
    return next(tree.iter(tag))


def body(tree: Tree) -> Tree:
    """Return the Body."""
    return one(tree, BODY)


def header(tree: Tree) -> Tree:
    """Return the Header."""
    return one(tree, HEADER)


def security(tree: Tree) -> Tree:
    """Return the Security header."""
    return one(tree, SECURITY)


def evil(good: Tree, identifier: str | None = None) -> Tree:
    """Return a Body that says something else, with another id, none, or (`same`) the same."""
    copied = copy.deepcopy(good)
    text(copied[0][0], "EVIL")
    if identifier is None:
        del copied.attrib[WSU_ID]
    elif identifier != "same":
        copied.set(WSU_ID, identifier)
    return copied


def replace_body(tree: Tree, identifier: str | None = None) -> Tree:
    """Put an evil Body in the place of the good one and return the good one, cut out."""
    good = body(tree)
    tree.replace(good, evil(good, identifier))
    return good


def wrapper(*children: Tree) -> Tree:
    """Return a foreign element around others."""
    element = etree.Element("{urn:foreign}Wrapper")
    element.extend(children)
    return element


def reference_to(tree: Tree, identifier: str) -> Tree:
    """Return the Reference to an id."""
    return next(node for node in tree.iter(REFERENCE) if node.get("URI") == f"#{identifier}")


def drop_references(tree: Tree, *identifiers: str) -> None:
    """Remove the references to some ids."""
    for identifier in identifiers:
        node = reference_to(tree, identifier)
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)


def set_algorithm(tree: Tree, tag: str, algorithm: str) -> None:
    """Change an Algorithm attribute everywhere."""
    for node in tree.iter(tag):
        node.set("Algorithm", algorithm)


def raw_edit(kit: Kit, before: bytes, after: bytes, count: int = 1) -> Message:
    """Return a good message with octets replaced, without a parser in between."""
    octets = kit.octets()
    assert before in octets
    return simple(octets.replace(before, after, count))


def mtom(kit: Kit, *documents: bytes) -> Message:
    """Return a good MTOM message."""
    return kit.mtom(*documents)
