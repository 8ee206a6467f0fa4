"""The account's REST services, over mutual TLS: activation, state, certificates, structure, P1, panel."""

from erepo.clinic.rest.answers import (
    AccountState,
    Activation,
    Administrator,
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
    "Administrator",
    "Certificates",
    "P1Certificate",
    "P1State",
    "RemoteStructure",
    "account_url",
]
