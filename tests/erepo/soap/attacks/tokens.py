"""M24 to M29: keys, tokens and what points at them."""

import base64
import copy

from lxml import etree

from erepo.soap.errors import (
    AlgorithmRefused,
    SecurityMalformed,
    SecurityMissing,
    SignerRefused,
)
from erepo.soap.names import (
    DS,
    KEY_INFO,
    SIGNATURE_METHOD,
    TOKEN,
    TOKEN_REFERENCE,
    WSSE,
    WSSE_REFERENCE,
    WSU_ID,
)
from tests.support.attack_kit import (
    HMAC,
    Forgery,
    Kit,
    Message,
    Tree,
    bend,
    forge,
    header,
    one,
    security,
    set_algorithm,
    simple,
    text,
    vector,
)


@Forgery(stranger=True)("M24", "signed well by a certificate that nobody trusts", SignerRefused)
def _(tree: Tree) -> None:
    pass


@vector("M24b", "the token replaced by another trusted certificate", AlgorithmRefused)
def _(kit: Kit) -> Message:
    tree = kit.tree()
    text(one(tree, TOKEN), one(kit.tree(kit.elder), TOKEN).text or "")
    return simple(tree)


@bend("M24c", "a token that is no certificate", SignerRefused)
def _(tree: Tree) -> None:
    text(one(tree, TOKEN), base64.b64encode(b"\x30\x03\x02\x01\x01").decode())


@bend("M24d", "a token of many kilobytes", SignerRefused)
def _(tree: Tree) -> None:
    text(one(tree, TOKEN), "AAAA" * 20_000)


@forge("M25", "KeyInfo with a KeyValue beside the token reference", SecurityMalformed)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}KeyValue")


@forge("M25b", "KeyInfo with a KeyValue only", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, KEY_INFO)[:]
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}KeyValue")


@forge("M26", "X509Data beside the token reference", SecurityMalformed)
def _(tree: Tree) -> None:
    data = etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}X509Data")
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = one(tree, TOKEN).text


@forge("M26b", "the token outside the Security header", SecurityMissing)
def _(tree: Tree) -> None:
    header(tree).append(one(tree, TOKEN))


@forge("M26c", "two tokens", SecurityMalformed)
def _(tree: Tree) -> None:
    second = copy.deepcopy(one(tree, TOKEN))
    second.set(WSU_ID, "other")
    security(tree).append(second)


@forge("M26d", "the reference points at something else than the token", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, WSSE_REFERENCE).set("URI", "#body")


@forge("M27", "RetrievalMethod to another host", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, KEY_INFO)[:]
    etree.SubElement(one(tree, KEY_INFO), f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:9/key")


@forge("M27b", "a token reference to another host", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, WSSE_REFERENCE).set("URI", "http://127.0.0.1:9/key")


@forge("M27c", "a KeyIdentifier instead of a reference", SecurityMalformed)
def _(tree: Tree) -> None:
    del one(tree, TOKEN_REFERENCE)[:]
    etree.SubElement(one(tree, TOKEN_REFERENCE), f"{{{WSSE}}}KeyIdentifier").text = "AAAA"


@forge("M28", "an HMAC keyed with the public certificate", AlgorithmRefused)
def _(tree: Tree) -> None:
    set_algorithm(tree, SIGNATURE_METHOD, HMAC)


@forge("M29", "HMACOutputLength", AlgorithmRefused)
def _(tree: Tree) -> None:
    etree.SubElement(one(tree, SIGNATURE_METHOD), f"{{{DS}}}HMACOutputLength").text = "0"


@forge("M27d", "a token of another type", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TOKEN).set(
        "ValueType", one(tree, TOKEN).get("ValueType", "").replace("X509v3", "X509PKIPathv1")
    )


@forge("M27e", "a token in another encoding", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, TOKEN).set("EncodingType", "urn:hex")


@forge("M27f", "a reference that claims another type of token", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, WSSE_REFERENCE).set("ValueType", "urn:other")
