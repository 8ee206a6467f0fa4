"""Removing documents from the external repository: idempotent, crash-safe, confirmed by asking.

    E  entries with their closed set, ITI-62      all of a request or none
    O  octets, ITI-86                             all of a request or none

    interrupted        registry has  repository has  the same call again
    -----------------  ------------  --------------  ---------------------------------------------
    before E           entries       octets          builds the set anew, removes both
    in E, answer lost  all or none   octets          asks; goes on from there
    E … O              nothing       octets          finds no entry, removes the octets
    in O, answer lost  nothing       all or none     removes what is left; told "no such document"
    after O            nothing       nothing         the same; then asks both and confirms

Entries go first: what the registry shows can always be fetched. Who calls this has made sure, and committed,
that nothing is lost by it.
"""

from erepo.clinic.removal.asking import is_registered
from erepo.clinic.removal.errors import RemovalUnconfirmed, RepositoryDiffers
from erepo.clinic.removal.model import RemoteDocument, Removal
from erepo.clinic.removal.removing import SLICE, remove_remote

__all__ = [
    "SLICE",
    "RemoteDocument",
    "Removal",
    "RemovalUnconfirmed",
    "RepositoryDiffers",
    "is_registered",
    "remove_remote",
]
