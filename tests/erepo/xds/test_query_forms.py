"""ITI-18: the forms of parameters, and parameters that a query does not know (TF-2 3.18.4.1.2.3)."""

import pytest

from erepo.xds import iti18
from erepo.xds.errors import QueryError
from erepo.xds.iti18 import StoredQuery
from erepo.xds.queries import PATIENT, QUERIES, STATUS, QueryId
from erepo.xds.vocabulary import APPROVED, RIM, STABLE, Xds
from tests.support.xds import PATIENT as SOMEBODY
from tests.support.xds import over_the_wire

DE, SS, FD = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
ASKED = {PATIENT: ((str(SOMEBODY),),), STATUS: ((APPROVED,),)}
CONTENTS = {f"{DE}FormatCode", f"{DE}ConfidentialityCode", f"{DE}Type"}
FIND = {
    PATIENT,
    STATUS,
    *CONTENTS,
    *(f"{DE}{name}" for name in ("ClassCode", "TypeCode", "PracticeSettingCode", "EventCodeList")),
    *(f"{DE}{name}" for name in ("HealthcareFacilityTypeCode", "AuthorPerson")),
    *(
        f"{DE}{name}{end}"
        for name in ("CreationTime", "ServiceStartTime", "ServiceStopTime")
        for end in ("From", "To")
    ),
}
DOCUMENT = {f"{DE}EntryUUID", f"{DE}UniqueId"}
FOLDER = {f"{FD}EntryUUID", f"{FD}UniqueId"}
# The tables of TF-2 3.18.4.1.2.3.7, written down a second time.
TABLES = {
    QueryId.FIND_DOCUMENTS: FIND,
    QueryId.FIND_SUBMISSION_SETS: {
        f"{SS}{name}"
        for name in (
            "PatientId", "Status", "SourceId", "SubmissionTimeFrom", "SubmissionTimeTo", "AuthorPerson",
            "ContentType",
        )
    },
    QueryId.FIND_FOLDERS: {
        f"{FD}{name}"
        for name in ("PatientId", "Status", "LastUpdateTimeFrom", "LastUpdateTimeTo", "CodeList")
    },
    QueryId.GET_ALL: {"$patientId", f"{DE}Status", f"{SS}Status", f"{FD}Status", *CONTENTS},
    QueryId.GET_DOCUMENTS: DOCUMENT,
    QueryId.GET_FOLDERS: FOLDER,
    QueryId.GET_ASSOCIATIONS: {"$uuid"},
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: DOCUMENT,
    QueryId.GET_SUBMISSION_SETS: {"$uuid"},
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: {f"{SS}EntryUUID", f"{SS}UniqueId", *CONTENTS},
    QueryId.GET_FOLDER_AND_CONTENTS: FOLDER | CONTENTS,
    QueryId.GET_FOLDERS_FOR_DOCUMENT: DOCUMENT,
    QueryId.GET_RELATED_DOCUMENTS: DOCUMENT | {"$AssociationTypes", f"{DE}Type"},
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: FIND | {f"{DE}ReferenceIdList"},
}  # fmt: skip


@pytest.mark.parametrize("query", QueryId)
def test_a_query_knows_the_parameters_of_its_table(query: QueryId) -> None:
    """No parameter too many, none too few, beside the community of the attribute `home`."""
    assert QUERIES[query].parameters == TABLES[query] | {"$homeCommunityId"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (f"{DE}{name}", value)
            for name in ("ClassCode", "FormatCode", "EventCodeList", "ConfidentialityCode")
            for value in ("code", "code^^", "^^scheme", "code^display^scheme", "code^scheme", "a^^b^c", "")
        ),
        *((f"{DE}CreationTimeFrom", value) for value in ("202", "20261301", "2026010112000", "2026-01-01")),
        *((PATIENT, value) for value in ("1", "1^^^PESEL", "^^^&1.2&ISO", "1^^^&1.2&ISO^PI", "")),
    ],
)
def test_a_value_of_a_wrong_form_is_refused_by_name(name: str, value: str) -> None:
    """Codes are `code^^scheme`, times DTM, patients CX; the error names the parameter and not the value."""
    query = StoredQuery(QueryId.FIND_DOCUMENTS, {**ASKED, name: ((value,),)})
    with pytest.raises(QueryError) as caught:
        iti18.check_query(query)
    ((code, context),) = [(error.code, error.context) for error in caught.value.errors]
    assert (code, context.split()[0]) == (Xds.REGISTRY_ERROR, name)
    assert not value or value not in context.split()


def test_what_another_query_knows_is_passed_over() -> None:
    """Neither its number nor its form nor its value matters; nor do $MetadataLevel and a vendor's own."""
    strange = {
        "$uuid": (("a", "b"), ("c",)),
        f"{SS}PatientId": (("not a patient",),),
        f"{FD}CodeList": (("no code",),),
        "$MetadataLevel": (("1",),),
    }
    payload = iti18.write_query(StoredQuery(QueryId.FIND_DOCUMENTS, {**ASKED, **strange}))
    *_, last = payload.iter(f"{{{RIM}}}Value")
    last.text = "1"
    assert iti18.read_query(over_the_wire(payload)).parameters == ASKED


def test_a_document_type_may_be_asked_for() -> None:
    """Stable, on-demand or both; what it means is the registry's business."""
    asked = {**ASKED, f"{DE}Type": ((STABLE, "urn:uuid:0"),)}
    query = StoredQuery(QueryId.FIND_DOCUMENTS, asked)
    assert iti18.read_query(over_the_wire(iti18.write_query(query))).parameters == asked


def test_the_id_of_a_query_is_read_in_either_case() -> None:
    """UUIDs are compared without regard to case."""
    payload = iti18.write_query(StoredQuery(QueryId.FIND_DOCUMENTS, ASKED))
    adhoc = payload.find(f"{{{RIM}}}AdhocQuery")
    assert adhoc is not None
    adhoc.set("id", QueryId.FIND_DOCUMENTS.upper().replace("URN:UUID", "urn:uuid"))
    assert iti18.read_query(over_the_wire(payload)).id == QueryId.FIND_DOCUMENTS


def test_alternatives_may_be_split_over_values() -> None:
    """`('a','b')` and `('c')` in two Value elements are one list of three (TF-2 3.18.4.1.2.3.5)."""
    asked = {**ASKED, f"{DE}TypeCode": (("a^^1", "b^^1", "c^^1"),)}
    payload = iti18.write_query(StoredQuery(QueryId.FIND_DOCUMENTS, asked))
    *_, first, second, third = payload.iter(f"{{{RIM}}}Value")
    first.text, second.text = "('a^^1', 'b^^1')", "('c^^1')"
    third.getparent().remove(third)  # type: ignore[union-attr]
    assert iti18.read_query(over_the_wire(payload)).parameters == asked
