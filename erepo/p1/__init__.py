"""The client of P1, the national system.

SAML tokens, registration of a repository (SZAR), decisions (SOZ), the document index (ITI-18, -42, -57):

    P1Client ─► zeep (types, our own WSDL) ─► transport ─► packing (P1's WS-Security) ─► http (mutual TLS)
    answer ─► verifying (P1's WS-Security) ─► the verified element ─► zeep
    EdmClient ─► packing ─► the channel of `erepo.soap` ─► verifying

**The P1 profile** of WS-Security is not the one of our own service: P1 signs Body and Timestamp and leaves
the addressing headers and the SAML assertion to TLS and to the assertion's own signature. It has classes of
its own here; nothing of it can loosen `erepo.soap.verifying.Verifier`.
"""

from erepo.p1.addresses import P1Addresses
from erepo.p1.client import P1Client
from erepo.p1.decisions import Decision
from erepo.p1.edm import EdmClient
from erepo.p1.tokens import Identified, Token, TokenCache, TokenRequest

__all__ = [
    "Decision",
    "EdmClient",
    "Identified",
    "P1Addresses",
    "P1Client",
    "Token",
    "TokenCache",
    "TokenRequest",
]
