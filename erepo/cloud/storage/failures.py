"""What a failed transaction means: may the same simply be done again, is its end known?"""

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from erepo.blobs.errors import StorageUnavailable

#: SQLSTATE serialization_failure and deadlock_detected: nothing was committed, and nothing was wrong.
_AGAIN = frozenset({"40001", "40P01"})


def is_passing(error: BaseException) -> bool:
    """Tell whether others were in the way: nothing was committed, and the same may go well next time."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _AGAIN


def is_storage(error: BaseException) -> bool:
    """Tell whether the database or the disk is at fault, and no row.

    When it broke during the commit, the transaction may have been committed all the same.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, NoConnectionFree, OSError, StorageUnavailable))
