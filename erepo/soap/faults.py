"""SOAP faults: what a refused sender is told, and what a received fault means.

A fault carries codes and one fixed sentence per code; for what people can repair (`MessageRefused.told`),
cause and cure in both languages. Nothing of the message, of other errors or of the system gets out with it.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from erepo.errors import ErepoError, RetryableError
from erepo.soap.errors import FaultRefused, FaultRetryable, MessageRefused
from erepo.soap.names import FAULT, SOAP, WSA, WSSE, XML
from erepo.texts import Language

_REASONS: Final = {
    "VersionMismatch": "Only SOAP 1.2 is spoken here.",
    "MustUnderstand": "A mandatory header is not understood.",
    "Sender": "The message cannot be processed as it is.",
    "Receiver": "The message could not be processed now; try again later.",
    "InvalidSecurity": "The security header cannot be processed.",
    "UnsupportedAlgorithm": "An unsupported algorithm was used.",
    "FailedAuthentication": "The security token could not be authenticated.",
    "FailedCheck": "The signature was invalid or does not cover what it must.",
    "MessageExpired": "The message has expired.",
}
_NAMESPACES: Final = {"soap": SOAP, "wsse": WSSE, "wsa": WSA}
_LANGUAGES: Final[tuple[Language, Language]] = ("en", "pl")
#: Faults after which the same document, in a new message, may pass.
_TRANSIENT: Final = frozenset({"Receiver", "MessageExpired"})


@dataclass(frozen=True)
class SoapFault:
    """A fault in three words: `code` of SOAP 1.2 (Sender, Receiver…), `subcode` ("" or wsse:…), `reason`.

    `polish` is the reason in Polish, "" where there is none; `status` the HTTP status where it is special.
    """

    code: str
    subcode: str
    reason: str
    polish: str = ""
    status: int | None = None

    @property
    def http_status(self) -> int:
        """HTTP status that carries it (SOAP 1.2 part 2, 7.5.2.2)."""
        return self.status or (400 if self.code == "Sender" else 500)


def fault_of(error: Exception) -> SoapFault:
    """Return the fault that tells a sender about an error, and nothing more than it needs."""
    qname = "soap:Receiver"
    if isinstance(error, MessageRefused):
        qname = error.fault
    elif isinstance(error, ErepoError) and not isinstance(error, RetryableError):
        qname = "soap:Sender"
    prefix, local = qname.split(":")
    code, subcode = (local, "") if prefix == "soap" else ("Sender", qname)
    if not isinstance(error, MessageRefused):
        return SoapFault(code, subcode, _REASONS[local])
    english, polish = (" ".join(error.explain(each)) if error.told else "" for each in _LANGUAGES)
    return SoapFault(code, subcode, english or _REASONS[local], polish, error.status)


def write_fault(error: Exception, relates_to: str | None = None) -> etree._Element:  # noqa: ARG001 — see below
    """Return the soap:Fault element for an error.

    `relates_to` belongs into `Outgoing(action=FAULT_ACTION, relates_to=…)`; it is taken here so that a caller
    thinks of it.
    """
    fault = fault_of(error)
    root = etree.Element(FAULT, nsmap=_NAMESPACES)
    code = etree.SubElement(root, f"{{{SOAP}}}Code")
    etree.SubElement(code, f"{{{SOAP}}}Value").text = f"soap:{fault.code}"
    if fault.subcode:
        subcode = etree.SubElement(code, f"{{{SOAP}}}Subcode")
        etree.SubElement(subcode, f"{{{SOAP}}}Value").text = fault.subcode
    reason = etree.SubElement(root, f"{{{SOAP}}}Reason")
    for language, words in zip(_LANGUAGES, (fault.reason, fault.polish), strict=True):
        if words:
            text = etree.SubElement(reason, f"{{{SOAP}}}Text")
            text.set(f"{{{XML}}}lang", language)
            text.text = words
    return root


def read_fault(payload: etree._Element) -> SoapFault:
    """Read a soap:Fault; codes without their prefixes, all texts cut short. Missing pieces are ""."""
    base = f"{{{SOAP}}}"
    code = payload.findtext(f"{base}Code/{base}Value") or ""
    subcode = payload.findtext(f"{base}Code/{base}Subcode/{base}Value") or ""
    reason = payload.findtext(f"{base}Reason/{base}Text") or ""
    return SoapFault(_local(code), _local(subcode), reason.strip()[:200])


def raise_fault(payload: etree._Element, address: str) -> None:
    """Raise the error that a received soap:Fault means; return if the payload is none.

    Raises:
        FaultRefused: sending the same again changes nothing.
        FaultRetryable: it may succeed later.
    """
    if payload.tag != FAULT:
        return
    fault = read_fault(payload)
    name = "/".join(filter(None, (fault.code, fault.subcode))) or "unnamed"
    kind = FaultRetryable if _TRANSIENT & {fault.code, fault.subcode} else FaultRefused
    raise kind(address=address, fault=name)


def _local(qname: str) -> str:
    local = qname.strip().rpartition(":")[2]
    # The peer's word goes into our logs: letters only.
    return local if local.isascii() and local.isalpha() else ""
