"""The account's REST services, over mutual TLS: activation, state and use, certificates, structure, P1."""

from erepo.clinic.rest.answers import (
    AccountState,
    Activation,
    Certificates,
    P1Certificate,
    P1State,
    RemoteStructure,
)
from erepo.clinic.rest.client import AccountClient, account_url

__all__ = [
    "AccountClient",
    "AccountState",
    "Activation",
    "Certificates",
    "P1Certificate",
    "P1State",
    "RemoteStructure",
    "account_url",
]
