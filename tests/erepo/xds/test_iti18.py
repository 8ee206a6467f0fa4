"""ITI-18: stored queries and their answers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.xds import iti18
from erepo.xds.ebrim import MetadataError, write_objects
from erepo.xds.errors import MessageShapeWrong, QueryError, RegistryError
from erepo.xds.iti18 import StoredQuery
from erepo.xds.model import MetadataSet
from erepo.xds.queries import PARAMETERS, PATIENT, QUERIES, STATUS, Form, QueryId
from erepo.xds.query_values import ValueMalformed, quote, read_value, write_value
from erepo.xds.vocabulary import APPROVED, DEPRECATED, QUERY, RIM, ResponseStatus, Xds
from tests.support import xds as examples
from tests.support.xds import CX_VALUE, NEEDED_TIME, TEXT, assert_valid, document, over_the_wire

# The ids as the profile prints them (TF-2 3.18.4.1.2.4), kept apart from the table of the code.
IDS = {
    "FindDocuments": "14d4debf-8f97-4251-9a74-a90016b0af0d",
    "FindSubmissionSets": "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    "FindFolders": "958f3006-baad-4929-a4de-ff1114824431",
    "GetAll": "10b545ea-725c-446d-9b95-8aeb444eddf3",
    "GetDocuments": "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
    "GetFolders": "5737b14c-8a1a-4539-b659-e03a34a5e1e4",
    "GetAssociations": "a7ae438b-4bc2-4642-93e9-be891f7bb155",
    "GetDocumentsAndAssociations": "bab9529a-4a10-40b3-a01f-f68a615d247a",
    "GetSubmissionSets": "51224314-5390-4169-9b91-b1980040715a",
    "GetSubmissionSetAndContents": "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    "GetFolderAndContents": "b909a503-523d-4517-8acf-8e5834dfc4c7",
    "GetFoldersForDocument": "10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
    "GetRelatedDocuments": "d90e5407-b356-4d91-a89f-873917b4b0e6",
    "FindDocumentsByReferenceId": "12941a89-e02e-4be5-967c-ce4bfc8fe492",
}


def test_all_stored_queries_are_in_the_table() -> None:
    """Thirteen queries and FindDocumentsByReferenceId, each with what it demands."""
    assert {f"urn:uuid:{one}" for one in IDS.values()} == set(QueryId) == set(QUERIES)
    for definition in QUERIES.values():
        assert definition.parameters | definition.single <= PARAMETERS.keys()


# --- values


@given(TEXT)
def test_a_quoted_text_comes_back(text: str) -> None:
    """Quotes, commas and parentheses inside a text are not mistaken for syntax."""
    for many in (True, False):
        assert read_value(write_value(text, number=False, many=many)) == ((text,), many)


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_a_list_comes_back(texts: list[str]) -> None:
    """Members of one Value are alternatives."""
    assert read_value("( " + " , ".join(map(quote, texts)) + " )") == (tuple(texts), True)


def test_numbers_are_bare() -> None:
    """Times carry no quotes; some peers quote them, which is read too."""
    assert write_value("2026", number=True, many=False) == "2026"
    assert read_value("2026") == read_value("'2026'") == (("2026",), False)


@pytest.mark.parametrize(
    "text", ["", "abc", "'a", "a'", "('a'", "'a','b'", "('a',)", "()", "('a' 'b')", "-1", "'a'b"]
)
def test_a_malformed_value_is_refused(text: str) -> None:
    """Anything but texts in quotes, numbers and lists of them."""
    with pytest.raises(ValueMalformed):
        read_value(text)


# --- queries


WORD = TEXT.filter(bool).map(lambda text: text.replace("^", "_"))
FORMS = {
    Form.NUMBER: NEEDED_TIME,
    Form.CODE: st.tuples(WORD, WORD).map("^^".join),
    Form.PATIENT: CX_VALUE.map(str),
}


def parameters(name: str) -> st.SearchStrategy[tuple[tuple[str, ...], ...]]:
    """Return values that a parameter may take."""
    form = PARAMETERS[name]
    text = next((values for kind, values in FORMS.items() if kind in form), TEXT)
    group = st.lists(text, min_size=1, max_size=3 if Form.MANY in form else 1).map(tuple)
    return st.lists(group, min_size=1, max_size=3 if Form.AND in form else 1).map(tuple)


FIND = st.fixed_dictionaries(
    {PATIENT: parameters(PATIENT), STATUS: parameters(STATUS)},
    optional={name: parameters(name) for name in QUERIES[QueryId.FIND_DOCUMENTS].optional},
)


@settings(deadline=None, max_examples=50)
@given(FIND, st.sampled_from([iti18.LEAF_CLASS, iti18.OBJECT_REF]), st.sampled_from(["", "urn:oid:1.2"]))
def test_a_query_comes_back_equal(found: iti18.Parameters, return_type: str, home: str) -> None:
    """Parameters, alternatives, repetitions, return type and community survive the wire."""
    query = StoredQuery(QueryId.FIND_DOCUMENTS, found, return_type, home)
    assert iti18.read_query(over_the_wire(iti18.write_query(query))) == query


def test_the_three_questions_of_the_clinic_are_written_as_the_profile_says(schema: etree.XMLSchema) -> None:
    """Single values in quotes, lists in parentheses, one alternative in each Value."""
    patient = examples.PATIENT
    queries = [
        iti18.find_documents(patient, (APPROVED, DEPRECATED), FormatCode=("urn:extPL:pl-cda^^Kody",)),
        iti18.get_documents(unique_ids=["1.2.3^A", "1.2.4"]),
        iti18.get_submission_set_and_contents(unique_id="2.25.17"),
    ]
    written = [iti18.write_query(query) for query in queries]
    for payload in written:
        assert_valid(schema, payload)
    texts = [[value.text for value in payload.iter(f"{{{RIM}}}Value")] for payload in written]
    assert texts == [
        [f"'{patient}'", f"('{APPROVED}')", f"('{DEPRECATED}')", "('urn:extPL:pl-cda^^Kody')"],
        ["('1.2.3^A')", "('1.2.4')"],
        ["'2.25.17'"],
    ]


def test_values_of_a_query_are_at_hand() -> None:
    """An absent parameter is empty."""
    query = iti18.get_documents(entry_uuids=["urn:uuid:1"])
    assert query.values("$XDSDocumentEntryEntryUUID") == ("urn:uuid:1",)
    assert query.value("$XDSDocumentEntryUniqueId") == ""


def test_a_query_hides_its_values_in_repr() -> None:
    """Patient ids do not reach logs by way of `repr`."""
    assert "80051212340" not in repr(iti18.find_documents(examples.PATIENT))


DE, SS, FD = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
ONE = (("a",),)
TWO = (("a", "b"),)
REPEATED = (("a",), ("b",))


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("FindDocuments", {f"{DE}PatientId": ONE}, Xds.QUERY_MISSING_PARAM),
        ("FindDocuments", {f"{DE}PatientId": (("",),), f"{DE}Status": ()}, Xds.QUERY_MISSING_PARAM),
        ("FindDocuments", {f"{DE}PatientId": TWO, f"{DE}Status": ONE}, Xds.QUERY_PARAM_NUMBER),
        ("FindDocuments", {f"{DE}PatientId": ONE, f"{DE}Status": REPEATED}, Xds.QUERY_PARAM_NUMBER),
        (
            "FindDocuments",
            {f"{DE}PatientId": ONE, f"{DE}Status": ONE, f"{DE}CreationTimeFrom": (("1", "2"),)},
            Xds.QUERY_PARAM_NUMBER,
        ),
        ("FindSubmissionSets", {f"{SS}Status": ONE}, Xds.QUERY_MISSING_PARAM),
        ("FindFolders", {f"{FD}PatientId": ONE}, Xds.QUERY_MISSING_PARAM),
        ("GetAll", {"$patientId": ONE}, Xds.QUERY_MISSING_PARAM),
        ("GetDocuments", {}, Xds.QUERY_MISSING_PARAM),
        ("GetDocuments", {f"{DE}EntryUUID": ONE, f"{DE}UniqueId": ONE}, Xds.QUERY_PARAM_NUMBER),
        ("GetFolders", {}, Xds.QUERY_MISSING_PARAM),
        ("GetAssociations", {}, Xds.QUERY_MISSING_PARAM),
        ("GetDocumentsAndAssociations", {}, Xds.QUERY_MISSING_PARAM),
        ("GetSubmissionSets", {}, Xds.QUERY_MISSING_PARAM),
        ("GetSubmissionSetAndContents", {f"{SS}UniqueId": TWO}, Xds.QUERY_PARAM_NUMBER),
        (
            "GetSubmissionSetAndContents",
            {f"{SS}EntryUUID": ONE, f"{SS}UniqueId": ONE},
            Xds.QUERY_PARAM_NUMBER,
        ),
        ("GetFolderAndContents", {f"{FD}UniqueId": TWO}, Xds.QUERY_PARAM_NUMBER),
        ("GetFoldersForDocument", {f"{DE}UniqueId": TWO}, Xds.QUERY_PARAM_NUMBER),
        ("GetRelatedDocuments", {f"{DE}UniqueId": ONE}, Xds.QUERY_MISSING_PARAM),
        ("GetRelatedDocuments", {"$AssociationTypes": ONE, f"{DE}UniqueId": TWO}, Xds.QUERY_PARAM_NUMBER),
        ("FindDocumentsByReferenceId", {f"{DE}PatientId": ONE, f"{DE}Status": ONE}, Xds.QUERY_MISSING_PARAM),
    ],
)
def test_a_query_that_breaks_its_rules_is_refused(name: str, given: iti18.Parameters, code: Xds) -> None:
    """Missing parameters, too many values and exclusive parameters have their codes."""
    query = StoredQuery(f"urn:uuid:{IDS[name]}", given)
    with pytest.raises(QueryError) as caught:
        iti18.read_query(over_the_wire(iti18.write_query(query)))
    assert {error.code for error in caught.value.errors} == {code}


def test_alternatives_and_repetitions_are_allowed_where_the_profile_says() -> None:
    """A code list may be repeated; parameters that no query knows are passed over."""
    patient, codes = ((str(examples.PATIENT),),), (("N^^1.2", "R^^1.2"), ("V^^1.2",))
    given = {PATIENT: patient, STATUS: TWO, f"{DE}ConfidentialityCode": codes, "$unknown": REPEATED}
    iti18.check_query(StoredQuery(QueryId.FIND_DOCUMENTS, given))


def test_an_unknown_query_is_refused() -> None:
    """The code is XDSUnknownStoredQuery."""
    with pytest.raises(QueryError) as caught:
        iti18.check_query(StoredQuery("urn:uuid:0", {}))
    assert caught.value.errors[0].code == Xds.UNKNOWN_QUERY


@pytest.mark.parametrize(
    "more", [{"ClassCode": ("a^^1",) * 30_000}, {"ConfidentialityCode": ("a^^1",)}], ids=["values", "slots"]
)
def test_a_query_without_measure_is_refused(more: dict[str, tuple[str, ...]]) -> None:
    """More values or repetitions than a statement holds are refused before the database sees them."""
    asked = iti18.find_documents(examples.PATIENT)
    repeated = {f"{DE}{name}": (values,) * (1 if len(values) > 1 else 200) for name, values in more.items()}
    payload = iti18.write_query(StoredQuery(asked.id, {**asked.parameters, **repeated}))
    with pytest.raises(QueryError) as caught:
        iti18.read_query(over_the_wire(payload))
    assert caught.value.errors[0].code == Xds.REGISTRY_ERROR


def test_values_of_unknown_parameters_are_not_read() -> None:
    """A parameter that no query knows is ignored, whatever its value looks like."""
    asked = iti18.find_documents(examples.PATIENT)
    payload = iti18.write_query(StoredQuery(asked.id, {**asked.parameters, "$vendor": (("x",),)}))
    *_, last = payload.iter(f"{{{RIM}}}Value")
    last.text = "not quoted"
    assert iti18.read_query(over_the_wire(payload)).parameters == asked.parameters


def test_a_value_without_quotes_is_refused_without_repeating_it() -> None:
    """The parameter is named, its value is not."""
    payload = iti18.write_query(iti18.find_documents(examples.PATIENT))
    next(payload.iter(f"{{{RIM}}}Value")).text = "80051212340^^^&1.2&ISO"
    with pytest.raises(QueryError) as caught:
        iti18.read_query(over_the_wire(payload))
    assert caught.value.errors == (
        RegistryError(
            Xds.REGISTRY_ERROR, f"{PATIENT}: neither a text in quotes nor a number nor a list of them"
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<x/>",
        f'<AdhocQueryRequest xmlns="{QUERY}"/>',
        (
            f'<AdhocQueryRequest xmlns="{QUERY}"><ResponseOption returnType="RegistryObject"/>'
            f'<AdhocQuery xmlns="{RIM}" id="x"/></AdhocQueryRequest>'
        ),
    ],
)
def test_another_request_is_refused(text: str) -> None:
    """Only AdhocQueryRequest with one of the two return types is a stored query."""
    with pytest.raises(MessageShapeWrong):
        iti18.read_query(over_the_wire(etree.fromstring(text)))


# --- answers


@settings(deadline=None, max_examples=20)
@given(examples.METADATA)
def test_found_metadata_comes_back_equal(metadata: MetadataSet) -> None:
    """Objects of every kind survive an answer."""
    result = iti18.read_response(over_the_wire(iti18.write_response(metadata)))
    assert (result.status, result.errors, result.metadata) == (ResponseStatus.SUCCESS, (), metadata)


def test_kept_xml_is_answered_as_it_is(schema: etree.XMLSchema) -> None:
    """A registry may hand over objects parsed or as octets."""
    entries = [document("urn:uuid:1"), document("urn:uuid:2")]
    first, second = write_objects(MetadataSet(documents=tuple(entries)))
    payload = iti18.write_response(elements=[etree.tostring(first), second])
    assert_valid(schema, payload)
    assert list(iti18.read_response(over_the_wire(payload)).metadata.documents) == entries


def test_references_are_answered_and_read(schema: etree.XMLSchema) -> None:
    """ObjectRef results carry ids and the community."""
    payload = iti18.write_response(refs=["urn:uuid:1", "urn:uuid:2"], home="urn:oid:1.2")
    assert_valid(schema, payload)
    assert payload.find(f".//{{{RIM}}}ObjectRef").get("home") == "urn:oid:1.2"  # type: ignore[union-attr]
    assert iti18.read_response(over_the_wire(payload)).object_refs == ("urn:uuid:1", "urn:uuid:2")


@pytest.mark.parametrize(
    ("refs", "status"), [((), ResponseStatus.FAILURE), (("urn:uuid:1",), ResponseStatus.PARTIAL)]
)
def test_errors_make_a_failure_or_a_partial_success(
    schema: etree.XMLSchema, refs: tuple[str, ...], status: ResponseStatus
) -> None:
    """An answer with errors and results is partial; the empty list is there all the same."""
    error = RegistryError(Xds.REGISTRY_ERROR, "why")
    payload = iti18.write_response(errors=[error], refs=refs)
    assert_valid(schema, payload)
    result = iti18.read_response(over_the_wire(payload))
    assert (result.status, result.errors, result.object_refs) == (status, (error,), refs)


def test_an_empty_result_is_a_success_with_an_empty_list(schema: etree.XMLSchema) -> None:
    """An unknown patient is no error (TF-3 4.2.4)."""
    payload = iti18.write_response()
    assert_valid(schema, payload)
    result = iti18.read_response(over_the_wire(payload))
    assert (result.status, result.metadata) == (ResponseStatus.SUCCESS, MetadataSet())


def test_an_answer_without_list_is_read() -> None:
    """Some registries leave it out of a failure."""
    payload = iti18.write_response(errors=[RegistryError(Xds.REGISTRY_ERROR, "why")])
    payload.remove(payload[-1])
    assert iti18.read_response(over_the_wire(payload)).status == ResponseStatus.FAILURE


def test_another_answer_is_refused() -> None:
    """A strange element is no answer, and an object without identity no metadata."""
    with pytest.raises(MessageShapeWrong):
        iti18.read_response(over_the_wire(etree.fromstring("<x/>")))
    payload = iti18.write_response(MetadataSet(documents=(document(),)))
    for element in list(payload.iter(f"{{{RIM}}}ExternalIdentifier")):
        element.getparent().remove(element)  # type: ignore[union-attr]
    with pytest.raises(MetadataError):
        iti18.read_response(over_the_wire(payload))
