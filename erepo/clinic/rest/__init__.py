"""The account's REST services, over mutual TLS: activation, state and usage, certificates."""

from erepo.clinic.rest.answers import AccountState, Activation, Certificates
from erepo.clinic.rest.client import AccountClient, account_url

__all__ = ["AccountClient", "AccountState", "Activation", "Certificates", "account_url"]
