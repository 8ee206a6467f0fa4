"""Tools of an attacker on assertions: good trees to bend, keys to sign anew, places to put things.

A vector gives pieces; they are put into a message that is signed by the victim, whose signature does not
cover the assertion (as P1's clients do), and into one without WS-Security.
"""

import base64
import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from erepo.acting import Actor
from erepo.acting.names import ATTRIBUTE, ATTRIBUTE_STATEMENT
from erepo.errors import ErepoError
from erepo.soap.message import Outgoing, pack
from erepo.soap.names import (
    DIGEST_VALUE,
    DS,
    ECDSA_SHA256,
    HEADER,
    RSA_SHA256,
    SECURITY,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    SOAP,
)
from tests.support.actors import DOCTOR, NOW, assertion_of
from tests.support.attack_kit import raw
from tests.support.soap_messages import ACTION, TO, XDS, Identity, wire

Tree = etree._Element
Edit = Callable[[Tree], object]


@dataclass(frozen=True)
class ActingKit:
    """What an attacker works with.

    Attributes:
        victim: the account whose staff is impersonated.
        neighbour: another account of the same service, under the same authority.
        stranger: a signer nobody trusts.
    """

    victim: Identity
    neighbour: Identity
    stranger: Identity

    def good(self, actor: Actor = DOCTOR, identity: Identity | None = None, **options: object) -> Tree:
        """Return a good assertion."""
        return etree.fromstring(assertion_of(identity or self.victim, actor, **options).octets)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Pieces:
    """What stands where in the message: children of Security, other headers, children of the payload."""

    security: tuple[Tree, ...] = ()
    headers: tuple[Tree, ...] = ()
    body: tuple[Tree, ...] = ()

    def envelope(self, identity: Identity | None) -> bytes:
        """Return the message, signed by an identity or not at all."""
        payload = etree.Element(f"{{{XDS}}}Request", nsmap={"xds": XDS})
        payload.extend(copy.deepcopy(each) for each in self.body)
        signer = identity.signer if identity else None
        packed = pack(Outgoing(ACTION, TO, payload), signer, mtom=False, now=NOW)
        tree = etree.fromstring(wire(packed))
        header = next(tree.iter(HEADER))
        security = tree.find(f".//{SECURITY}")
        if security is None:
            security = etree.SubElement(header, SECURITY)
            security.set(f"{{{SOAP}}}mustUnderstand", "1")
        security.extend(copy.deepcopy(each) for each in self.security)
        for each in self.headers:
            header.append(copy.deepcopy(each))
        return etree.tostring(tree)


@dataclass(frozen=True)
class AssertionVector:
    """One attack: `code`, what it does in one line, the proper refusals, and its maker."""

    code: str
    title: str
    refusals: tuple[type[ErepoError], ...]
    make: Callable[[ActingKit], Pieces] = field(repr=False)


VECTORS: list[AssertionVector] = []
Register = Callable[[Edit], object]
Maker = Callable[[ActingKit], Pieces]


def place(code: str, title: str, *refusals: type[ErepoError]) -> Callable[[Maker], Maker]:
    """Register the decorated maker as a vector."""

    def register(make: Maker) -> Maker:
        VECTORS.append(AssertionVector(code, title, refusals, make))
        return make

    return register


def bend(code: str, title: str, *refusals: type[ErepoError]) -> Register:
    """Register an edit of a good assertion, without any key, as a vector."""

    def register(edit: Edit) -> object:
        @place(code, title, *refusals)
        def make(kit: ActingKit) -> Pieces:
            tree = kit.good()
            edit(tree)
            return Pieces((tree,))

        return make

    return register


def forge(
    code: str,
    title: str,
    *refusals: type[ErepoError],
    by: str = "victim",
    honest: bool = True,
    **options: object,
) -> Register:
    """Register an edit of an assertion that is then signed anew as a vector.

    Args:
        code: of the vector.
        title: in one line.
        refusals: that count as proper.
        by: who signs; with the victim's key it is the issuer that errs.
        honest: recompute the digests as well.
        options: of the assertion.
    """

    def register(edit: Edit) -> object:
        @place(code, title, *refusals)
        def make(kit: ActingKit) -> Pieces:
            tree = kit.good(**options)
            edit(tree)
            resign(tree, getattr(kit, by), honest=honest)
            return Pieces((tree,))

        return make

    return register


def resign(tree: Tree, identity: Identity, *, honest: bool = True) -> Tree:
    """Make the first signature in an assertion valid again, by whatever it says it is."""
    signature = next(tree.iter(SIGNATURE))
    info, value = signature.find(SIGNED_INFO), signature.find(SIGNATURE_VALUE)
    assert info is not None
    assert value is not None
    key = identity.bundle.key
    method = info.find(SIGNATURE_METHOD)
    if method is not None and method.get("Algorithm") in (ECDSA_SHA256, RSA_SHA256):
        method.set("Algorithm", ECDSA_SHA256 if isinstance(key, ec.EllipticCurvePrivateKey) else RSA_SHA256)
    digest = info.find(f".//{DIGEST_VALUE}")
    if honest and digest is not None:
        digest.text = base64.b64encode(hashlib.sha256(without_signature(tree)).digest()).decode()
    octets = etree.tostring(info, method="c14n", exclusive=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signed = raw(key.sign(octets, ec.ECDSA(SHA256())))
    else:
        signed = key.sign(octets, padding.PKCS1v15(), SHA256())
    value.text = base64.b64encode(signed).decode()
    return tree


def without_signature(tree: Tree) -> bytes:
    """Return the canonical octets of an assertion without its first signature."""
    copied = copy.deepcopy(tree)
    signature = next(copied.iter(SIGNATURE))
    parent, before = signature.getparent(), signature.getprevious()
    assert parent is not None
    if signature.tail:
        if before is not None:
            before.tail = (before.tail or "") + signature.tail
        else:
            parent.text = (parent.text or "") + signature.tail
        signature.tail = None
    parent.remove(signature)
    return etree.tostring(copied, method="c14n", exclusive=True)


def x509_data(identity: Identity) -> Tree:
    """Return an X509Data with an identity's certificate."""
    data = etree.Element(f"{{{DS}}}X509Data", nsmap={"ds": DS})
    der = identity.bundle.certificate.public_bytes(Encoding.DER)
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der).decode()
    return data


def nothing(tree: Tree) -> None:
    """Leave the tree as it is."""


def one(tree: Tree, tag: str) -> Tree:
    """Return the first element of a name."""
    return next(tree.iter(tag))


def drop(tree: Tree, tag: str) -> Tree:
    """Remove the first element of a name and return it."""
    found = one(tree, tag)
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)
    return found


def attribute(tree: Tree, name: str) -> Tree:
    """Return an Attribute by its name."""
    return next(each for each in tree.iter(ATTRIBUTE) if each.get("Name") == name)


def forget(tree: Tree, *names: str) -> None:
    """Remove attributes."""
    for name in names:
        one(tree, ATTRIBUTE_STATEMENT).remove(attribute(tree, name))


def utc(moment: datetime) -> str:
    """Return a moment as SAML writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
