"""What a SOAP fault of P1 means; only its codes are read, never its texts."""

from lxml import etree

from erepo.errors import ErepoError
from erepo.p1.errors import P1AccessRefused, P1Busy, P1Refused
from erepo.soap.names import SOAP11
from erepo.soap.versions import SOAP_11, SoapVersion

#: Codes that say: the receiver failed, the message itself was good.
_LATER = frozenset({"Server", "Receiver"})
#: Codes of WS-Security that say: it is not who may do this.
_DENIED = frozenset({"FailedAuthentication", "InvalidSecurityToken", "SecurityTokenUnavailable"})


def fault_codes(payload: etree._Element, version: SoapVersion) -> tuple[str, ...] | None:
    """Return the codes of a Fault, outermost first; None for any other element."""
    if payload.tag != version.name("Fault"):
        return None
    if version is SOAP_11:
        texts = [payload.findtext("faultcode") or payload.findtext(f"{{{SOAP11}}}faultcode") or ""]
    else:
        texts = [each.text or "" for each in payload.iter(version.name("Value"))]
    return tuple(filter(None, map(_local, texts))) or ("unnamed",)


def raise_fault(payload: etree._Element | None, version: SoapVersion, address: str) -> None:
    """Raise the error that a Fault is; return for any other element.

    Raises:
        P1AccessRefused, P1Refused: sending the same again changes nothing.
        P1Busy: it may succeed later.
    """
    codes = None if payload is None else fault_codes(payload, version)
    if codes is not None:
        raise _fault_error(codes, address)


def _fault_error(codes: tuple[str, ...], address: str) -> ErepoError:
    name = "/".join(codes)
    if _DENIED & set(codes):
        return P1AccessRefused(reason=name)
    if codes[-1] in _LATER:
        return P1Busy(address=address, reason=name)
    return P1Refused(reason=name)


def _local(qname: str) -> str:
    local = qname.strip().rpartition(":")[2].rpartition(".")[2]
    # P1's word goes into our logs: letters only.
    return local[:60] if local.isascii() and local.isalpha() else ""
