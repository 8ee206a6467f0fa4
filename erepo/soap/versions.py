"""The two versions of SOAP, in the words in which they differ.

Our own service speaks 1.2 only (`erepo.soap.mtom` refuses anything else at the door); P1 speaks 1.1 in its
typed services.
"""

from dataclasses import dataclass
from typing import Final

from erepo.soap.names import SOAP, SOAP11


@dataclass(frozen=True)
class SoapVersion:
    """One version.

    Attributes:
        namespace: of Envelope, Header, Body and Fault.
        role: local name of the attribute that says for whom a header block is.
        ours: values of it that mean whoever receives the message last, which we are.
    """

    namespace: str
    role: str
    ours: frozenset[str]

    def name(self, local: str) -> str:
        """Return a name of its namespace as lxml writes it."""
        return f"{{{self.namespace}}}{local}"


SOAP_12: Final = SoapVersion(
    SOAP, "role", frozenset({"", f"{SOAP}/role/next", f"{SOAP}/role/ultimateReceiver"})
)
SOAP_11: Final = SoapVersion(SOAP11, "actor", frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}))
