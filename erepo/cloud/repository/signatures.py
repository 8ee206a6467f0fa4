"""Documents whose own signature was forged are not taken in (`--signatures check`, the default).

Asked of CDA documents alone, and only of those that carry a signature, or a DOCTYPE that could hide one: what
no honest signer makes is refused, and what does not fit its signature. Documents without a signature are
taken, and so are those whose signature is merely of a form that is not verified here: an archive keeps what
it is given, but nothing that was made to deceive its readers. Whose the signer's certificate is, is not asked
(`erepo.cda.signature`).

Costs: 7 microseconds for a small document without a signature, 0.3 ms for a small signed one. The tree of a
signed document takes up to four times its size, so large ones are verified one at a time.
"""

from contextlib import nullcontext
from threading import Lock
from typing import Final

from erepo.cda.errors import DoctypeForbidden, NotCda, NotXml
from erepo.cda.signature import is_suspect, verify_document
from erepo.cda.signature.errors import SignatureAbsent, SignatureForged, SignatureUnsupported
from erepo.cloud.tenancy.tenants import Tenant
from erepo.content import Content, MemoryContent, read_all
from erepo.xds.iti41 import Submission
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: Bytes from which on a signed document waits for its turn.
_LARGE: Final = 8 * 1024**2
_turn: Final = Lock()


def check_signatures(tenant: Tenant, submission: Submission) -> list[RegistryError]:
    """Refuse documents whose own signature was forged, one error each."""
    if tenant.signatures != "check":
        return []
    errors = []
    for entry, content in submission.entries:
        if rule := _against(content):
            context = f"{entry.unique_id}: {rule}"
            errors.append(RegistryError(Xds.INVALID_CONTENT, context, location=entry.entry_uuid))
    return errors


def _against(content: Content) -> str:
    """Return what speaks against a document, "" if nothing does."""
    octets = content.octets if isinstance(content, MemoryContent) else read_all(content)
    if not is_suspect(octets):
        return ""
    try:
        with _turn if len(octets) > _LARGE else nullcontext():
            verify_document(octets)
    except (NotCda, SignatureAbsent, SignatureUnsupported):
        return ""
    except SignatureForged as error:
        return f"the signature inside the document is refused ({error.data['rule']})"
    except DoctypeForbidden:
        return "a DOCTYPE inside a CDA document"
    except NotXml:
        # A forgiving reader would see in it what no signer saw.
        return "a signed CDA document that is not well-formed"
    return ""
