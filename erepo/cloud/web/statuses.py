"""Which HTTP status tells which error."""

from erepo.blobs.errors import StorageUnavailable
from erepo.cda.errors import DocumentTooLarge, GivenRefused
from erepo.cloud.consents.errors import (
    ConsentConflict,
    ConsentDocumentsUnfit,
    ConsentUnknown,
    NothingVisible,
)
from erepo.cloud.errors import (
    AccountOccupied,
    AccountSuspended,
    BodyTimeout,
    BodyTooLarge,
    MethodNotAllowed,
    PathUnknown,
    ServiceBusy,
    ServiceStopping,
)
from erepo.cloud.national.errors import (
    P1AnswerUnusable,
    P1CertificatesPresent,
    P1NotConfigured,
    P1Overdue,
    P1RegistrationBusy,
    P1RegistrationRefused,
    P1RepositoryExists,
    P1RepositoryIdMissing,
    P1Unreachable,
)
from erepo.cloud.national.indexing.errors import (
    DocumentUnknown,
    IndexAccessRefused,
    IndexAnswerUnusable,
    IndexBusy,
    IndexClockApart,
    IndexLater,
    IndexNotConfigured,
    IndexNotReady,
    IndexOutcomeUnknown,
    IndexRefused,
)
from erepo.cloud.national.searching.errors import (
    AbroadAbsent,
    AbroadAddressRefused,
    AbroadAnswerUnusable,
    AbroadDenied,
    AbroadDiffers,
    AbroadLater,
    AbroadOverrun,
    AbroadRefused,
    AbroadRepositoryLater,
    AbroadRepositoryUnknown,
    AbroadTooLarge,
)
from erepo.cloud.outside.errors import SenderRefused
from erepo.cloud.panel.errors import AdministratorExists, LoginLocked
from erepo.cloud.patients.errors import (
    PatientAddressBusy,
    PatientConflict,
    PatientUnknown,
    PatientUnreachable,
)
from erepo.cloud.patients_own.errors import (
    OwnDocumentConflict,
    OwnDocumentDamaged,
    OwnDocumentDiffers,
    OwnDocumentLimit,
    OwnDocumentSettled,
    OwnDocumentUnknown,
)
from erepo.cloud.structure.errors import StructureNone
from erepo.cloud.tenancy.errors import CertificateRetired, CertificatesNotProven
from erepo.cloud.vault.errors import MasterKeyChanged
from erepo.errors import AccessRefused, ErepoError, InvalidInput
from erepo.pki.revocation import StatusUnknown, StatusUntrusted

#: The first that fits decides.
_STATUS: tuple[tuple[type[ErepoError], int], ...] = (
    (PathUnknown, 404),
    (MethodNotAllowed, 405),
    (StructureNone, 404),
    (ConsentUnknown, 404),
    (NothingVisible, 404),
    (ConsentConflict, 409),
    (ConsentDocumentsUnfit, 422),
    (PatientUnknown, 404),
    (PatientConflict, 409),
    (PatientUnreachable, 422),
    (PatientAddressBusy, 429),
    (AccountOccupied, 409),
    (CertificatesNotProven, 409),
    (CertificateRetired, 409),
    (P1CertificatesPresent, 409),
    (P1RepositoryExists, 409),
    (AdministratorExists, 409),
    (LoginLocked, 429),
    (OwnDocumentUnknown, 404),
    (OwnDocumentConflict, 409),
    (OwnDocumentSettled, 409),
    (OwnDocumentDiffers, 409),
    (OwnDocumentDamaged, 409),
    (OwnDocumentLimit, 429),
    (DocumentTooLarge, 413),
    (GivenRefused, 415),
    (DocumentUnknown, 404),
    (IndexNotReady, 422),
    (IndexBusy, 409),
    (IndexAccessRefused, 502),
    (IndexRefused, 502),
    (IndexAnswerUnusable, 502),
    (IndexClockApart, 502),
    (IndexNotConfigured, 501),
    (IndexLater, 503),
    (IndexOutcomeUnknown, 504),
    (AbroadDenied, 403),
    (AbroadRefused, 502),
    (AbroadAnswerUnusable, 502),
    (AbroadRepositoryUnknown, 502),
    (AbroadAddressRefused, 502),
    (AbroadAbsent, 502),
    (AbroadDiffers, 502),
    (AbroadTooLarge, 502),
    (AbroadLater, 503),
    (AbroadRepositoryLater, 503),
    (AbroadOverrun, 504),
    (BodyTooLarge, 413),
    (BodyTimeout, 408),
    (AccountSuspended, 403),
    (SenderRefused, 403),
    (AccessRefused, 403),
    (InvalidInput, 400),
    (StatusUnknown, 503),
    (StatusUntrusted, 502),
    (StorageUnavailable, 503),
    (ServiceStopping, 503),
    (ServiceBusy, 503),
    (MasterKeyChanged, 503),
    (P1NotConfigured, 501),
    (P1RepositoryIdMissing, 502),
    (P1RegistrationRefused, 502),
    (P1AnswerUnusable, 502),
    (P1RegistrationBusy, 503),
    (P1Unreachable, 503),
    (P1Overdue, 504),
)


def status_of(error: ErepoError) -> int:
    """Return the status of the answer to a request that ended in an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
