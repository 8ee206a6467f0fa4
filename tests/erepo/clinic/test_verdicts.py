"""What answers mean: a second table, written independently of the first."""

import pytest

from erepo.clinic.archiving.reasons import reason_of, stored_words
from erepo.clinic.archiving.results import Problem
from erepo.clinic.archiving.verdicts import Verdict, judge, refuse
from erepo.errors import OutcomeUnknown, RemoteBusy, RemoteTimeout, RemoteUnavailable
from erepo.settings import PassphraseMissing
from erepo.soap.errors import (
    AddressUnknown,
    AnswerMismatched,
    AnswerNotSoap,
    BadRequestAnswer,
    FaultRefused,
    FaultRetryable,
    ForbiddenAnswer,
    SecureChannelFailed,
    SignatureInvalid,
)
from erepo.xds.errors import RegistryError, failure

PATIENT = "44051401359"


def xds(*codes: str) -> Exception:
    """Return what an answer with these codes raises."""
    return failure([RegistryError(code, f"patient {PATIENT}") for code in codes])


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (xds("XDSDuplicateUniqueIdInRegistry"), Verdict.ASK),
        (xds("XDSRegistryBusy"), Verdict.LATER),
        (xds("XDSRepositoryBusy"), Verdict.LATER),
        (xds("XDSRegistryNotAvailable"), Verdict.LATER),
        (xds("XDSRegistryBusy", "XDSRegistryMetadataError"), Verdict.REFUSED),
        (xds("XDSNonIdenticalHash"), Verdict.REFUSED),
        (xds("XDSUnknownPatientId"), Verdict.REFUSED),
        (xds("SomethingNew"), Verdict.REFUSED),
        (RemoteUnavailable(address="a"), Verdict.LATER),
        (RemoteBusy(address="a"), Verdict.LATER),
        (RemoteTimeout(phase="connect"), Verdict.LATER),
        (RemoteTimeout(phase="pool"), Verdict.LATER),
        (RemoteTimeout(phase="write"), Verdict.LATER),
        (RemoteTimeout(phase="read"), Verdict.ASK),
        (RemoteTimeout(phase="total"), Verdict.ASK),
        (OutcomeUnknown(address="a"), Verdict.ASK),
        (AnswerNotSoap(address="a", rule="r"), Verdict.ASK),
        (AnswerMismatched(address="a", rule="r"), Verdict.ASK),
        (SignatureInvalid(rule="r"), Verdict.ASK),
        (FaultRetryable(address="a", fault="soap:Receiver"), Verdict.ASK),
        (FaultRefused(address="a", fault="soap:Sender"), Verdict.SUSPECT),
        (BadRequestAnswer(address="a", status=400), Verdict.SUSPECT),
        (ForbiddenAnswer(address="a", status=403), Verdict.HALT),
        (AddressUnknown(address="a", status=404), Verdict.HALT),
        (SecureChannelFailed(address="a", reason="r"), Verdict.HALT),
        (PassphraseMissing(file="f"), Verdict.HALT),
        (ValueError(PATIENT), Verdict.ASK),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_each_answer_has_its_verdict(error: Exception, verdict: Verdict) -> None:
    """Nothing that may be stored is called absent, nothing that passes is called refused."""
    assert judge(error).verdict is verdict


def test_no_word_of_the_service_gets_into_results() -> None:
    """The context of an XDS error may name a patient: it stays in the clinic's own database."""
    judgement = judge(xds("XDSUnknownPatientId"))
    reason = reason_of(judgement)
    assert PATIENT not in str((reason, judgement.code, Problem.of(judgement.error)))  # type: ignore[arg-type]
    assert PATIENT in stored_words(judgement)[0]


def test_a_foreign_error_is_told_by_its_type_alone() -> None:
    """The text of a foreign exception may hold anything, so it is not repeated."""
    judgement = refuse(ValueError(PATIENT))
    assert judgement.code == "unexpected.ValueError"
    assert PATIENT not in str(
        (reason_of(judgement), Problem.of(ValueError(PATIENT)), stored_words(judgement))
    )


def test_an_error_without_its_data_still_has_words() -> None:
    """An error raised without its data gives a problem, not a second error."""
    assert Problem.of(RemoteBusy()).code == "remote.busy"


@pytest.mark.parametrize("code", ["XDSNonIdenticalHash", "InvalidDocumentContent", "XDSSomethingElse"])
def test_every_refusal_has_cause_and_cure_in_both_languages(code: str) -> None:
    """Known codes have words of their own, unknown ones general ones; none is empty."""
    reason = reason_of(judge(xds(code)))
    assert all([*reason.cause, *reason.cure])
