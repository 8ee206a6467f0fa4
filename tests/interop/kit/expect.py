"""What the tables of the specification let one say about an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.kit import names

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer


def success(answer: Answer) -> Answer:
    """Status Success and no error of severity Error."""
    assert answer.status == names.SUCCESS, (answer.status, answer.errors)
    assert all(severity == names.WARNING for _, severity, _, _ in answer.errors), answer.errors
    return answer


def failure(answer: Answer, *codes: str, context: str = "", location: str = "") -> Answer:
    """HTTP 200 and a RegistryErrorList with one of the codes, each error with context and full severity."""
    assert answer.response.status_code == 200, (answer.response.status_code, answer.fault)
    assert answer.status == names.FAILURE, (answer.status, answer.errors)
    assert answer.codes & set(codes), (answer.errors, codes)
    for _, severity, _, _ in answer.errors:
        assert severity in {names.ERROR, names.WARNING}
    mine = [error for error in answer.errors if error[0] in codes]
    assert all(error[2] for error in mine), "codeContext is required and must say something"
    if context:
        assert any(context in error[2] for error in mine), (context, mine)
    if location:
        assert any(location in error[3] for error in mine), (location, mine)
    return answer


def quoted(*values: str) -> list[str]:
    """A list parameter."""
    return ["(" + ",".join("'" + value.replace("'", "''") + "'" for value in values) + ")"]


APPROVED = ("Status", quoted(names.APPROVED))
BOTH = quoted(names.APPROVED, names.DEPRECATED)


def entries(peer: Peer, patient: str, statuses: list[str] | None = None) -> Answer:
    """FindDocuments of a patient, whatever the status."""
    return success(
        peer.ask(
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", [f"'{patient}'"]),
            ("$XDSDocumentEntryStatus", statuses or BOTH),
        )
    )


def everything(peer: Peer, patient: str) -> Answer:
    """GetAll of a patient, whatever the status."""
    return success(
        peer.ask(
            "GetAll",
            ("$patientId", [f"'{patient}'"]),
            ("$XDSDocumentEntryStatus", BOTH),
            ("$XDSSubmissionSetStatus", BOTH),
            ("$XDSFolderStatus", BOTH),
        )
    )


def nothing(peer: Peer, patient: str, *uids: str) -> None:
    """Atomicity: no object of the patient is visible and no document can be had."""
    assert everything(peer, patient).objects() == []
    if uids:
        assert peer.fetch(*uids).status == names.FAILURE


def by_uid(answer: Answer, uid: str) -> str:
    """Entry uuid of the object with this uniqueId."""
    found = answer.find(f"//rim:ExternalIdentifier[@value='{uid}']/@registryObject")
    own = answer.find(f"//rim:ExternalIdentifier[@value='{uid}']/../@id")
    assert len(set(own)) == 1, (uid, own, found)
    return str(own[0])


def status(answer: Answer, uid: str) -> str:
    """Availability status of the object with this uniqueId."""
    found = answer.find(f"//rim:ExternalIdentifier[@value='{uid}']/../@status")
    assert len(found) == 1, (uid, found)
    return str(found[0])
