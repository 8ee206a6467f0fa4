"""The Find… queries: parameters and their coding (§1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.expect import quoted
from tests.interop.kit.metadata import NORMAL, RESTRICTED, Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Answer, Peer

Scene = dict[str, Any]
E1, E2, E3 = ("E1", "1.2.3"), ("E2", "1.2.3"), ("E1", "9.9.9")
SMITH, SMYTHE, O_NEIL = "1^Smith^Jan^^^dr", "2^Smythe^Ewa^^^", "3^O'Neil_Żak^Zoë^^^"
ACCESSION = "123^^^&1.2.3.100&ISO^urn:ihe:iti:xds:2013:accession"
ORDER = "456^^^&1.2.3.200&ISO^urn:ihe:iti:xds:2013:order"


def ce(*codes: tuple[str, str]) -> list[str]:
    """Codes as code^^scheme."""
    return quoted(*(f"{code}^^{scheme}" for code, scheme in codes))


@pytest.fixture(scope="module", name="scene")
def make_scene(peer: Peer) -> Scene:
    """One patient with four entries, three sets and two folders."""
    patient = metadata.patient()
    one = Entry(
        patient, events=[E1, E2], authors=[SMITH], slots=times("20250101120000", "20250201", "20250203")
    )
    two = Entry(patient, events=[E1], authors=[SMYTHE], confidentiality=[NORMAL, RESTRICTED])
    two.slots = times("202501", "2025020112", "202502011230") | {names.REFERENCE_IDS: [ACCESSION, ORDER]}
    two.codes = {"typeCode": ("11506-3", "2.16.840.1.113883.6.1"), "classCode": ("Other", "1.2.3")}
    three = Entry(patient, events=[E3], authors=[SMITH, O_NEIL], confidentiality=[RESTRICTED])
    three.slots = times("20250102", None, None) | {names.REFERENCE_IDS: [ACCESSION]}
    four = Entry(patient, slots=times("2026", None, None))
    folders = [Folder(patient, codes=[E1, E2]), Folder(patient, codes=[E1])]
    first = Submission(patient, [one, two], [folders[0]], time="20250101", authors=[SMITH])
    second = Submission(patient, [three], [folders[1]], time="20250102101010", source="1.2.3.4.5.6")
    second.content_type, second.authors = ("Other", "9.9"), [SMYTHE, O_NEIL]
    expect.success(peer.provide(first))
    expect.success(peer.provide(second))
    old = expect.by_uid(expect.entries(peer, patient), three.uid)
    third = Submission(patient, [four], time="2026", links=[Link(names.RPLC, four.id, old)])
    expect.success(peer.provide(third))
    return {
        "patient": patient,
        "entries": {one.uid: "one", two.uid: "two", three.uid: "three", four.uid: "four"},
        "sets": {first.uid: "first", second.uid: "second", third.uid: "third"},
        "folders": {folders[0].uid: "both", folders[1].uid: "single"},
    }


def times(creation: str, start: str | None, stop: str | None) -> dict[str, list[str]]:
    """Times of an entry."""
    given = {"creationTime": creation, "serviceStartTime": start, "serviceStopTime": stop}
    return {name: [value] for name, value in given.items() if value}


def who(scene: Scene, kind: str, answer: Answer) -> set[str]:
    """Nicknames of what was found."""
    expect.success(answer)
    values = answer.find("//rim:ExternalIdentifier/@value")
    return {nick for uid, nick in scene[kind].items() if uid in values}


def find(
    peer: Peer, scene: Scene, *extra: tuple[str, list[str]], status: list[str] | None = None
) -> set[str]:
    """FindDocuments with further parameters, of all statuses unless told otherwise."""
    base = [
        ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
        ("$XDSDocumentEntryStatus", status or expect.BOTH),
    ]
    more = [("$XDSDocumentEntry" + name, values) for name, values in extra]
    answer = peer.ask("FindDocuments", *base, *more)
    assert answer.status == names.SUCCESS, answer.errors
    assert len(answer.ids("rim:ExtrinsicObject")) == len(answer.ids())
    return who(scene, "entries", answer)


ALL = {"one", "two", "three", "four"}
LOINC = "2.16.840.1.113883.6.1"
FILTERS: dict[str, tuple[list[tuple[str, list[str]]], set[str]]] = {
    "nothing more": ([], ALL),
    "type": ([("TypeCode", ce(("11506-3", LOINC)))], {"two"}),
    "type, other scheme": ([("TypeCode", ce(("11506-3", "9.9")))], set()),
    "class": ([("ClassCode", ce(("Other", "1.2.3")))], {"two"}),
    "classes or": ([("ClassCode", ce(("Other", "1.2.3"), metadata.ENTRY_CODES["classCode"]))], ALL),
    "practice setting": ([("PracticeSettingCode", ce(metadata.ENTRY_CODES["practiceSettingCode"]))], ALL),
    "facility": ([("HealthcareFacilityTypeCode", ce(("No", "1.2")))], set()),
    "format": ([("FormatCode", ce(metadata.ENTRY_CODES["formatCode"]))], ALL),
    "events or": ([("EventCodeList", ce(E1, E2))], {"one", "two"}),
    "events or, two values": ([("EventCodeList", [*ce(E2), *ce(E3)])], {"one", "three"}),
    "events and": ([("EventCodeList", ce(E1)), ("EventCodeList", ce(E2))], {"one"}),
    "events and or": ([("EventCodeList", ce(E1, E3)), ("EventCodeList", ce(E2, E3))], {"one", "three"}),
    "confidentiality": ([("ConfidentialityCode", ce(RESTRICTED))], {"two", "three"}),
    "confidentiality and": (
        [("ConfidentialityCode", ce(NORMAL)), ("ConfidentialityCode", ce(RESTRICTED))],
        {"two"},
    ),
    "author exact": ([("AuthorPerson", quoted(SMITH))], {"one", "three"}),
    "author like": ([("AuthorPerson", quoted("%Sm_th%"))], {"one", "two", "three"}),
    "author or": ([("AuthorPerson", quoted("%Smith%", "%Smythe%"))], {"one", "two", "three"}),
    "author with apostrophe": ([("AuthorPerson", quoted("%O'Neil%"))], {"three"}),
    "author in letters of Poland": ([("AuthorPerson", quoted("%Żak^Zoë%"))], {"three"}),
    "author without wildcard": ([("AuthorPerson", quoted("Smith"))], set()),
    "author one underscore too few": ([("AuthorPerson", quoted("_^Sm_the^%"))], {"two"}),
    "author, backslash is no escape": ([("AuthorPerson", quoted("%Neil\\_%"))], set()),
    "created from": ([("CreationTimeFrom", ["20250102"])], {"three", "four"}),
    "created to is excluded": ([("CreationTimeTo", ["20250102"])], {"one", "two"}),
    "created from is included": (
        [("CreationTimeFrom", ["20250101120000"]), ("CreationTimeTo", ["2026"])],
        {"one", "three"},
    ),
    "created, empty range": ([("CreationTimeFrom", ["2026"]), ("CreationTimeTo", ["2026"])], set()),
    "created from, coarse": ([("CreationTimeFrom", ["2025"])], ALL),
    "created from, one second later": (
        [("CreationTimeFrom", ["20250101120001"]), ("CreationTimeTo", ["2026"])],
        {"three"},
    ),
    "started": (
        [("ServiceStartTimeFrom", ["20250201"]), ("ServiceStartTimeTo", ["2025020112"])],
        {"one", "three", "four"},
    ),
    "stopped": (
        [("ServiceStopTimeFrom", ["202502011230"]), ("ServiceStopTimeTo", ["20250203"])],
        {"two", "three", "four"},
    ),
    "stable only": ([("Type", quoted(names.STABLE))], ALL),
    "on demand": ([("Type", quoted(names.ON_DEMAND))], set()),
    "both types": ([("Type", quoted(names.STABLE, names.ON_DEMAND))], ALL),
}


@pytest.mark.parametrize("case", FILTERS)
def test_find_documents(peer: Peer, scene: Scene, case: str) -> None:
    """Each parameter of FindDocuments filters as the table says."""
    extra, wanted = FILTERS[case]
    assert find(peer, scene, *extra) == wanted


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (quoted(names.APPROVED), {"one", "two", "four"}),
        (quoted(names.DEPRECATED), {"three"}),
        ([*quoted(names.APPROVED), *quoted(names.DEPRECATED)], ALL),
        (
            quoted(names.APPROVED, "urn:oasis:names:tc:ebxml-regrep:StatusType:Unheard"),
            {"one", "two", "four"},
        ),
    ],
)
def test_status(peer: Peer, scene: Scene, status: list[str], wanted: set[str]) -> None:
    """Status lists are ORed; unknown values among them are ignored."""
    assert find(peer, scene, status=status) == wanted


def test_only_unknown_status(peer: Peer, scene: Scene) -> None:
    """If no known status is left the parameter counts as missing."""
    for status in (quoted("urn:x"), quoted(names.REGREP + "ResponseStatusType:Approved")):
        answer = peer.ask(
            "FindDocuments",
            ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
            ("$XDSDocumentEntryStatus", status),
        )
        expect.failure(answer, "XDSStoredQueryMissingParam")


def test_object_refs(peer: Peer, scene: Scene) -> None:
    """ReturnType ObjectRef gives the same ids as references only."""
    parameters = [
        ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
        ("$XDSDocumentEntryStatus", expect.BOTH),
    ]
    refs = expect.success(peer.ask("FindDocuments", *parameters, leaf=False))
    leaves = expect.success(peer.ask("FindDocuments", *parameters))
    assert len(refs.ids()) == 4
    assert set(refs.ids("rim:ObjectRef")) == set(leaves.ids("rim:ExtrinsicObject"))


def test_unknown_patient_is_empty(peer: Peer) -> None:
    """An unknown patient: Success, an empty RegistryObjectList, no XDSUnknownPatientId."""
    answer = expect.entries(peer, metadata.patient())
    assert answer.errors == []
    assert len(answer.find("//query:AdhocQueryResponse/rim:RegistryObjectList")) == 1


SET_FILTERS: dict[str, tuple[list[tuple[str, list[str]]], set[str]]] = {
    "nothing more": ([], {"first", "second", "third"}),
    "source": ([("SourceId", quoted("1.2.3.4.5.6"))], {"second"}),
    "sources": ([("SourceId", quoted("1.2.3.4.5.6", metadata.SOURCE))], {"first", "second", "third"}),
    "time from": ([("SubmissionTimeFrom", ["20250102"])], {"second", "third"}),
    "time to": ([("SubmissionTimeTo", ["20250102101010"])], {"first"}),
    "author": ([("AuthorPerson", ["'%Sm_th%'"])], {"first", "second"}),
    "author exact": ([("AuthorPerson", [f"'{SMYTHE}'"])], {"second"}),
    "content type": ([("ContentType", ce(("Other", "9.9")))], {"second"}),
    "content types": (
        [("ContentType", ce(("Other", "9.9"), ("Consult", "1.2.3.content")))],
        {"first", "second", "third"},
    ),
}


@pytest.mark.parametrize("case", SET_FILTERS)
def test_find_submission_sets(peer: Peer, scene: Scene, case: str) -> None:
    """FindSubmissionSets and its parameters."""
    extra, wanted = SET_FILTERS[case]
    base = [("PatientId", [f"'{scene['patient']}'"]), ("Status", quoted(names.APPROVED))]
    answer = peer.ask(
        "FindSubmissionSets", *(("$XDSSubmissionSet" + name, values) for name, values in base + extra)
    )
    assert who(scene, "sets", answer) == wanted
    assert len(answer.ids("rim:RegistryPackage")) == len(answer.ids()) == len(wanted)


FOLDER_FILTERS: dict[str, tuple[list[tuple[str, list[str]]], set[str]]] = {
    "nothing more": ([], {"both", "single"}),
    "code": ([("CodeList", ce(E2))], {"both"}),
    "codes or": ([("CodeList", ce(E1, E2))], {"both", "single"}),
    "codes and": ([("CodeList", ce(E1)), ("CodeList", ce(E2))], {"both"}),
    "updated from": ([("LastUpdateTimeFrom", ["2025"])], {"both", "single"}),
    "updated to": ([("LastUpdateTimeTo", ["2025"])], set()),
}


@pytest.mark.parametrize("case", FOLDER_FILTERS)
def test_find_folders(peer: Peer, scene: Scene, case: str) -> None:
    """FindFolders and its parameters."""
    extra, wanted = FOLDER_FILTERS[case]
    base = [("PatientId", [f"'{scene['patient']}'"]), ("Status", quoted(names.APPROVED))]
    answer = peer.ask("FindFolders", *(("$XDSFolder" + name, values) for name, values in base + extra))
    assert who(scene, "folders", answer) == wanted


REFERENCES: dict[str, tuple[list[list[str]], set[str]]] = {
    "one": ([quoted(ACCESSION)], {"two", "three"}),
    "or": ([quoted(ACCESSION, ORDER)], {"two", "three"}),
    "and": ([quoted(ACCESSION), quoted(ORDER)], {"two"}),
    "like": ([quoted("456^^^%")], {"two"}),
    "like both": ([quoted("%urn:ihe:iti:xds:2013:accession")], {"two", "three"}),
    "unknown": ([quoted("789")], set()),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_find_by_reference_id(peer: Peer, scene: Scene, case: str) -> None:
    """FindDocumentsByReferenceId: or, and, like."""
    lists, wanted = REFERENCES[case]
    answer = peer.ask(
        "FindDocumentsByReferenceId",
        ("$XDSDocumentEntryPatientId", [f"'{scene['patient']}'"]),
        ("$XDSDocumentEntryStatus", expect.BOTH),
        *(("$XDSDocumentEntryReferenceIdList", each) for each in lists),
    )
    assert who(scene, "entries", answer) == wanted


def test_reference_ids_come_back(peer: Peer, scene: Scene) -> None:
    """The referenceIdList slot is returned with all its values in order."""
    answer = expect.entries(peer, scene["patient"])
    values = answer.find(
        f"//rim:Slot[@name='{names.REFERENCE_IDS}'][count(.//rim:Value)=2]//rim:Value/text()"
    )
    assert values == [ACCESSION, ORDER]


REQUIRED = {
    "FindDocuments": ["$XDSDocumentEntryPatientId", "$XDSDocumentEntryStatus"],
    "FindSubmissionSets": ["$XDSSubmissionSetPatientId", "$XDSSubmissionSetStatus"],
    "FindFolders": ["$XDSFolderPatientId", "$XDSFolderStatus"],
    "GetAll": ["$patientId", "$XDSDocumentEntryStatus", "$XDSSubmissionSetStatus", "$XDSFolderStatus"],
    "GetDocuments": ["$XDSDocumentEntryEntryUUID"],
    "GetFolders": ["$XDSFolderEntryUUID"],
    "GetAssociations": ["$uuid"],
    "GetDocumentsAndAssociations": ["$XDSDocumentEntryEntryUUID"],
    "GetSubmissionSets": ["$uuid"],
    "GetSubmissionSetAndContents": ["$XDSSubmissionSetEntryUUID"],
    "GetFolderAndContents": ["$XDSFolderEntryUUID"],
    "GetFoldersForDocument": ["$XDSDocumentEntryEntryUUID"],
    "GetRelatedDocuments": ["$XDSDocumentEntryEntryUUID", "$AssociationTypes"],
    "FindDocumentsByReferenceId": [
        "$XDSDocumentEntryPatientId",
        "$XDSDocumentEntryStatus",
        "$XDSDocumentEntryReferenceIdList",
    ],
}


def value_of(name: str) -> list[str]:
    """A fitting value of a required parameter."""
    if name.endswith("atientId"):
        return [f"'{metadata.patient()}'"]
    if name.endswith("Status"):
        return quoted(names.APPROVED)
    return (
        quoted(names.RPLC)
        if name == "$AssociationTypes"
        else [f"'{metadata.urn()}'"]
        if "UUID" in name
        else quoted(metadata.urn())
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_parameters(peer: Peer, name: str) -> None:
    """Each required parameter left out: XDSStoredQueryMissingParam; with all of them: an empty Success."""
    full = [(parameter, value_of(parameter)) for parameter in REQUIRED[name]]
    whole = peer.ask(name, *full)
    assert whole.status in {names.SUCCESS, names.FAILURE}
    assert whole.objects() == []
    for left_out in REQUIRED[name]:
        rest = [(parameter, values) for parameter, values in full if parameter != left_out]
        expect.failure(peer.ask(name, *rest), "XDSStoredQueryMissingParam")
