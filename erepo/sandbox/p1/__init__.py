"""P1, the national system, as a stand-in: a real HTTPS server with a state of its own.

    TLS (mutual) ─► web ─► desk: provider, WS-Security, replay, token ─► services: token, szar, soz, edm
                     └─► admin: faults, rules, medical events (with the administrator's certificate only)

It believes every provider whose certificates it issued. It keeps to what is publicly known of P1 (polish
texts of its answers are its own), is as strict as P1 says it is, and does wrong when told to (`faults`).
"""

from typing import Final

#: Issuer of its tokens: what `EREPO_P1__TOKEN_ISSUER` says of this P1.
ISSUER: Final = "urn:erepo:sandbox:p1"
