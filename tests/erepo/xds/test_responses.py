"""RegistryResponse and the errors that a failed answer becomes."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from erepo.errors import RemoteRefused, RetryableError
from erepo.xds.errors import MessageShapeWrong
from erepo.xds.responses import (
    RegistryError,
    XdsFailure,
    XdsRefused,
    XdsTryLater,
    outcome,
    raise_for_status,
    read_registry_response,
    write_registry_response,
)
from erepo.xds.vocabulary import RETRYABLE, RS, ResponseStatus, Severity, Xds
from tests.support.xds import SOME, VALUE, assert_valid

ERRORS = st.lists(
    st.builds(RegistryError, st.sampled_from(Xds).map(str), SOME, st.sampled_from(Severity), VALUE),
    max_size=4,
).map(tuple)
PATIENT_INSIDE = RegistryError(Xds.UNKNOWN_PATIENT, "80051212340^^^&1.2&ISO", location="80051212340")


@given(ERRORS, st.sampled_from(ResponseStatus))
def test_a_response_comes_back_equal(errors: tuple[RegistryError, ...], status: ResponseStatus) -> None:
    """Status, codes, contexts, severities and locations survive the wire."""
    element = etree.fromstring(etree.tostring(write_registry_response(status, errors)))
    assert read_registry_response(element) == (status, errors)


@pytest.mark.parametrize("severity", Severity)
def test_a_response_is_valid(schema: etree.XMLSchema, severity: Severity) -> None:
    """The error list stands where rs.xsd wants it."""
    errors = [RegistryError(Xds.REGISTRY_ERROR, "why", severity, "where")]
    assert_valid(schema, write_registry_response(errors=errors))
    assert_valid(schema, write_registry_response())


@pytest.mark.parametrize(
    ("severities", "results", "status"),
    [
        ([], False, ResponseStatus.SUCCESS),
        ([Severity.WARNING], False, ResponseStatus.SUCCESS),
        ([Severity.ERROR], False, ResponseStatus.FAILURE),
        ([Severity.WARNING, Severity.ERROR], True, ResponseStatus.PARTIAL),
        ([Severity.WARNING], True, ResponseStatus.SUCCESS),
    ],
)
def test_errors_decide_the_status(severities: list[Severity], results: bool, status: ResponseStatus) -> None:
    """Warnings do no harm; an error fails, or makes partial what has results (TF-3 4.2.4.2)."""
    errors = [RegistryError(Xds.REGISTRY_ERROR, "", severity) for severity in severities]
    assert outcome(errors, results=results) == status
    assert write_registry_response(outcome(errors, results=results), errors).get("status") == status


def test_the_highest_severity_is_told() -> None:
    """One error among warnings makes the list an error list."""
    errors = [
        RegistryError(Xds.REGISTRY_ERROR, "", severity) for severity in (Severity.WARNING, Severity.ERROR)
    ]
    (listed,) = write_registry_response(errors=errors)
    assert listed.get("highestSeverity") == Severity.ERROR
    (listed,) = write_registry_response(errors=errors[:1])
    assert listed.get("highestSeverity") == Severity.WARNING


def test_peers_that_write_codes_as_urns_and_severities_short_are_understood() -> None:
    """Only the last word counts."""
    text = (
        f'<rs:RegistryResponse xmlns:rs="{RS}" status="{ResponseStatus.SUCCESS}"><rs:RegistryErrorList>'
        '<rs:RegistryError errorCode="urn:x:XDSExtraMetadataNotSaved" codeContext="c" severity="Warning"/>'
        "</rs:RegistryErrorList></rs:RegistryResponse>"
    )
    (error,) = read_registry_response(etree.fromstring(text)).errors
    assert (error.code, error.is_error) == (Xds.EXTRA_METADATA_NOT_SAVED, False)


@pytest.mark.parametrize("text", [f'<r:RegistryResponse xmlns:r="{RS}" status="ok"/>', "<RegistryResponse/>"])
def test_what_is_no_response_is_refused(text: str) -> None:
    """Another element or an unknown status is no answer we could act on."""
    with pytest.raises(MessageShapeWrong):
        read_registry_response(etree.fromstring(text))


@pytest.mark.parametrize("status", [ResponseStatus.SUCCESS, ResponseStatus.PARTIAL])
def test_a_success_raises_nothing(status: ResponseStatus) -> None:
    """Warnings and partial results are the caller's to look at."""
    raise_for_status(status, [RegistryError(Xds.EXTRA_METADATA_NOT_SAVED, "", Severity.WARNING)])


@pytest.mark.parametrize("code", list(Xds))
def test_a_failure_is_retryable_exactly_if_its_code_is(code: Xds) -> None:
    """Busy, out of resources and registry not available pass with time; nothing else does."""
    with pytest.raises(XdsFailure) as caught:
        raise_for_status(ResponseStatus.FAILURE, [RegistryError(code, "why")])
    retryable = code in RETRYABLE
    assert caught.value.retryable is retryable
    assert isinstance(caught.value, XdsTryLater if retryable else XdsRefused)
    assert isinstance(caught.value, RetryableError if retryable else RemoteRefused)


def test_one_lasting_reason_makes_a_failure_lasting() -> None:
    """Trying again helps only if every error passes; warnings do not count."""
    busy = RegistryError(Xds.REGISTRY_BUSY, "")
    lasting = RegistryError(Xds.REGISTRY_METADATA, "")
    with pytest.raises(XdsRefused):
        raise_for_status(ResponseStatus.FAILURE, [busy, lasting])
    warning = RegistryError(Xds.EXTRA_METADATA_NOT_SAVED, "", Severity.WARNING)
    with pytest.raises(XdsTryLater):
        raise_for_status(ResponseStatus.FAILURE, [busy, warning])
    with pytest.raises(XdsRefused):
        raise_for_status(ResponseStatus.FAILURE, [])


def test_contexts_of_others_never_leave_through_an_exception() -> None:
    """A context may name a patient: it is there for the program, not in texts, data or pickles."""
    with pytest.raises(XdsRefused) as caught:
        raise_for_status(ResponseStatus.FAILURE, [PATIENT_INSIDE, RegistryError("80051212340", "")])
    error = caught.value
    assert error.errors[0] is PATIENT_INSIDE
    told = [str(error), *error.explain("pl"), repr(error), repr(error.data)]
    assert not any("80051212340" in text for text in told)
    pickled = pickle.dumps(error)
    assert b"80051212340" not in pickled
    assert pickle.loads(pickled).data == {"codes": "XDSUnknownPatientId, ?", "count": 2}


def test_an_id_without_measure_is_cut_in_the_answer() -> None:
    """An answer does not repeat a megabyte of the question in each of its errors."""
    error = RegistryError(Xds.REGISTRY_METADATA, "c" * 5000, location="l" * 5000)
    (read,) = read_registry_response(write_registry_response(errors=[error])).errors
    assert (len(read.context), len(read.location)) == (1024, 256)
