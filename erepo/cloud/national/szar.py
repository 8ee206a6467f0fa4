"""The national domain as it is: SZAR of P1, asked with the provider's certificates (polish-domain §4.5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from erepo.cloud.national.credentials import Credentials
from erepo.cloud.national.errors import (
    P1AnswerUnusable,
    P1NotConfigured,
    P1Overdue,
    P1RegistrationRefused,
    P1RepositoryExists,
    P1RepositoryIdMissing,
    P1Unreachable,
)
from erepo.cloud.national.port import CALL_SECONDS
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    OutcomeUnknown,
    RemoteBusy,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnavailable,
)
from erepo.settings import HttpTimeouts, Settings

if TYPE_CHECKING:
    from erepo.p1 import P1Client


class Szar:
    """Asks P1; a `NationalDomain`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        wait = settings.http
        self._timeouts = HttpTimeouts(
            connect=min(wait.connect, CALL_SECONDS / 2),
            read=min(wait.read, CALL_SECONDS),
            write=min(wait.write, CALL_SECONDS),
            pool=min(wait.pool, CALL_SECONDS),
            total=min(wait.total, CALL_SECONDS),
        )

    def register_repository(self, credentials: Credentials, *, force_new: bool) -> str:
        """See `NationalDomain`."""
        with self._client(credentials) as client:
            return client.register_repository(force_new=force_new)

    def register_access(self, credentials: Credentials, repository_id: str, address: str) -> None:
        """See `NationalDomain`."""
        with self._client(credentials) as client:
            client.register_access(repository_id, address)

    @contextmanager
    def _client(self, credentials: Credentials) -> Iterator["P1Client"]:
        # Loaded when it is needed: its library of SOAP costs every start of the service half a second.
        from erepo.p1 import P1Addresses, P1Client  # noqa: PLC0415
        from erepo.p1.addresses import trust_of  # noqa: PLC0415
        from erepo.p1.errors import RepositoryExists, RepositoryIdMissing  # noqa: PLC0415

        try:
            servers, signers = trust_of(self._settings)
            client = P1Client(
                P1Addresses.of(self._settings),
                credentials.tls,
                credentials.wss,
                servers,
                wss_trust_pem=signers,
                timeouts=self._timeouts,
                wss_limits=self._settings.wss,
            )
            with client:
                yield client
        except RepositoryExists as error:
            raise P1RepositoryExists from error
        except RepositoryIdMissing as error:
            raise P1RepositoryIdMissing from error
        except ErepoError as error:
            raise _told(error) from error


def _told(error: ErepoError) -> ErepoError:
    """Return what an error of the client means for a registration; of its data only codes of ours go on."""
    told = str(error.data.get("reason") or error.data.get("rule") or error.code)[:100]
    match error:
        case RemoteTimeout() | OutcomeUnknown():
            return P1Overdue()
        case RemoteUnavailable() | RemoteBusy():
            return P1Unreachable()
        case ConfigurationError():
            return P1NotConfigured(setting=told)
        case InvalidInput():
            return P1AnswerUnusable(reason=told)
        case RemoteRefused() | AccessRefused():
            return P1RegistrationRefused(reason=told)
    return error
