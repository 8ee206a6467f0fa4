"""The clinic's side of the registration in the national domain P1: its certificates and the id it gets."""

from erepo.clinic.p1.files import FileFacts, Pair, check_authority, check_pair, read_file, read_pair
from erepo.clinic.p1.registering import Registration, adopt, register, registration, repository_id, revoke

__all__ = [
    "FileFacts",
    "Pair",
    "Registration",
    "adopt",
    "check_authority",
    "check_pair",
    "read_file",
    "read_pair",
    "register",
    "registration",
    "repository_id",
    "revoke",
]
