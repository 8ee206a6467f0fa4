"""Which HTTP status tells which error."""

from erepo.cloud.errors import (
    AccountOccupied,
    AccountSuspended,
    BodyTimeout,
    BodyTooLarge,
    MethodNotAllowed,
    PathUnknown,
    ServiceBusy,
    ServiceStopping,
    StorageUnavailable,
)
from erepo.errors import AccessRefused, ErepoError, InvalidInput

#: The first that fits decides.
_STATUS: tuple[tuple[type[ErepoError], int], ...] = (
    (PathUnknown, 404),
    (MethodNotAllowed, 405),
    (AccountOccupied, 409),
    (BodyTooLarge, 413),
    (BodyTimeout, 408),
    (AccountSuspended, 403),
    (AccessRefused, 403),
    (InvalidInput, 400),
    (StorageUnavailable, 503),
    (ServiceStopping, 503),
    (ServiceBusy, 503),
)


def status_of(error: ErepoError) -> int:
    """Return the status of the answer to a request that ended in an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
