"""Random registries and random stored queries: the answer is that of a list gone through by hand."""

import uuid
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erepo.cloud.registry.queries import answer
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy.tenants import Tenant
from erepo.identifiers.hl7 import CX, XCN, ReferenceId
from erepo.xds import iti18
from erepo.xds.errors import QueryError
from erepo.xds.model import Association, Author, Code, DocumentEntry, Folder, SubmissionSet
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ON_DEMAND, STABLE, AssociationType
from tests.support import postgres
from tests.support.reference_registry import ReferenceRegistry, Refused
from tests.support.registry_rows import Registered, Rows, text

DE, SS, FD = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder"
PATIENTS = [CX(number, "1.2.3") for number in ("1", "2")]
CODES = [Code("a", "s"), Code("A", "s"), Code("a", "t"), Code("b c", "s")]
# Names that differ in what LIKE, GLOB and regular expressions hold for special, and in case.
FAMILIES = ["Nowak", "nowak", "N_wak", "N%k", "N*k", "N?wak", "N[ao]wak", "N\\wak", "Żółć", "żółć", "N^k"]
PATTERNS = [
    "%",
    "%Nowak%",
    "%N_wak%",
    "%N%k%",
    "%N*k%",
    "%N?wak%",
    "%N[ao]wak%",
    "%\\%",
    "%Ż_łć%",
    "%ż%",
    "%\\E\\%",
]
PATTERNS += ["Nowak", "%^Nowak^Jan", "_^Nowak^%", "%%%J_n%", "", "_", "%nowak%", "%S%"]
REFERENCES = [ReferenceId(name, "urn:ihe:iti:xds:2013:order") for name in ("o1", "O1", "o_1")]
TIMES = ["2025", "202601", "20260101", "2026010100", "20260101000000", "20260115", "202602", "20260201083000"]
ASSOCIATIONS = [str(AssociationType[name]) for name in ("HAS_MEMBER", "REPLACE", "APPEND", "TRANSFORM")]
IDS = [uuid.UUID(int=number).urn for number in range(1, 40)]

some_codes = st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple)
one_code = st.sampled_from(CODES)
some_authors = st.lists(st.sampled_from(FAMILIES), max_size=2).map(
    lambda names: tuple(Author(person=XCN("7", name, "Jan")) for name in names)
)
some_times = st.sampled_from(TIMES)
statuses = st.sampled_from([APPROVED, APPROVED, DEPRECATED])


def documents(identifier: str) -> st.SearchStrategy[DocumentEntry]:
    """Return one document entry of any kind."""
    return st.builds(
        DocumentEntry,
        entry_uuid=st.just(identifier),
        unique_id=st.sampled_from(["1.1", "1.2", "1.3"]),
        patient_id=st.sampled_from([PATIENTS[0], *PATIENTS]),
        **dict.fromkeys(
            ("class_code", "type_code", "format_code", "facility_type", "practice_setting"), one_code
        ),
        confidentiality=some_codes,
        event_codes=some_codes,
        creation_time=some_times,
        service_start=st.sampled_from(["", *TIMES]),
        service_stop=st.sampled_from(["", *TIMES]),
        authors=some_authors,
        reference_ids=st.lists(st.sampled_from(REFERENCES), max_size=2, unique=True).map(tuple),
        object_type=st.sampled_from([STABLE, STABLE, ON_DEMAND]),
        status=statuses,
    )


def submission_sets(identifier: str) -> st.SearchStrategy[SubmissionSet]:
    """Return one submission set."""
    return st.builds(
        SubmissionSet,
        entry_uuid=st.just(identifier),
        unique_id=st.just(f"2.{uuid.UUID(identifier).int}"),
        source_id=st.sampled_from(["1.9.1", "1.9.2"]),
        patient_id=st.sampled_from(PATIENTS),
        content_type=one_code,
        submission_time=some_times,
        authors=some_authors,
        status=statuses,
    )


def folders(identifier: str) -> st.SearchStrategy[Folder]:
    """Return one folder."""
    return st.builds(
        Folder,
        entry_uuid=st.just(identifier),
        unique_id=st.just(f"3.{uuid.UUID(identifier).int}"),
        patient_id=st.sampled_from(PATIENTS),
        codes=some_codes,
        title=st.just("folder"),
        last_update_time=some_times,
        status=statuses,
    )


@st.composite
def registries(draw: st.DrawFn) -> list[Registered]:
    """Return the objects of a registry; associations lead from anywhere to anywhere."""
    ids = iter(IDS)
    objects: list[Any] = []
    for make, most in ((documents, 6), (submission_sets, 3), (folders, 3)):
        objects += [draw(make(next(ids))) for _ in range(draw(st.integers(0, most)))]
    for _ in range(draw(st.integers(0, 12)) if objects else 0):
        named = [each.entry_uuid for each in objects]
        ends = draw(st.sampled_from(named)), draw(st.sampled_from(named))
        kind = draw(st.sampled_from([ASSOCIATIONS[0], *ASSOCIATIONS]))
        objects.append(
            Association(entry_uuid=next(ids), type=kind, source=ends[0], target=ends[1], status=APPROVED)
        )
    return [Registered(each, draw(st.integers(0, 1))) for each in objects]


codes = st.lists(st.sampled_from([*map(text, CODES), "z^^s"]), min_size=1, max_size=3)
patterns = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2)
unknown = "urn:oasis:names:tc:ebxml-regrep:StatusType:Unheard"
status_lists = st.lists(st.sampled_from([APPROVED, APPROVED, DEPRECATED, unknown]), min_size=1, max_size=3)
types = st.lists(st.sampled_from([STABLE, ON_DEMAND]), min_size=1, max_size=2)
patients = st.sampled_from([*map(str, PATIENTS), "3^^^&1.2.3&ISO"]).map(lambda one: [one])
uuids = st.lists(st.sampled_from([*IDS[:24], "urn:uuid:nonsense"]), min_size=1, max_size=6)
moments = some_times.map(lambda one: [one])


def once(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One slot."""
    return values.map(lambda group: (tuple(group),))


def anded(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One slot, or several of the same name."""
    return st.lists(values.map(tuple), min_size=1, max_size=2).map(tuple)


def times(*names: str) -> dict[str, Any]:
    """Both ends of each time."""
    return {f"{name}{end}": once(moments) for name in names for end in ("From", "To")}


NARROW = {
    f"{DE}FormatCode": once(codes),
    f"{DE}ConfidentialityCode": anded(codes),
    f"{DE}Type": once(types),
}
MORE = {
    **NARROW,
    **dict.fromkeys(
        [f"{DE}{name}Code" for name in ("Class", "Type", "PracticeSetting", "HealthcareFacilityType")],
        once(codes),
    ),
    f"{DE}EventCodeList": anded(codes),
    f"{DE}AuthorPerson": once(patterns),
    **times(f"{DE}CreationTime", f"{DE}ServiceStartTime", f"{DE}ServiceStopTime"),
}
REQUIRED = {f"{DE}PatientId": once(patients), f"{DE}Status": once(status_lists)}
reference_ids = st.lists(st.sampled_from([*map(str, REFERENCES), "o%", "o_1^%"]), min_size=1, max_size=2)


def ids(prefix: str, unique_ids: Sequence[str], most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    """One of the two kinds of id."""
    return st.one_of(
        st.fixed_dictionaries(
            {f"{prefix}EntryUUID": once(st.lists(st.sampled_from(IDS[:14]), min_size=1, max_size=most))}
        ),
        st.fixed_dictionaries(
            {f"{prefix}UniqueId": once(st.lists(st.sampled_from(unique_ids), min_size=1, max_size=most))}
        ),
    )


DOCUMENT_IDS, SET_IDS, FOLDER_IDS = (
    ["1.1", "1.2", "1.3", "1.4"],
    [f"2.{number}" for number in range(1, 12)],
    [f"3.{number}" for number in range(1, 14)],
)


def both(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """The parameters of all parts."""
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


PARAMETERS: dict[QueryId, st.SearchStrategy[dict[str, Any]]] = {
    QueryId.FIND_DOCUMENTS: st.fixed_dictionaries(REQUIRED, optional=MORE),
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: st.fixed_dictionaries(
        REQUIRED | {f"{DE}ReferenceIdList": anded(reference_ids)}, optional=MORE
    ),
    QueryId.FIND_SUBMISSION_SETS: st.fixed_dictionaries(
        {f"{SS}PatientId": once(patients), f"{SS}Status": once(status_lists)},
        optional={
            f"{SS}SourceId": once(st.lists(st.sampled_from(["1.9.1", "1.9.3"]), min_size=1)),
            f"{SS}AuthorPerson": once(st.sampled_from(PATTERNS).map(lambda one: [one])),
            f"{SS}ContentType": once(codes),
            **times(f"{SS}SubmissionTime"),
        },
    ),
    QueryId.FIND_FOLDERS: st.fixed_dictionaries(
        {f"{FD}PatientId": once(patients), f"{FD}Status": once(status_lists)},
        optional={f"{FD}CodeList": anded(codes), **times(f"{FD}LastUpdateTime")},
    ),
    QueryId.GET_ALL: st.fixed_dictionaries(
        {
            "$patientId": once(patients),
            **{f"{prefix}Status": once(status_lists) for prefix in (DE, SS, FD)},
        },
        optional=NARROW,
    ),
    QueryId.GET_DOCUMENTS: ids(DE, DOCUMENT_IDS),
    QueryId.GET_FOLDERS: ids(FD, FOLDER_IDS),
    QueryId.GET_ASSOCIATIONS: st.fixed_dictionaries({"$uuid": once(uuids)}),
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: ids(DE, DOCUMENT_IDS),
    QueryId.GET_SUBMISSION_SETS: st.fixed_dictionaries({"$uuid": once(uuids)}),
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: both(
        ids(SS, SET_IDS, most=1), st.fixed_dictionaries({}, optional=NARROW)
    ),
    QueryId.GET_FOLDER_AND_CONTENTS: both(
        ids(FD, FOLDER_IDS, most=1), st.fixed_dictionaries({}, optional=NARROW)
    ),
    QueryId.GET_FOLDERS_FOR_DOCUMENT: ids(DE, DOCUMENT_IDS, most=1),
    QueryId.GET_RELATED_DOCUMENTS: both(
        ids(DE, DOCUMENT_IDS, most=1),
        st.fixed_dictionaries(
            {"$AssociationTypes": once(st.lists(st.sampled_from(ASSOCIATIONS), min_size=1, max_size=4))},
            optional={f"{DE}Type": once(types)},
        ),
    ),
}
queries = st.sampled_from(list(PARAMETERS)).flatmap(
    lambda query: st.builds(
        iti18.StoredQuery,
        st.just(query),
        PARAMETERS[query],
        st.sampled_from([iti18.LEAF_CLASS, iti18.OBJECT_REF]),
    )
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield from _rows(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'cloud.db'}")
        return
    with postgres.database() as url:
        yield from _rows(url)


def _rows(url: str) -> Iterator[Rows]:
    database = Database(url)
    database.create()
    database.close()  # SQLite reads the planner's figures when a connection is opened
    yield Rows(database)
    database.close()


def ask(rows: Rows, owner: Tenant, query: iti18.StoredQuery) -> dict[str, tuple[str, str]] | str:
    """Return what is answered: id with status and time of last update; or the code of the error."""
    read: Any = SimpleNamespace(payload=iti18.write_query(query))
    try:
        with rows.database.read() as connection:
            found = answer(connection, owner, iti18.read_query(read))
    except QueryError as error:
        return str(error.errors[0].code)
    answered = dict.fromkeys(found.refs, ("", ""))
    for element in found.elements:
        updated = element.xpath("string(*[@name='lastUpdateTime']//text())")
        answered[element.get("id", "")] = (element.get("status", ""), str(updated))
    assert len(answered) == len(found.refs) + len(found.elements), "an object twice"
    return answered


def expect(objects: list[Registered], query: iti18.StoredQuery) -> dict[str, tuple[str, str]] | str:
    """Return what the reference answers."""
    try:
        found = ReferenceRegistry(objects).ask(query)
    except Refused as refused:
        return str(refused)
    if query.return_type == iti18.OBJECT_REF:
        return dict.fromkeys(found, ("", ""))
    return {
        each.id: (each.status, getattr(each.model, "last_update_time", ""))
        for each in objects
        if each.id in found
    }


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(objects=registries(), asked=st.lists(queries, min_size=1, max_size=12))
def test_every_query_answers_as_the_reference_does(
    rows: Rows, objects: list[Registered], asked: list[iti18.StoredQuery]
) -> None:
    """Whatever is registered and asked, exactly the objects of the profile's definition come back.

    Every example has an account of its own with the same ids as all others: none may show.
    """
    owner = rows.new_tenant()
    rows.add(owner, objects)
    for query in asked:
        assert ask(rows, owner, query) == expect(objects, query), query.parameters
