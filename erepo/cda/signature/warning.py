"""What a signature that proves nothing, or little, is to the clinic: a warning kept with the document."""

from typing import Final

from erepo.cda.model import HeaderWarning
from erepo.cda.signature.errors import SignatureAbsent, SignatureForged, SignatureUnproven
from erepo.cda.signature.seeking import carries_signature
from erepo.cda.signature.verifying import verify_document
from erepo.content import Buffer
from erepo.errors import ErepoError

#: Every code of such a warning begins so.
PREFIX: Final = "signature."
#: Larger documents are taken in unread: the tree of one takes up to four times its size.
_LARGEST: Final = 64 * 1024**2
_FIELD: Final = "Signature"
#: What is not read at all: too large, or no document that the verifier takes.
UNREAD: Final = "signature.unread"


def signature_warnings(octets: Buffer) -> list[HeaderWarning]:
    """Return what is to be said about the signature inside a document: nothing of a good one, or of none.

    The codes are those of the errors, `signature.wrong` for `cda.signature-wrong`, and of the findings.
    """
    if not carries_signature(octets):
        return []
    if len(octets) > _LARGEST:
        return [HeaderWarning(UNREAD, _FIELD)]
    try:
        findings = verify_document(octets).findings
    except SignatureAbsent:
        return []
    except SignatureUnproven as error:
        return [HeaderWarning(_code(error.code), _FIELD)]
    except ErepoError:
        return [HeaderWarning(UNREAD, _FIELD)]
    return [HeaderWarning(finding.value, _FIELD) for finding in findings]


def _code(code: str) -> str:
    """Return the code of a warning from that of an error: `cda.signature-wrong` is `signature.wrong`."""
    return PREFIX + code.removeprefix("cda.signature-")


#: Those that say: forged, or changed since.
_BROKEN: Final = frozenset(
    {_code(SignatureForged.code), *(_code(kind.code) for kind in SignatureForged.__subclasses__())}
)


def is_broken(code: str) -> bool:
    """Tell whether a warning says that a signature is forged or does not fit its document."""
    return code in _BROKEN
