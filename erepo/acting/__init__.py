"""Who acts: the member of staff behind a request, as the clinic asserts it and the service proves it.

A clinic signs what it says about its user with the account's WSS key: as a SAML 2.0 assertion inside a SOAP
message (IHE XUA, ITI-40), as a JWT beside a REST request. Only PESEL or NPWZ names a person (manual 2.4).
"""

from erepo.acting.actor import BREAK_GLASS, PURPOSE_SCHEME, ROLE_SCHEME, TREATMENT, Actor, known_person
from erepo.acting.assertion import Assertions, write_assertion
from erepo.acting.detached import Detached, read_detached, write_detached
from erepo.acting.errors import AssertionRefused, SealRefused, TokenRefused, UserUnknown
from erepo.acting.memory import Memory, Proven
from erepo.acting.reading import Expected, read_assertion
from erepo.acting.token import Tokens, read_token, write_token

__all__ = [
    "BREAK_GLASS",
    "PURPOSE_SCHEME",
    "ROLE_SCHEME",
    "TREATMENT",
    "Actor",
    "AssertionRefused",
    "Assertions",
    "Detached",
    "Expected",
    "Memory",
    "Proven",
    "SealRefused",
    "TokenRefused",
    "Tokens",
    "UserUnknown",
    "known_person",
    "read_assertion",
    "read_detached",
    "read_token",
    "write_assertion",
    "write_detached",
    "write_token",
]
