"""ITI-41: every rule of the repository and the registry, each with its code (§1.3, §1.4)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.kit import expect, metadata, names
from tests.interop.kit.metadata import Entry, Folder, Link, Submission

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer

REGISTRY = "XDSRegistryMetadataError"
REPOSITORY = "XDSRepositoryMetadataError"
EITHER = (REGISTRY, REPOSITORY)


def one(**changes: Any) -> Submission:
    """A set with one entry."""
    patient = metadata.patient()
    return Submission(patient, [Entry(patient, **changes)])


def test_attributes_that_are_filled_in(peer: Peer) -> None:
    """The repository adds repositoryUniqueId, hash and size; the registry uuids and status."""
    given = one(content=b"abc")
    expect.success(peer.provide(given))
    found = expect.entries(peer, given.patient)
    (entry,) = found.objects("rim:ExtrinsicObject")
    values = {s.get("name"): s.xpath("*/*/text()") for s in entry.findall("rim:Slot", names.NS)}
    assert values["hash"] == [hashlib.sha1(b"abc").hexdigest()]
    assert values["size"] == ["3"]
    assert values["repositoryUniqueId"] == [peer.repository]
    assert entry.get("id").startswith("urn:uuid:")
    assert entry.get("status") == names.APPROVED
    assert entry.get("mimeType") == "text/xml"
    assert entry.get("objectType") == names.STABLE


def test_wrong_repository_id_is_replaced(peer: Peer) -> None:
    """A repositoryUniqueId written by the source is replaced by the repository's own."""
    given = one(slots={"repositoryUniqueId": ["1.2.3.4.5"]})
    expect.success(peer.provide(given))
    found = expect.entries(peer, given.patient)
    assert found.find("//rim:Slot[@name='repositoryUniqueId']//rim:Value/text()") == [peer.repository]


def test_right_hash_and_size_are_kept(peer: Peer) -> None:
    """Hash (also in capitals) and size that are right are accepted."""
    digest = hashlib.sha1(b"abc").hexdigest()
    expect.success(peer.provide(one(content=b"abc", slots={"hash": [digest], "size": ["3"]})))
    expect.success(peer.provide(one(content=b"abc", slots={"hash": [digest.upper()]})))


def test_zero_length_document(peer: Peer) -> None:
    """A document of no octets is stored with size 0 and the hash of nothing, and comes back."""
    given = one(content=b"")
    expect.success(peer.provide(given))
    found = expect.entries(peer, given.patient)
    empty = ["da39a3ee5e6b4b0d3255bfef95601890afd80709"]
    assert found.find("//rim:Slot[@name='hash']//rim:Value/text()") == empty
    assert found.find("//rim:Slot[@name='size']//rim:Value/text()") == ["0"]
    assert expect.success(peer.fetch(given.entries[0].uid)).documents() == {given.entries[0].uid: b""}


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "hash differs": ({"slots": {"hash": ["0" * 40]}}, (REPOSITORY, "XDSNonIdenticalHash")),
    "size differs": ({"slots": {"size": ["9"]}}, (REPOSITORY, "XDSNonIdenticalSize")),
    "size is no number": ({"slots": {"size": ["many"]}}, EITHER),
    "start after stop": (
        {"slots": {"serviceStartTime": ["20250202"], "serviceStopTime": ["20250201"]}},
        EITHER,
    ),
    "no creationTime": ({"drop": ("creationTime",)}, EITHER),
    "creationTime not a time": ({"slots": {"creationTime": ["yesterday"]}}, EITHER),
    "creationTime in month 13": ({"slots": {"creationTime": ["20251301"]}}, EITHER),
    "two creation times": ({"slots": {"creationTime": ["20250101", "20250102"]}}, EITHER),
    "no languageCode": ({"drop": ("languageCode",)}, EITHER),
    "no sourcePatientId": ({"drop": ("sourcePatientId",)}, EITHER),
    "no classCode": ({"drop": ("classCode",)}, EITHER),
    "no typeCode": ({"drop": ("typeCode",)}, EITHER),
    "no formatCode": ({"drop": ("formatCode",)}, EITHER),
    "no practiceSettingCode": ({"drop": ("practiceSettingCode",)}, EITHER),
    "no healthcareFacilityTypeCode": ({"drop": ("healthcareFacilityTypeCode",)}, EITHER),
    "no confidentialityCode": ({"drop": ("confidentialityCode",)}, EITHER),
    "no patientId": ({"drop": ("patientId",)}, EITHER),
    "no uniqueId": ({"drop": ("uniqueId",)}, EITHER),
    "objectType unknown": ({"object_type": metadata.urn()}, EITHER),
    "hash is no hash": ({"slots": {"hash": ["xyz"]}}, (REPOSITORY,)),
    "code without coding scheme": ({"codes": {"typeCode": ("a", "")}}, EITHER),
    "code without code": ({"codes": {"typeCode": ("", "1.2.3")}}, EITHER),
    "uniqueId empty": ({"uid": ""}, EITHER),
    "uniqueId too long": ({"uid": "1." + "2" * 200}, EITHER),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_entry_rules(peer: Peer, rule: str) -> None:
    """An entry that breaks a rule fails the whole submission, and nothing of it is left."""
    changes, codes = REFUSED[rule]
    given = one(**changes)
    other = Entry(given.patient)
    given.entries.append(other)
    answer = expect.failure(peer.provide(given), *codes)
    assert answer.multipart
    expect.nothing(peer, given.patient, other.uid)


@pytest.mark.parametrize(
    "attribute", ["contentTypeCode", "patientId", "sourceId", "submissionTime", "uniqueId"]
)
def test_set_needs(peer: Peer, attribute: str) -> None:
    """A SubmissionSet without a required attribute is refused."""
    given = replace(one(), drop=(attribute,))
    expect.failure(peer.provide(given), *EITHER)
    expect.nothing(peer, given.patient, given.entries[0].uid)


@pytest.mark.parametrize("attribute", ["codeList", "patientId", "title", "uniqueId"])
def test_folder_needs(peer: Peer, attribute: str) -> None:
    """A Folder without a required attribute is refused."""
    given = one()
    given.folders.append(Folder(given.patient, drop=(attribute,)))
    expect.failure(peer.provide(given), *EITHER)
    expect.nothing(peer, given.patient, given.entries[0].uid)


def test_mime_type_is_required(peer: Peer) -> None:
    """An entry without mimeType is refused (or taken as the schema's default, which ebRIM allows)."""
    given = one(drop=("mimeType",))
    answer = peer.provide(given)
    if answer.status != names.SUCCESS:
        expect.failure(answer, *EITHER)


def test_exactly_one_set(peer: Peer) -> None:
    """No SubmissionSet or two of them are refused."""
    given = one()
    second = Submission(given.patient)
    expect.failure(peer.provide(replace(given, extra=second.package())), *EITHER)
    expect.nothing(peer, given.patient, given.entries[0].uid)
    lone = one()
    bare = peer.send(
        41,
        "<xds:ProvideAndRegisterDocumentSetRequest><lcm:SubmitObjectsRequest><rim:RegistryObjectList>"
        f"{lone.entries[0].xml()}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
        f'<xds:Document id="{lone.entries[0].id}">QUJD</xds:Document>'
        "</xds:ProvideAndRegisterDocumentSetRequest>",
    )
    expect.failure(bare, *EITHER)


def test_missing_document(peer: Peer) -> None:
    """An entry without its octets: XDSMissingDocument, nothing stored."""
    given = one(content=None)
    given.entries.append(Entry(given.patient))
    expect.failure(peer.provide(given), "XDSMissingDocument")
    expect.nothing(peer, given.patient, given.entries[1].uid)


def test_missing_metadata(peer: Peer) -> None:
    """Octets without an entry: XDSMissingDocumentMetadata (a repository may accept)."""
    given = one()
    answer = peer.provide(given, more=[("Document999", b"stray")])
    if answer.status != names.SUCCESS:
        expect.failure(answer, "XDSMissingDocumentMetadata")
        expect.nothing(peer, given.patient, given.entries[0].uid)


def test_set_without_documents(peer: Peer) -> None:
    """A SubmissionSet with only a folder is a good submission."""
    patient = metadata.patient()
    given = Submission(patient, [], [Folder(patient)])
    expect.success(peer.provide(given))
    assert len(expect.everything(peer, patient).objects("rim:RegistryPackage")) == 2


@pytest.mark.parametrize("where", ["entry", "folder"])
def test_other_patient(peer: Peer, where: str) -> None:
    """Objects of another patient than the set's: XDSPatientIdDoesNotMatch with the pid in codeContext."""
    given = one()
    other = metadata.patient()
    if where == "entry":
        given.entries.append(Entry(other))
    else:
        given.folders.append(Folder(other))
    answer = expect.failure(peer.provide(given), "XDSPatientIdDoesNotMatch")
    contexts = [error[2] for error in answer.errors]
    assert any(other.split("^", maxsplit=1)[0] in each or given.patient in each for each in contexts), (
        contexts
    )
    expect.nothing(peer, given.patient, given.entries[0].uid)
    expect.nothing(peer, other)


def test_unknown_patient(registered: Peer, service: Any) -> None:
    """XDSUnknownPatientId with the pid, until the operator registers the patient."""
    given = one()
    expect.failure(registered.provide(given), "XDSUnknownPatientId", context=given.patient.split("^")[0])
    expect.nothing(registered, given.patient, given.entries[0].uid)
    assert expect.entries(registered, given.patient).codes == set()
    service.run("cloud", "patients", "add", registered.account["account"], given.patient)
    expect.success(registered.provide(one_of(given.patient)))


def one_of(patient: str) -> Submission:
    """A set with one entry of this patient."""
    return Submission(patient, [Entry(patient)])


def test_unique_id_with_other_content(peer: Peer) -> None:
    """A known uniqueId with other octets: XDSNonIdenticalHash or …Size with the uniqueId."""
    given = one(content=b"first")
    expect.success(peer.provide(given))
    uid = given.entries[0].uid
    hashed = Submission(given.patient, [Entry(given.patient, b"other", uid=uid)])
    expect.failure(peer.provide(hashed), "XDSNonIdenticalHash", context=uid)
    sized = Submission(given.patient, [Entry(given.patient, b"longer one", uid=uid)])
    expect.failure(peer.provide(sized), "XDSNonIdenticalSize", "XDSNonIdenticalHash", context=uid)
    assert peer.fetch(uid).documents() == {uid: b"first"}


def test_unique_id_with_same_content(peer: Peer) -> None:
    """A known uniqueId with the same octets is accepted: two entries, one document."""
    given = one(content=b"same")
    expect.success(peer.provide(given))
    uid = given.entries[0].uid
    expect.success(peer.provide(Submission(given.patient, [Entry(given.patient, b"same", uid=uid)])))
    found = expect.success(peer.ask("GetDocuments", ("$XDSDocumentEntryUniqueId", expect.quoted(uid))))
    assert len(found.ids("rim:ExtrinsicObject")) == 2
    assert len(peer.fetch(uid).find("//xds:DocumentResponse")) == 1


@pytest.mark.parametrize("first", ["set", "folder", "entry"])
@pytest.mark.parametrize("second", ["set", "folder"])
def test_unique_id_taken(peer: Peer, first: str, second: str) -> None:
    """A uniqueId of a set or folder that any object has already: XDSDuplicateUniqueIdInRegistry."""
    given = one()
    given.folders.append(Folder(given.patient))
    expect.success(peer.provide(given))
    uid = {"set": given.uid, "folder": given.folders[0].uid, "entry": given.entries[0].uid}[first]
    patient = metadata.patient()
    again = Submission(patient, [Entry(patient)], [Folder(patient)])
    if second == "set":
        again.uid = uid
    else:
        again.folders[0].uid = uid
    expect.failure(peer.provide(again), "XDSDuplicateUniqueIdInRegistry", context=uid)
    expect.nothing(peer, patient, again.entries[0].uid)


@pytest.mark.parametrize("pair", ["entries", "entry and set", "folder and set"])
def test_unique_id_twice_in_message(peer: Peer, pair: str) -> None:
    """One uniqueId for two objects of a message: …DuplicateUniqueIdInMessage."""
    given = one()
    if pair == "entries":
        given.entries.append(Entry(given.patient, b"x", uid=given.entries[0].uid))
    elif pair == "entry and set":
        given.uid = given.entries[0].uid
    else:
        given.folders.append(Folder(given.patient, uid=given.uid))
    codes = ("XDSRepositoryDuplicateUniqueIdInMessage", "XDSRegistryDuplicateUniqueIdInMessage")
    expect.failure(peer.provide(given), *codes)
    expect.nothing(peer, given.patient, given.entries[0].uid)


def test_uuid_taken(peer: Peer) -> None:
    """An entryUUID given by the client is kept; the same one again is refused."""
    own = metadata.urn()
    given = one(id=own)
    expect.success(peer.provide(given))
    assert expect.entries(peer, given.patient).ids() == [own]
    patient = metadata.patient()
    again = Submission(patient, [Entry(patient, id=own)])
    expect.failure(peer.provide(again), *EITHER)
    expect.nothing(peer, patient, again.entries[0].uid)


def test_id_twice_in_message(peer: Peer) -> None:
    """Two objects with one id in a message are refused."""
    given = one()
    given.entries.append(Entry(given.patient, id=given.entries[0].id))
    expect.failure(peer.provide(given), *EITHER)
    expect.nothing(peer, given.patient)


def test_unresolved_reference(peer: Peer) -> None:
    """An association to an object that is nowhere: UnresolvedReferenceException."""
    for kind in (names.RPLC, names.APND, names.XFRM, names.SIGNS):
        given = one()
        given.links.append(Link(kind, given.entries[0].id, metadata.urn()))
        expect.failure(peer.provide(given), "UnresolvedReferenceException")
        expect.nothing(peer, given.patient, given.entries[0].uid)


def test_extra_slots(peer: Peer) -> None:
    """Unknown slots are saved and returned, or there is XDSExtraMetadataNotSaved with Success."""
    extra = {"urn:example:extra": ["one", "two & three"]}
    given = one(slots=extra)
    given.slots = {"urn:example:set": ["s"]}
    given.folders.append(Folder(given.patient, slots={"urn:example:folder": ["f"]}))
    answer = expect.success(peer.provide(given))
    found = expect.everything(peer, given.patient)
    if "XDSExtraMetadataNotSaved" not in answer.codes:
        values = found.find("//rim:Slot[starts-with(@name, 'urn:example:')]//rim:Value/text()")
        assert sorted(values) == ["f", "one", "s", "two & three"]


def test_metadata_comes_back_exactly(peer: Peer) -> None:
    """MIME type with parameters, Polish letters and all attributes come back as given."""
    who = "0123^Żółć^Łukasz^Ąę'\"<&>^^dr^^^&1.2.3&ISO"
    info = ["PID-3|80051212357^^^&2.16.840.1.113883.3.4424.1.1.616&ISO", "PID-5|Gęś^Jaźń^^^", "PID-8|F"]
    slots = {"sourcePatientInfo": info, "legalAuthenticator": [who], "URI": ["DOC00001.XML"]}
    slots |= {"serviceStartTime": ["2025"], "serviceStopTime": ["20250102030405"]}
    given = one(
        mime='text/xml; charset="UTF-8"', slots=slots, authors=[who, who], title="Źdźbło 'a' \"b\" 🩺"
    )
    given.entries[0].events = [("E1", "1.2.3"), ("E2", "1.2.3")]
    expect.success(peer.provide(given))
    found = expect.entries(peer, given.patient)
    (entry,) = found.objects("rim:ExtrinsicObject")
    assert entry.get("mimeType") == 'text/xml; charset="UTF-8"'
    for name, values in slots.items():
        assert entry.xpath(f"rim:Slot[@name='{name}']//rim:Value/text()", namespaces=names.NS) == values
    assert found.find("//rim:ExtrinsicObject/rim:Name/*/@value") == [given.entries[0].title]
    assert found.find("//rim:Slot[@name='authorPerson']//rim:Value/text()") == [who, who]
    event = names.ENTRY_SCHEMES["eventCodeList"]
    codes = found.find(f"//rim:Classification[@classificationScheme='{event}']/@nodeRepresentation")
    assert sorted(codes) == ["E1", "E2"]


def test_transaction_and_door_must_fit(peer: Peer) -> None:
    """Another transaction's body or the wrong door is a fault or an error, never a success."""
    given = one()
    body = metadata.retrieve(peer.repository, "1.2.3")
    for answer in (
        peer.send(41, body),
        peer.send(43, given.request()),
        peer.send(18, given.request()),
        peer.send(18, metadata.query("GetAll", []), url=peer.url(41)),
    ):
        assert answer.status.startswith("fault") or answer.status == names.FAILURE, answer.status
    expect.nothing(peer, given.patient)
