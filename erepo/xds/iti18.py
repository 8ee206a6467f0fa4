"""ITI-18 Registry Stored Query (TF-2 3.18): questions by table, answers as metadata or as references."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lxml import etree

from erepo.identifiers import CX, IdentifierInvalid
from erepo.xds.ebrim import OBJECT_LIST, Rules, read_objects, write_object_list
from erepo.xds.errors import MessageShapeWrong, QueryError, RegistryError
from erepo.xds.forms import is_query_code, is_time
from erepo.xds.model import MetadataSet
from erepo.xds.queries import (
    DOCUMENT_UNIQUE_ID,
    DOCUMENT_UUID,
    PARAMETERS,
    PATIENT,
    QUERIES,
    SET_UNIQUE_ID,
    SET_UUID,
    STATUS,
    Definition,
    Form,
    QueryId,
)
from erepo.xds.query_values import ValueMalformed, read_value, write_value
from erepo.xds.responses import outcome, read_status, write_errors
from erepo.xds.vocabulary import APPROVED, QUERY, RIM, RS, Xds

if TYPE_CHECKING:
    from erepo.soap.verifying import Verified

ACTION: Final = "urn:ihe:iti:2007:RegistryStoredQuery"
RESPONSE_ACTION: Final = f"{ACTION}Response"
LEAF_CLASS: Final = "LeafClass"
OBJECT_REF: Final = "ObjectRef"

Parameters = Mapping[str, tuple[tuple[str, ...], ...]]

_REQUEST = f"{{{QUERY}}}AdhocQueryRequest"
_RESPONSE = f"{{{QUERY}}}AdhocQueryResponse"
_OPTION = f"{{{QUERY}}}ResponseOption"
_ADHOC = f"{{{RIM}}}AdhocQuery"
_SLOT = f"{{{RIM}}}Slot"
_VALUE_LIST = f"{{{RIM}}}ValueList"
_VALUE = f"{{{RIM}}}Value"
_REFERENCE = f"{{{RIM}}}ObjectRef"
_MAP = {"query": QUERY, "rim": RIM, "rs": RS}
#: Most values of one query and repetitions of one slot: more than any database takes in a statement.
_MOST_VALUES = 20_000
_MOST_REPEATED = 100
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A question; in `parameters` the outer tuple is AND (repeated slots), the inner OR (a list)."""

    id: str
    parameters: Parameters = field(repr=False)
    return_type: str = LEAF_CLASS
    home: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Return the alternatives of a parameter that is not repeated; empty if it is absent."""
        return next(iter(self.parameters.get(name, ())), ())

    def value(self, name: str) -> str:
        """Return the value of a single-valued parameter; empty if it is absent."""
        return next(iter(self.values(name)), "")


@dataclass(frozen=True, slots=True)
class QueryResult:
    """An answer: objects for LeafClass, ids for ObjectRef."""

    status: str
    errors: tuple[RegistryError, ...]
    metadata: MetadataSet
    object_refs: tuple[str, ...]


def find_documents(
    patient_id: CX,
    statuses: Iterable[str] = (APPROVED,),
    return_type: str = LEAF_CLASS,
    **more: Sequence[str],
) -> StoredQuery:
    """Ask for a patient's documents; `more` are further parameters without their `$XDSDocumentEntry`."""
    parameters = {PATIENT: ((str(patient_id),),), STATUS: (tuple(statuses),)}
    parameters |= {f"$XDSDocumentEntry{name}": (tuple(values),) for name, values in more.items()}
    return StoredQuery(QueryId.FIND_DOCUMENTS, parameters, return_type)


def get_documents(
    unique_ids: Iterable[str] = (), entry_uuids: Iterable[str] = (), return_type: str = LEAF_CLASS
) -> StoredQuery:
    """Ask for documents by one of the two kinds of id."""
    given = {DOCUMENT_UNIQUE_ID: tuple(unique_ids), DOCUMENT_UUID: tuple(entry_uuids)}
    return StoredQuery(
        QueryId.GET_DOCUMENTS, {name: (ids,) for name, ids in given.items() if ids}, return_type
    )


def get_documents_and_associations(entry_uuids: Iterable[str]) -> StoredQuery:
    """Ask for documents by their entryUUIDs, with the associations that touch them."""
    return StoredQuery(QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, {DOCUMENT_UUID: (tuple(entry_uuids),)})


def get_submission_set_and_contents(
    unique_id: str = "", entry_uuid: str = "", return_type: str = LEAF_CLASS
) -> StoredQuery:
    """Ask what a submission brought, by one of its two ids: the question after a lost answer."""
    given = {SET_UNIQUE_ID: unique_id, SET_UUID: entry_uuid}
    parameters = {name: ((one,),) for name, one in given.items() if one}
    return StoredQuery(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, parameters, return_type)


def get_associations(entry_uuids: Iterable[str]) -> StoredQuery:
    """Ask for all associations that begin or end at objects of any kind."""
    return StoredQuery(QueryId.GET_ASSOCIATIONS, {"$uuid": (tuple(entry_uuids),)})


def write_query(query: StoredQuery) -> _Element:
    """Write the body of a request; each alternative in a `Value` of its own, so none grows past its limit."""
    payload = etree.Element(_REQUEST, nsmap=_MAP)
    options = {"returnType": query.return_type, "returnComposedObjects": "true"}
    etree.SubElement(payload, _OPTION, options)
    adhoc = etree.SubElement(payload, _ADHOC, {"id": str(query.id)})
    if query.home:
        adhoc.set("home", query.home)
    for name, groups in query.parameters.items():
        form = PARAMETERS.get(name, Form.MANY)
        for group in groups:
            slot = etree.SubElement(adhoc, _SLOT, {"name": name})
            listed = etree.SubElement(slot, _VALUE_LIST)
            for text in group:
                written = write_value(text, number=Form.NUMBER in form, many=Form.MANY in form)
                etree.SubElement(listed, _VALUE).text = written
    return payload


def read_query(verified: "Verified") -> StoredQuery:
    """Read the body of a request and check it against the table of its query.

    Raises:
        MessageShapeWrong: the payload is no such request.
        QueryError: XDSUnknownStoredQuery, XDSStoredQueryMissingParam, XDSStoredQueryParamNumber, or
            XDSRegistryError for a value that cannot be read.
    """
    payload = verified.payload
    questions, options = payload.findall(_ADHOC), payload.findall(_OPTION)
    return_type = options[0].get("returnType", "") if len(options) == 1 else ""
    # Of two questions one would stay without its answer.
    if payload.tag != _REQUEST or len(questions) != 1 or return_type not in {LEAF_CLASS, OBJECT_REF}:
        context = (
            "query:AdhocQueryRequest with a rim:AdhocQuery and returnType LeafClass or ObjectRef expected"
        )
        raise MessageShapeWrong([RegistryError(Xds.REGISTRY_ERROR, context)])
    (adhoc,) = questions
    query_id = adhoc.get("id", "").strip().lower()
    definition = _definition(query_id)
    parameters = _read_parameters(adhoc, definition.parameters)
    query = StoredQuery(query_id, parameters, return_type, adhoc.get("home", ""))
    check_query(query)
    return query


def _definition(query_id: str) -> Definition:
    definition = QUERIES.get(query_id)
    if definition is None:
        raise QueryError([RegistryError(Xds.UNKNOWN_QUERY, "no stored query of this id")])
    return definition


def _read_parameters(adhoc: _Element, known: Collection[str]) -> Parameters:
    found: dict[str, list[tuple[str, ...]]] = {}
    left = _MOST_VALUES
    for slot in adhoc.iterchildren(_SLOT):
        name = slot.get("name", "")
        # What another query knows is unknown to this one, and is passed over like $MetadataLevel.
        if name not in known:
            continue
        groups = found.setdefault(name, [])
        groups.append(_read_slot(name, slot))
        left -= len(groups[-1])
        if left < 0 or len(groups) > _MOST_REPEATED:
            context = f"more than {_MOST_VALUES} values, or a slot more than {_MOST_REPEATED} times"
            raise QueryError([RegistryError(Xds.REGISTRY_ERROR, context)])
    return {name: tuple(groups) for name, groups in found.items()}


def check_query(query: StoredQuery) -> None:
    """Check a query against its definition; parameters that it does not know are ignored.

    First which parameters are there and how often; the forms of their values only where that is right.

    Raises:
        QueryError: with every problem found.
    """
    definition = _definition(query.id)
    known = [name for name in query.parameters if name in definition.parameters]
    problems = [
        RegistryError(Xds.QUERY_MISSING_PARAM, f"{name} is missing")
        for name in definition.required
        if not query.values(name)
    ]
    given = [name for name in definition.either if query.values(name)]
    choice = " or ".join(definition.either)
    if len(given) > 1:
        problems.append(RegistryError(Xds.QUERY_PARAM_NUMBER, f"only one of {choice} is allowed"))
    elif definition.either and not given:
        problems.append(RegistryError(Xds.QUERY_MISSING_PARAM, f"{choice} is missing"))
    problems += [problem for name in known for problem in _numbers(query, name, definition.single)]
    problems = problems or [problem for name in known for problem in _forms(query, name)]
    if problems:
        raise QueryError(problems)


def _numbers(query: StoredQuery, name: str, single: frozenset[str]) -> Iterable[RegistryError]:
    form, groups = PARAMETERS[name], query.parameters[name]
    if (Form.MANY not in form or name in single) and any(len(group) > 1 for group in groups):
        yield RegistryError(Xds.QUERY_PARAM_NUMBER, f"{name} takes one value")
    if Form.AND not in form and len(groups) > 1:
        yield RegistryError(Xds.QUERY_PARAM_NUMBER, f"{name} may not be repeated")


def _forms(query: StoredQuery, name: str) -> Iterable[RegistryError]:
    values = {text for group in query.parameters[name] for text in group}
    for form, is_right, expected in _FORMS:
        if form in PARAMETERS[name] and not all(map(is_right, values)):
            yield RegistryError(Xds.REGISTRY_ERROR, f"{name} is not of the form {expected}")


def _is_patient(text: str) -> bool:
    try:
        CX.parse(text)
    except IdentifierInvalid:
        return False
    return True


_FORMS: Final[Sequence[tuple[Form, Callable[[str], bool], str]]] = (
    (Form.CODE, is_query_code, "code^^scheme"),
    (Form.PATIENT, _is_patient, "id^^^&OID&ISO"),
    (Form.NUMBER, is_time, "YYYY[MM[DD[hh[mm[ss]]]]]"),
)


def _read_slot(name: str, slot: _Element) -> tuple[str, ...]:
    members: list[str] = []
    for value in slot.iterfind(f"{_VALUE_LIST}/{_VALUE}"):
        try:
            found, _ = read_value(value.text or "")
        except ValueMalformed:
            context = f"{name}: neither a text in quotes nor a number nor a list of them"
            raise QueryError([RegistryError(Xds.REGISTRY_ERROR, context)]) from None
        members += found
    return tuple(members)


def write_response(
    metadata: MetadataSet | None = None,
    errors: Sequence[RegistryError] = (),
    *,
    refs: Iterable[str] = (),
    elements: Iterable[_Element | bytes] = (),
    home: str = "",
) -> _Element:
    """Write the body of an answer.

    Args:
        metadata: objects to write from the model.
        errors: with results beside them the answer is a PartialSuccess.
        refs: ids to answer as `rim:ObjectRef`.
        elements: objects that stand as they were received, parsed or as XML of one element.
        home: homeCommunityId of the references, `urn:oid:…`.
    """
    payload = etree.Element(_RESPONSE, nsmap=_MAP)
    write_errors(payload, errors)
    listed = write_object_list(metadata or MetadataSet(), payload)
    for element in elements:
        listed.append(etree.fromstring(element, _PARSER) if isinstance(element, bytes) else element)
    for name in refs:
        reference = etree.SubElement(listed, _REFERENCE, {"id": name})
        if home:
            reference.set("home", home)
    payload.set("status", outcome(errors, results=len(listed) > 0))
    return payload


def read_response(verified: "Verified") -> QueryResult:
    """Read an answer; a failure is no exception here: see `responses.raise_for_status`.

    Raises:
        MessageShapeWrong: the payload is no such answer.
        MetadataError: an object in it has no identity.
    """
    payload = verified.payload
    if payload.tag != _RESPONSE:
        raise MessageShapeWrong([RegistryError(Xds.REGISTRY_ERROR, "query:AdhocQueryResponse expected")])
    status, errors = read_status(payload)
    listed = payload.find(OBJECT_LIST)
    if listed is None:
        return QueryResult(status, errors, MetadataSet(), ())
    refs = tuple(element.get("id", "") for element in listed.iterchildren(_REFERENCE))
    return QueryResult(status, errors, read_objects(listed, Rules.ANSWER), refs)
