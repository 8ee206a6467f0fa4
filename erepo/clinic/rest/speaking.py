"""From an account's connection to its REST client: the same keys, the same person, the same limits."""

from erepo.acting import Tokens
from erepo.clinic.connection import CloudConnection
from erepo.clinic.rest.client import AccountClient


def account_client(connection: CloudConnection) -> AccountClient:
    """Return a client that speaks for the account of a connection; the connection need not be open."""
    actor = connection.actor
    return AccountClient(
        connection.service_url,
        connection.account,
        connection.tls,
        connection.trust_pem,
        connection.settings.http,
        Tokens(actor, connection.wss, connection.service_url) if actor else None,
    )
