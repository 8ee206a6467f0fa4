"""RegistryResponse: outcome and errors of a transaction (IHE ITI TF-3 4.2.4; ebRS 3.0)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lxml import etree

from erepo.xds.errors import MessageShapeWrong, RegistryError, XdsFailure, XdsRefused, XdsTryLater, failure
from erepo.xds.vocabulary import RS, ResponseStatus, Severity, Xds

__all__ = [
    "RegistryError",
    "RegistryResponse",
    "XdsFailure",
    "XdsRefused",
    "XdsTryLater",
    "outcome",
    "raise_for_status",
    "read_registry_response",
    "read_status",
    "write_errors",
    "write_registry_response",
]

_RESPONSE = f"{{{RS}}}RegistryResponse"
_LIST = f"{{{RS}}}RegistryErrorList"
_ERROR = f"{{{RS}}}RegistryError"
_MAP = {"rs": RS}
_STATUSES = frozenset(ResponseStatus)
#: An answer repeats ids of the question, however long they are, in each of its errors.
_LONGEST_CONTEXT = 1024
_LONGEST_LOCATION = 256


class RegistryResponse(NamedTuple):
    """Status and errors of an answer; warnings may stand beside a success."""

    status: str
    errors: tuple[RegistryError, ...]


def outcome(errors: Iterable[RegistryError], *, results: bool = False) -> ResponseStatus:
    """Return the status that the errors demand; with `results` an error makes it partial (TF-3 4.2.4.2)."""
    if not any(error.is_error for error in errors):
        return ResponseStatus.SUCCESS
    return ResponseStatus.PARTIAL if results else ResponseStatus.FAILURE


def write_registry_response(
    status: str | None = None, errors: Sequence[RegistryError] = (), *, parent: etree._Element | None = None
) -> etree._Element:
    """Write `rs:RegistryResponse`, by itself or below `parent`; without a status the errors decide it."""
    attributes = {"status": str(status or outcome(errors))}
    if parent is None:
        element = etree.Element(_RESPONSE, attributes, nsmap=_MAP)
    else:
        element = etree.SubElement(parent, _RESPONSE, attributes, nsmap=_MAP)
    write_errors(element, errors)
    return element


def write_errors(parent: etree._Element, errors: Sequence[RegistryError]) -> None:
    """Write `rs:RegistryErrorList` below a response; nothing if there are no errors."""
    if not errors:
        return
    serious = any(error.is_error for error in errors)
    highest = Severity.ERROR if serious else Severity.WARNING
    listed = etree.SubElement(parent, _LIST, {"highestSeverity": highest.value}, nsmap=_MAP)
    for error in errors:
        attributes = {
            "codeContext": error.context[:_LONGEST_CONTEXT],
            "errorCode": str(error.code),
            "severity": str(error.severity),
        }
        if error.location:
            attributes["location"] = error.location[:_LONGEST_LOCATION]
        etree.SubElement(listed, _ERROR, attributes)


def read_status(element: etree._Element) -> RegistryResponse:
    """Read status and errors of any element of type RegistryResponseType.

    Raises:
        MessageShapeWrong: the status is not one of the three of the profile.
    """
    status = element.get("status", "")
    if status not in _STATUSES:
        raise MessageShapeWrong([RegistryError(Xds.REGISTRY_ERROR, "status of the response")])
    errors = tuple(
        _read_error(error) for listed in element.iterchildren(_LIST) for error in listed.iterchildren(_ERROR)
    )
    return RegistryResponse(status, errors)


def read_registry_response(element: etree._Element) -> RegistryResponse:
    """Read `rs:RegistryResponse`.

    Raises:
        MessageShapeWrong: it is another element, or its status is unknown.
    """
    if element.tag != _RESPONSE:
        raise MessageShapeWrong([RegistryError(Xds.REGISTRY_ERROR, "rs:RegistryResponse expected")])
    return read_status(element)


def raise_for_status(status: str, errors: Sequence[RegistryError]) -> None:
    """Return on Success (warnings included) and on PartialSuccess.

    Raises:
        XdsTryLater: a failure whose every reason passes with time.
        XdsRefused: any other failure.
    """
    if status == ResponseStatus.FAILURE:
        raise failure(errors)


def _read_error(element: etree._Element) -> RegistryError:
    severity = element.get("severity", Severity.ERROR)
    # ebRS says a URN; some peers write only its last word.
    severity = Severity.WARNING if severity.endswith("Warning") else Severity.ERROR
    code = element.get("errorCode", "").rpartition(":")[2]
    return RegistryError(code, element.get("codeContext", ""), severity, element.get("location", ""))
