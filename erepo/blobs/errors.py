"""Errors of blob stores; their codes are those the service has always answered with.

RetryableError
└── StorageUnavailable      the store cannot take it now
IntegrityError
└── StoredContentDamaged    stored bytes no longer match their fingerprint
"""

from erepo.errors import IntegrityError, RetryableError
from erepo.texts import Text


class StoredContentDamaged(IntegrityError):
    """Stored bytes do not match the fingerprint taken when they came in."""

    code = "cloud.content-damaged"
    cause = Text(
        "The stored content number {document} does not match its fingerprint.",
        "Przechowywana treść numer {document} nie zgadza się ze swoim skrótem.",
    )
    cure = Text(
        "It is not given out. Restore it from the second copy.",
        "Treść nie zostanie wydana. Odtwórz ją z drugiej kopii.",
    )


class StorageUnavailable(RetryableError):
    """The database or the disk cannot take it now; whether it was stored must be asked."""

    code = "cloud.storage-unavailable"
    cause = Text("The service's storage is not available.", "Magazyn usługi jest niedostępny.")
    cure = Text(
        "Try again later; the operator finds the reason in the log.",
        "Spróbuj później; operator znajdzie przyczynę w dzienniku usługi.",
    )
