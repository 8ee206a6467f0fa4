"""WS-Security of the kit: digests by lxml's canonicalisation, signatures and their checking by xmlsec."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import xmlsec
from lxml import etree

from tests.interop.kit import mime, names, saml, wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.kit.wire import Answer, Peer

EXCLUSIVE = saml.EXCLUSIVE
X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
REQUIRED = ("Body", "Timestamp", "To", "Action", "MessageID")
HASHES = {
    saml.SHA256: "sha256",
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
BINARY = {
    saml.METHODS["ec"]: xmlsec.Transform.ECDSA_SHA256,
    saml.METHODS["rsa"]: xmlsec.Transform.RSA_SHA256,
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": xmlsec.Transform.RSA_SHA1,
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1": xmlsec.Transform.ECDSA_SHA1,
}
Changing = Callable[[etree._Element], None]


@dataclass
class Style:
    """How a message is to be signed; the defaults are one good way among many."""

    parts: tuple[str, ...] = REQUIRED
    order: tuple[str, ...] = ("bst", "timestamp", "assertion", "signature")
    ids: Callable[[str], str] = lambda part: f"id-{part}"
    created: float = 0
    lasts: float | None = 240
    fractions: bool = True
    timestamp: str | None = None  # the whole content of the Timestamp
    prefixes: str = ""  # InclusiveNamespaces of the references
    info_prefixes: str = ""  # InclusiveNamespaces of SignedInfo
    algorithm: str = ""
    digest: str = saml.SHA256
    c14n: str = EXCLUSIVE
    transform: str = EXCLUSIVE
    security: str = 's:mustUnderstand="1"'
    bst: str = f'EncodingType="{BASE64}" ValueType="{X509}"'
    key_info: str = (
        f'<wsse:SecurityTokenReference><wsse:Reference URI="#{{bst}}" ValueType="{X509}"/>'
        "</wsse:SecurityTokenReference>"
    )
    key: Path | None = None
    certificate: Path | None = None
    assertion: str | None = "usual"
    first: bool = True  # Security before the addressing headers
    extra_security: str = ""
    before_digest: Changing | None = None
    before_signing: Changing | None = None
    heads: dict[str, Any] = field(default_factory=dict)


def children(peer: Peer, style: Style) -> dict[str, str]:
    """What stands in the Security header."""
    pem = (style.certificate or peer.folder / "wss.pem").read_text()
    certificate = "".join(pem.split("-----")[2].split())
    created = saml.stamp(style.created, style.fractions)
    expires = (
        ""
        if style.lasts is None
        else f"<wsu:Expires>{saml.stamp(style.created + style.lasts, style.fractions)}</wsu:Expires>"
    )
    times = (
        style.timestamp if style.timestamp is not None else f"<wsu:Created>{created}</wsu:Created>{expires}"
    )
    assertion = saml.usual(peer) if style.assertion == "usual" else style.assertion or ""
    return {
        "bst": f'<wsse:BinarySecurityToken wsu:Id="{style.ids("bst")}" {style.bst}>{certificate}'
        "</wsse:BinarySecurityToken>",
        "timestamp": f"<wsu:Timestamp>{times}</wsu:Timestamp>",
        "assertion": assertion,
        "signature": signature(peer, style),
        "extra": style.extra_security,
    }


def inclusive(prefixes: str) -> str:
    """The prefix list of a canonicalisation."""
    return f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>' if prefixes else ""


def reference(uri: str, style: Style) -> str:
    """One empty reference."""
    return (
        f'<ds:Reference URI="{uri}"><ds:Transforms><ds:Transform Algorithm="{style.transform}">'
        f"{inclusive(style.prefixes)}</ds:Transform></ds:Transforms>"
        f'<ds:DigestMethod Algorithm="{style.digest}"/><ds:DigestValue/></ds:Reference>'
    )


def signature(peer: Peer, style: Style) -> str:
    """The empty signature."""
    algorithm = style.algorithm or saml.method(style.key or peer.folder / "wss.key")
    references = "".join(reference("#" + style.ids(part), style) for part in style.parts)
    return (
        f'<ds:Signature xmlns:ds="{names.NS["ds"]}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{style.c14n}">{inclusive(style.info_prefixes)}'
        f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{algorithm}"/>{references}'
        "</ds:SignedInfo>"
        f"<ds:SignatureValue/><ds:KeyInfo>{style.key_info.replace('{bst}', style.ids('bst'))}</ds:KeyInfo>"
        "</ds:Signature>"
    )


def canonical(node: etree._Element, holder: etree._Element) -> bytes:
    """Canonical form as the holder (a Transform or CanonicalizationMethod) says."""
    algorithm = str(holder.get("Algorithm"))
    listed = holder.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = str(listed.get("PrefixList")).split() if listed is not None else None
    return etree.tostring(
        node,
        method="c14n",
        exclusive=algorithm.startswith(EXCLUSIVE),
        with_comments=algorithm.endswith("omments"),
        inclusive_ns_prefixes=prefixes,
    )


def by_id(tree: etree._Element, own: str) -> etree._Element | None:
    """The element with this id."""
    for node in tree.iter(etree.Element):
        if own in {node.get(f"{{{names.NS['wsu']}}}Id"), node.get("ID"), node.get("Id"), node.get("id")}:
            return node
    return None


def fill(tree: etree._Element, key: Path, style: Style) -> None:
    """Digests, then the signature."""
    info = tree.find(".//wsse:Security/ds:Signature/ds:SignedInfo", names.NS)
    for each in info.findall("ds:Reference", names.NS):
        target = by_id(tree, (each.get("URI") or "#").removeprefix("#"))
        transforms = each.findall("ds:Transforms/ds:Transform", names.NS)
        if target is not None:
            name = HASHES[each.find("ds:DigestMethod", names.NS).get("Algorithm")]
            digest = hashlib.new(name, canonical(target, transforms[-1])).digest()
            each.find("ds:DigestValue", names.NS).text = base64.b64encode(digest).decode()
    if style.before_signing:
        style.before_signing(tree)
    method = info.find("ds:SignatureMethod", names.NS).get("Algorithm")
    content = canonical(info, info.find("ds:CanonicalizationMethod", names.NS))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(key), xmlsec.KeyFormat.PEM)
    value = context.sign_binary(content, BINARY[method]) if method in BINARY else b"none"
    info.getparent().find("ds:SignatureValue", names.NS).text = base64.b64encode(value).decode()


def message(peer: Peer, transaction: int, body: str, style: Style | None = None) -> etree._Element:
    """A signed envelope as a tree, documents inline."""
    style = style or Style()
    url = peer.url(transaction)
    made = children(peer, style)
    held = "".join(made[name] for name in (*style.order, "extra"))
    prefixes = f'xmlns:wsse="{names.NS["wsse"]}" xmlns:wsu="{names.NS["wsu"]}"'
    security = f"<wsse:Security {prefixes} {style.security}>{held}</wsse:Security>"
    to = style.heads.get("to", url)
    options = {key: value for key, value in style.heads.items() if key not in {"to", "action"}}
    heads = wire.header(style.heads.get("action", names.ACTIONS[transaction]), to, **options)
    heads = security + heads if style.first else heads + security
    tree = etree.fromstring(wire.envelope(heads, body))
    for part in style.parts:
        path = {
            "Body": "s:Body",
            "Timestamp": ".//wsse:Security/wsu:Timestamp",
            "bst": ".//wsse:BinarySecurityToken",
        }
        node = tree.find(path.get(part, f"s:Header/wsa:{part}"), names.NS)
        if node is not None:
            node.set(f"{{{names.NS['wsu']}}}Id", style.ids(part))
    if style.before_digest:
        style.before_digest(tree)
    fill(tree, style.key or peer.folder / "wss.key", style)
    return tree


def post(
    peer: Peer, transaction: int, tree: etree._Element | bytes, parts: list[mime.Part] | None = None
) -> Answer:
    """Send it in the transaction's encoding."""
    text = tree if isinstance(tree, bytes) else etree.tostring(tree)
    url = peer.url(transaction)
    if transaction in names.MULTIPART:
        return peer.packed(url, text, parts)
    return peer.simple(url, text)


def send(peer: Peer, transaction: int, body: str, style: Style | None = None, **changes: Any) -> Answer:
    """Signed, sent, and the answer checked."""
    tree = message(peer, transaction, body, replace(style or Style(), **changes))
    return post(peer, transaction, tree)


def optimise(tree: etree._Element) -> list[mime.Part]:
    """Take the documents out of the signed tree into parts."""
    parts = []
    for number, document in enumerate(tree.findall(".//xds:Document", names.NS)):
        parts.append(mime.Part(base64.b64decode(document.text or ""), f"part{number}@kit"))
        document.text = None
        document.append(etree.fromstring(wire.include(f"part{number}@kit")))
    return parts


def check(peer: Peer, answer: Answer, request_id: str | None = None) -> None:
    """The service's signature: by the announced signer, over all that matters, one of each."""
    tree = etree.fromstring(etree.tostring(answer.tree))
    for document in tree.findall(".//xds:Document", names.NS):
        refer = document.find("xop:Include", names.NS)
        if refer is not None:
            content = answer.parts[refer.get("href").removeprefix("cid:")]
            document.remove(refer)
            document.text = base64.b64encode(content).decode()
    assert len(tree.findall("s:Body", names.NS)) == len(tree.findall("s:Header", names.NS)) == 1
    (security,) = tree.findall("s:Header/wsse:Security", names.NS)
    (signed,) = security.findall("ds:Signature", names.NS)
    covered = [
        by_id(tree, each.get("URI")[1:]) for each in signed.iterfind("ds:SignedInfo/ds:Reference", names.NS)
    ]
    for part in (
        "s:Body",
        "s:Header/wsse:Security/wsu:Timestamp",
        "s:Header/wsa:Action",
        "s:Header/wsa:MessageID",
    ):
        (node,) = tree.findall(part, names.NS)
        assert node in covered, part
    relates = tree.findall("s:Header/wsa:RelatesTo", names.NS)
    assert all(node in covered for node in relates)
    if request_id:
        assert [node.text for node in relates] == [request_id]
    context = xmlsec.SignatureContext()
    signer = str(peer.account["serviceSigner"]).encode()
    context.key = xmlsec.Key.from_memory(signer, xmlsec.KeyFormat.CERT_PEM)
    for node in covered:
        context.register_id(node, "Id", names.NS["wsu"])
    context.verify(signed)
