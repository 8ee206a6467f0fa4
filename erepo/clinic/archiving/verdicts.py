"""What an answer, or its absence, means for a submission. Pure decisions, no input or output.

The order of the reasons, first match wins:

    answer                                            verdict  the documents are
    ------------------------------------------------  -------  -----------------------------------------------
    signed Success                                    stored   registered with the hash and size we named
    XDSDuplicateUniqueIdInRegistry                    ask      perhaps there: an earlier request got through,
                                                               or an earlier submission brought the document
    registry or repository busy, out of resources     later    not there
    any other error of the registry or repository     refused  not there (asked before it is written down)
    403, unusable certificate, no content folder      halt     not there; nothing else would get through
    no list tells whether the service was revoked     later    not there: asked before anything is sent
    no connection, 503                                later    not there
    time is up before the request was whole           later    not there
    time is up afterwards, connection cut             ask      perhaps there
    answer that cannot be trusted or understood       ask      perhaps there
    SOAP fault, 4xx                                   suspect  not there; is it the document or the account?
"""

from dataclasses import dataclass
from enum import StrEnum

from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    RemoteBusy,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnavailable,
)
from erepo.pki.revocation import StatusUnknown, StatusUntrusted
from erepo.xds.responses import XdsFailure
from erepo.xds.vocabulary import Xds

#: An earlier request of ours may have stored the submission: ask, do not judge.
ALREADY_USED = frozenset({"XDSDuplicateUniqueIdInRegistry"})

#: The document may be good, and only what it says about an older one is not: it goes as an original.
ABOUT_RELATIONSHIPS = frozenset(
    {
        Xds.DEPRECATED_DOCUMENT.value,
        Xds.UNRESOLVED_REFERENCE.value,
        Xds.PATIENT_MISMATCH.value,
        Xds.REPLACE_FAILED.value,
    }
)

#: Phases of an exchange after which the request cannot have arrived as a whole (contract of the channel).
BEFORE_SENDING = frozenset({"connect", "pool", "write"})


class Verdict(StrEnum):
    """What to do with the documents of one submission."""

    STORED = "stored"
    ASK = "ask"
    LATER = "later"
    REFUSED = "refused"
    SUSPECT = "suspect"
    HALT = "halt"
    UNSENT = "unsent"


#: The service answered about this very submission: the way to it is open.
ANSWERED = frozenset({Verdict.STORED, Verdict.REFUSED})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason.

    Attributes:
        verdict: what to do.
        code: short reason, safe to show anywhere: an XDS code or the code of one of our errors.
        error: what was raised, if anything.
        context: the service's own words; may name a patient, so it stays in the clinic's database.
    """

    verdict: Verdict
    code: str = ""
    error: Exception | None = None
    context: str = ""


STORED = Judgement(Verdict.STORED)
UNSENT = Judgement(Verdict.UNSENT)


def judge(error: Exception) -> Judgement:
    """Judge what sending a submission raised (table above)."""
    if isinstance(error, XdsFailure):
        return _judge_registry(error)
    code = error.code if isinstance(error, ErepoError) else f"unexpected.{type(error).__name__}"
    return Judgement(_verdict(error), code, error)


def refuse(error: Exception) -> Judgement:
    """Judge what preparing a submission raised: nothing has left; the document is at fault, or our set-up."""
    if isinstance(error, ConfigurationError):
        return judge(error)
    code = error.code if isinstance(error, ErepoError) else f"unexpected.{type(error).__name__}"
    return Judgement(Verdict.REFUSED, code, error)


def _verdict(error: Exception) -> Verdict:
    match error:
        case AccessRefused() | ConfigurationError() | StatusUntrusted():
            return Verdict.HALT
        case RemoteUnavailable() | RemoteBusy() | StatusUnknown():
            return Verdict.LATER
        case RemoteTimeout() if error.data.get("phase") in BEFORE_SENDING:
            return Verdict.LATER
        case RemoteRefused():
            return Verdict.SUSPECT
        case _:
            return Verdict.ASK


def _judge_registry(failure: XdsFailure) -> Judgement:
    first = next(iter(failure.errors), None)
    code = first.code if first else failure.code
    context = "; ".join(error.context for error in failure.errors)[:500]
    if any(error.code in ALREADY_USED for error in failure.errors):
        return Judgement(Verdict.ASK, code, failure, context)
    verdict = Verdict.LATER if failure.retryable else Verdict.REFUSED
    return Judgement(verdict, code, failure, context)
