"""SignedInfo of a document's signature: algorithms and references, each of the accepted form."""

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from lxml import etree

from erepo.cda.signature.errors import (
    AlgorithmUnsupported,
    CoverageWrong,
    SignatureForged,
    SignatureMalformed,
    SignatureUnsupported,
    SignatureWrong,
    SignerMismatched,
    TransformRefused,
)
from erepo.cda.signature.names import OTHER_C14N, OTHER_DIGESTS, OTHER_METHODS, XPATH, XPATH_TEXT
from erepo.xmlsig.canonical import Prefixes
from erepo.xmlsig.forms import Forms, has_text
from erepo.xmlsig.keys import DIGESTS
from erepo.xmlsig.names import (
    C14N_METHOD,
    DIGEST_METHOD,
    DIGEST_VALUE,
    DS,
    ECDSA_SHA256,
    ENVELOPED,
    EXC_C14N,
    REFERENCE,
    RSA_SHA256,
    RSA_SHA384,
    RSA_SHA512,
    SIGNATURE_METHOD,
    TRANSFORM,
    TRANSFORMS,
)
from erepo.xmlsig.refusals import Refusals

#: With what a document's signature is refused. No key is at hand where `algorithm` is raised by the forms.
REFUSALS: Final = Refusals(
    form=SignatureMalformed,
    algorithm=SignerMismatched,
    signer=SignerMismatched,
    wrong=SignatureWrong,
    canonical=SignatureForged,
)
FORMS: Final = Forms(REFUSALS)
_METHODS: Final = frozenset({RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256})
_MOST_REFERENCES: Final = 3
_NOT_IN_SIGNATURE: Final = re.compile(r"not\(ancestor-or-self::([A-Za-z_][\w.-]*):Signature\)", re.ASCII)
_Unsupported = list[SignatureUnsupported]


@dataclass(frozen=True, slots=True)
class Part:
    """One ds:Reference.

    Attributes:
        identifier: its own Id.
        uri: what it means; empty: the whole document.
        kind: its Type.
        enveloped: whether the signature is taken out before.
        prefixes: PrefixList of its canonicalisation.
        method: of the digest.
        digest: the value.
    """

    identifier: str | None
    uri: str
    kind: str | None
    enveloped: bool
    prefixes: Prefixes
    method: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class SignedInfo:
    """A ds:SignedInfo and what it says."""

    element: etree._Element
    prefixes: Prefixes
    algorithm: str
    references: tuple[Part, ...]


def read_signed_info(element: etree._Element, unsupported: _Unsupported) -> SignedInfo:
    """Check the form of a SignedInfo.

    Args:
        element: as found.
        unsupported: what honest signers do, but is not verified here, is noted there.

    Raises:
        SignatureForged: one of its kinds.
    """
    FORMS.check_attributes(element, {"Id"})
    nodes = list(element)
    tags = [node.tag for node in nodes]
    if tags[:2] != [C14N_METHOD, SIGNATURE_METHOD] or set(tags[2:]) - {REFERENCE} or has_text(element):
        raise SignatureMalformed(rule="SignedInfo has another form")
    if len(nodes) - 2 > _MOST_REFERENCES:
        raise CoverageWrong(rule=f"more than {_MOST_REFERENCES} references")
    prefixes = _canonicalisation(nodes[0], unsupported)
    algorithm = _known(nodes[1], _METHODS, OTHER_METHODS, unsupported)
    references = tuple(_read_reference(node, unsupported) for node in nodes[2:])
    return SignedInfo(element, prefixes, algorithm, references)


def _read_reference(node: etree._Element, unsupported: _Unsupported) -> Part:
    FORMS.check_attributes(node, {"Id", "URI", "Type"})
    if node.get("URI") is None:
        raise CoverageWrong(rule="a reference to nothing that the document names")
    if len(node) == 2 and node[0].tag == DIGEST_METHOD:
        method, value = FORMS.children(node, DIGEST_METHOD, DIGEST_VALUE)
        enveloped, prefixes = False, _implied(unsupported)
    else:
        transforms, method, value = FORMS.children(node, TRANSFORMS, DIGEST_METHOD, DIGEST_VALUE)
        enveloped, prefixes = _read_transforms(transforms, unsupported)
    name, digest = read_digest(method, value, unsupported)
    return Part(node.get("Id"), node.get("URI", ""), node.get("Type"), enveloped, prefixes, name, digest)


def _read_transforms(transforms: etree._Element, unsupported: _Unsupported) -> tuple[bool, Prefixes]:
    FORMS.check_attributes(transforms, set())
    nodes = list(transforms)
    if has_text(transforms) or any(node.tag != TRANSFORM for node in nodes):
        raise SignatureMalformed(rule="Transforms has another form")
    enveloped = bool(nodes) and _takes_signature_out(nodes[0])
    if enveloped:
        nodes = nodes[1:]
    if len(nodes) > 1:
        raise TransformRefused(rule="more transforms than a canonicalisation")
    if not nodes:
        return enveloped, _implied(unsupported)
    if nodes[0].get("Algorithm") not in {EXC_C14N, *OTHER_C14N}:
        raise TransformRefused(rule="a transform that rewrites what is signed")
    return enveloped, _canonicalisation(nodes[0], unsupported)


def _takes_signature_out(node: etree._Element) -> bool:
    """Tell whether a transform is the enveloped signature's, or the XPath that DSS writes in its place.

    That one takes out every signature. There is one in a document, and its counter-signatures stand inside of
    it, so both mean the same; no other XPath is ever looked at.
    """
    FORMS.check_attributes(node, {"Algorithm"})
    if node.get("Algorithm") == ENVELOPED:
        FORMS.children(node)
        return True
    if node.get("Algorithm") != XPATH or [child.tag for child in node] != [XPATH_TEXT] or has_text(node):
        return False
    (path,) = node
    found = _NOT_IN_SIGNATURE.fullmatch(FORMS.only_text(path).strip())
    return found is not None and path.nsmap.get(found[1]) == DS and not path.keys()


def _canonicalisation(node: etree._Element, unsupported: _Unsupported) -> Prefixes:
    if node.get("Algorithm") == EXC_C14N:
        return FORMS.exclusive(node)
    if node.get("Algorithm") not in OTHER_C14N:
        raise SignatureMalformed(rule="canonicalisation")
    unsupported.append(AlgorithmUnsupported(rule="canonicalisation other than exclusive without comments"))
    return ()


def _implied(unsupported: _Unsupported) -> Prefixes:
    """Without a canonicalisation the inclusive one is meant."""
    unsupported.append(AlgorithmUnsupported(rule="canonicalisation other than exclusive without comments"))
    return ()


def read_digest(
    method: etree._Element, value: etree._Element, unsupported: _Unsupported
) -> tuple[str, bytes]:
    """Return method and value of a digest; raises and notes as `read_signed_info`."""
    return _known(method, DIGESTS.keys(), OTHER_DIGESTS, unsupported), FORMS.octets(value)


def _known(
    node: etree._Element, ours: Container[str], others: frozenset[str], unsupported: _Unsupported
) -> str:
    algorithm = node.get("Algorithm", "")
    FORMS.check_attributes(node, {"Algorithm"})
    if algorithm in ours:
        FORMS.children(node)  # ours have no parameters
        return algorithm
    if algorithm not in others:
        raise SignatureMalformed(rule=f"unknown {etree.QName(node).localname}")
    unsupported.append(AlgorithmUnsupported(rule=etree.QName(node).localname))
    return algorithm
