"""REST of documents that patients gave the account: what waits, the octets of one, and that we have it."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, Field

from erepo.clinic.rest.answers import Answer

_Model = TypeVar("_Model", bound=Answer)

#: Takes octets as they come.
Pour = Callable[[bytes], object]

_PATH: Final = "/patient-documents"
_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
#: Why we refuse one, in the service's general words.
Reason = Literal["unreadable", "unsupported", "another-patient", "too-large", "other"]


class OwnPatient(Answer):
    """Whose document it is: the patient that the service has proven."""

    root: str = Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=64, repr=False)
    extension: str = Field(pattern=r"^[A-Za-z0-9./_-]+$", max_length=64, repr=False)


class OwnDocument(Answer):
    """One document that waits."""

    id: _Id
    size: int = Field(gt=0, le=256 * 1024**2)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    patient: OwnPatient
    title: str = Field("", max_length=200, repr=False)
    given_at: AwareDatetime


class OwnDocuments(Answer):
    """A page of documents that wait, in the order in which they were given."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    documents: tuple[OwnDocument, ...]
    next: int
    more: bool


class SettledDocument(Answer):
    """What the service holds of a document that we told it about."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    id: _Id
    state: Literal["given", "offered", "taken", "refused", "expired"]


class _Channel(Protocol):
    _address: str

    def _exchange(
        self, method: str, address: str, model: type[_Model], body: dict[str, Any] | None = None
    ) -> _Model: ...

    def _pour(self, address: str, pour: Pour) -> None: ...


class PatientsOwn:
    """What a client of an account does with them; raises what its other calls raise."""

    def own_documents(self: _Channel, after: int = 0) -> OwnDocuments:
        """Ask which documents wait behind one, a page of them."""
        return self._exchange("GET", f"{self._address}{_PATH}?after={after}", OwnDocuments)

    def own_document(self: _Channel, document_id: str, pour: Pour) -> None:
        """Fetch the octets of one, as the patient gave them.

        Args:
            document_id: of the service.
            pour: is given the octets as they come, and may refuse them.

        Raises:
            ServiceRefusal: with code `own-document.unknown` or `own-document.settled`, among others.
        """
        self._pour(f"{self._address}{_PATH}/{document_id}", pour)

    def settle_own_document(
        self: _Channel, document_id: str, sha256: str, refused: Reason | None = None
    ) -> SettledDocument:
        """Tell that a document is ours, durably, or was put aside; idempotent.

        Args:
            document_id: of the service.
            sha256: hex, of the octets that we have; others are not ended.
            refused: why it was put aside; None: we have taken it.

        Raises:
            ServiceRefusal: with code `own-document.settled` where it ended otherwise, among others.
        """
        body = {"outcome": "refused" if refused else "taken", "sha256": sha256, "reason": refused}
        return self._exchange("DELETE", f"{self._address}{_PATH}/{document_id}", SettledDocument, body)
