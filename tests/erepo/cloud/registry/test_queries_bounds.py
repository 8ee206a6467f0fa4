"""What a stored query is refused for, and that large ones are answered or refused, never broken."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from erepo.cloud.registry import queries
from erepo.cloud.registry.kinds import Kind
from erepo.cloud.registry.queries import reading, replaying
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import registry_object
from erepo.cloud.tenancy.tenants import Tenant
from erepo.xds import iti18
from erepo.xds.errors import QueryError
from erepo.xds.model import Association, DocumentEntry, Folder, new_entry_uuid
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, STABLE, AssociationType, Xds
from tests.support import postgres
from tests.support.registry_rows import HOME, Registered, Rows
from tests.support.registry_worlds import DE, FD, PATIENTS, World

ENTRY = replace(World(3).document(), patient_id=PATIENTS[0], status=APPROVED, object_type=STABLE)


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
    database.close()
    yield Rows(database)
    database.close()


def entries(count: int, **changed: Any) -> list[Registered]:
    """Return different documents of one patient."""
    return [
        Registered(replace(ENTRY, entry_uuid=new_entry_uuid(), unique_id=f"1.5.{number}", **changed))
        for number in range(count)
    ]


def ask(rows: Rows, owner: Tenant, query: iti18.StoredQuery) -> queries.Found:
    """Ask inside a transaction of the owner's."""
    with rows.database.read(owner.id) as connection:
        return queries.answer(connection, owner, query)


def refusal(rows: Rows, owner: Tenant, query: iti18.StoredQuery) -> str:
    """Return the code of the error that is answered."""
    with pytest.raises(QueryError) as caught:
        ask(rows, owner, query)
    return str(caught.value.errors[0].code)


def find(**more: Any) -> iti18.StoredQuery:
    """FindDocuments of the patient."""
    return iti18.find_documents(PATIENTS[0], **more)


@pytest.mark.parametrize(
    "more",
    [
        {"ClassCode": ["a"]},
        {"ClassCode": ["a^b^s"]},
        {"ConfidentialityCode": ["^^s"]},
        {"EventCodeList": ["a^^"]},
        {"CreationTimeFrom": ["last year"]},
        {"ServiceStopTimeTo": ["202"]},
        {"AuthorPerson": ["%"] * 101},
        {"AuthorPerson": ["%" * 1001]},
    ],
)
def test_values_of_no_known_form_are_refused(rows: Rows, more: dict[str, list[str]]) -> None:
    """A code, time or pattern that cannot be meant is an error: who reads "nothing" would believe it."""
    assert refusal(rows, rows.new_tenant(), find(**more)) == Xds.REGISTRY_ERROR


def test_only_unknown_statuses_are_a_missing_parameter(rows: Rows) -> None:
    """Statuses that we do not know are ignored, and when none is left the parameter is missing."""
    owner = rows.new_tenant()
    assert ask(rows, owner, find(statuses=["urn:x", DEPRECATED])).elements == ()
    assert refusal(rows, owner, find(statuses=["urn:x"])) == Xds.QUERY_MISSING_PARAM


def test_another_community_is_refused(rows: Rows) -> None:
    """Our own homeCommunityId or none is fine, as an attribute or as a parameter; another one is not ours."""
    owner = rows.new_tenant()
    rows.add(owner, entries(1))
    query = iti18.get_documents(unique_ids=["1.5.0"])
    for home in ("", HOME):
        assert len(ask(rows, owner, replace(query, home=home)).elements) == 1
    assert refusal(rows, owner, replace(query, home="urn:oid:9.9")) == Xds.UNKNOWN_COMMUNITY
    asked = replace(query, parameters=dict(query.parameters) | {"$homeCommunityId": (("urn:oid:9.9",),)})
    assert refusal(rows, owner, asked) == Xds.UNKNOWN_COMMUNITY


def test_more_than_an_answer_may_hold_is_refused(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many objects, or too much metadata, is XDSTooManyResults; references may still be asked for."""
    owner = rows.new_tenant()
    rows.add(owner, entries(12))
    monkeypatch.setattr(queries, "MOST_OBJECTS", 11)
    monkeypatch.setattr(replaying, "MOST_OBJECTS", 11)
    assert refusal(rows, owner, find()) == Xds.TOO_MANY_RESULTS
    assert len(ask(rows, owner, find(return_type=iti18.OBJECT_REF)).refs) == 12
    monkeypatch.undo()
    assert len(ask(rows, owner, find()).elements) == 12
    monkeypatch.setattr(reading, "MOST_OCTETS", 20_000)
    assert refusal(rows, owner, find()) == Xds.TOO_MANY_RESULTS


def test_the_longest_lists_are_answered(rows: Rows) -> None:
    """As many values as a query may bring, in any parameter, are no error of the database."""
    owner = rows.new_tenant()
    rows.add(owner, entries(3))
    many = [f"{number}^^s" for number in range(20_000)]
    for name in ("ClassCode", "ConfidentialityCode", "Type"):
        assert ask(rows, owner, find(**{name: many})).elements == ()
    twice = {f"{DE}EventCodeList": tuple(tuple(many[at : at + 200]) for at in range(0, 20_000, 200))}
    query = find()
    assert ask(rows, owner, replace(query, parameters=dict(query.parameters) | twice)).elements == ()
    patterns = [f"%{number}%" for number in range(100)]
    ask(rows, owner, find(AuthorPerson=patterns))


def test_narrow_portions_give_the_same_answer(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked in several portions comes back whole, once, and within the bound."""
    owner = rows.new_tenant()
    documents = entries(7)
    folder = replace(World(1)._folder(), entry_uuid=new_entry_uuid(), patient_id=PATIENTS[0], status=APPROVED)
    links = [
        Registered(
            Association(
                entry_uuid=new_entry_uuid(),
                type=AssociationType.HAS_MEMBER,
                source=folder.entry_uuid,
                target=each.id,
                status=APPROVED,
            )
        )
        for each in documents
    ]
    rows.add(owner, [*documents, Registered(folder), *links])
    query = iti18.StoredQuery(QueryId.GET_FOLDER_AND_CONTENTS, {f"{FD}UniqueId": ((folder.unique_id,),)})
    query = replace(query, parameters=dict(query.parameters) | {f"{DE}Type": ((STABLE,),)})
    whole = {str(element.get("id")) for element in ask(rows, owner, query).elements}
    assert len(whole) == 15
    monkeypatch.setattr(reading, "PORTION", 2)
    again = [str(element.get("id")) for element in ask(rows, owner, query).elements]
    assert sorted(again) == sorted(whole)


def test_objects_come_back_as_they_were_received(rows: Rows) -> None:
    """Extra slots keep their place; status and a folder's last update are those of today."""
    owner = rows.new_tenant()
    (document,) = entries(1, extra_slots={"urn:x:one": ("1", "2")}, status=DEPRECATED)
    folder = Folder(
        entry_uuid=new_entry_uuid(),
        unique_id="3.1",
        patient_id=PATIENTS[0],
        codes=(),
        title="folder",
        last_update_time="20260102",
        extra_slots={"urn:x:two": ("3",)},
        status=APPROVED,
    )
    rows.add(owner, [document, Registered(folder)])
    with rows.database.write(owner.id) as connection:
        mine = registry_object.c.tenant_id == owner.id, registry_object.c.kind == int(Kind.FOLDER)
        connection.execute(update(registry_object).where(*mine).values(created="20260103"))
    (found,) = ask(rows, owner, iti18.get_documents(unique_ids=["1.5.0"])).elements
    assert found.get("status") == DEPRECATED
    assert found.xpath("*[@name='urn:x:one']//text()") == ["1", "2"]
    query = iti18.StoredQuery(QueryId.GET_FOLDERS, {f"{FD}UniqueId": (("3.1",),)})
    (found,) = ask(rows, owner, query).elements
    assert found.xpath("*[@name='lastUpdateTime']//text()") == ["20260103"]
    assert found.xpath("*[@name='urn:x:two']//text()") == ["3"]


def test_a_shared_unique_id_names_all_its_entries(rows: Rows) -> None:
    """GetDocuments by uniqueId returns every entry of the document, of any status."""
    owner = rows.new_tenant()
    shared = [Registered(replace(ENTRY, entry_uuid=new_entry_uuid(), unique_id="1.7")) for _ in range(2)]
    old = Registered(replace(ENTRY, entry_uuid=new_entry_uuid(), unique_id="1.7", status=DEPRECATED))
    rows.add(owner, [*shared, old])
    assert len(ask(rows, owner, iti18.get_documents(unique_ids=["1.7"])).elements) == 3
    assert isinstance(old.model, DocumentEntry)
