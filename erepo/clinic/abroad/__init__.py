"""Documents of other providers: found in P1, fetched by the service from foreign repositories, kept as ours.

The service holds the P1 certificates and speaks with P1 and with the other providers; the clinic asks it over
the account's channel, in the name of the person who acts. A search stands here for a day, with its patient; a
fetched document stays, with its origin beside it, and is archived as every fetched document is.
"""

from erepo.clinic.abroad.asking import Purpose, Why, parse_purpose
from erepo.clinic.abroad.ledger import Listed, Search
from erepo.clinic.abroad.working import Desk, Fetched, fetch, find, look, opening

__all__ = [
    "Desk",
    "Fetched",
    "Listed",
    "Purpose",
    "Search",
    "Why",
    "fetch",
    "find",
    "look",
    "opening",
    "parse_purpose",
]
