"""M34: signature and digest values."""

import base64

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from erepo.soap.errors import (
    SecurityMalformed,
    SignatureInvalid,
)
from erepo.soap.names import (
    DIGEST_VALUE,
    SIGNATURE_VALUE,
)
from tests.support.attack_kit import (
    Forgery,
    Tree,
    bend,
    one,
    reference_to,
    text,
    wrapper,
)

for _code, _value in [
    ("M34", b""),
    ("M34b", bytes(64)),
    ("M34c", b"\x00" * 31 + b"\x01" + b"\x00" * 31 + b"\x01"),
    ("M34d", b"\xff" * 64),
    ("M34e", encode_dss_signature(1, 1)),
    ("M34f", bytes(65)),
]:

    @bend(_code, f"a signature value of {len(_value)} octets", SignatureInvalid)
    def _(tree: Tree, value: bytes = _value) -> None:
        text(one(tree, SIGNATURE_VALUE), base64.b64encode(value).decode())


@bend("M34g", "a truncated signature value", SignatureInvalid)
def _(tree: Tree) -> None:
    value = base64.b64decode(one(tree, SIGNATURE_VALUE).text or "")
    text(one(tree, SIGNATURE_VALUE), base64.b64encode(value[:-1]).decode())


@bend("M34h", "a signature value that is no base64", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(tree, SIGNATURE_VALUE), "\u00a0" + (one(tree, SIGNATURE_VALUE).text or ""))


@bend("M34i", "an element inside the signature value", SecurityMalformed)
def _(tree: Tree) -> None:
    one(tree, SIGNATURE_VALUE).append(wrapper())


@Forgery(digests=False)("M34j", "a digest of another length", SignatureInvalid)
def _(tree: Tree) -> None:
    text(one(reference_to(tree, "body"), DIGEST_VALUE), "AAAA")


@Forgery(digests=False)("M34k", "a digest that is no base64", SecurityMalformed)
def _(tree: Tree) -> None:
    text(one(reference_to(tree, "body"), DIGEST_VALUE), "AAA")
