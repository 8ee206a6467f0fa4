"""Registries and stored queries from a seed, over few values, so that most questions find something."""

import uuid
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from erepo.identifiers.hl7 import CX, XCN, ReferenceId
from erepo.xds import iti18
from erepo.xds.model import Association, Author, Code, DocumentEntry, Folder, SubmissionSet
from erepo.xds.queries import QueryId
from erepo.xds.vocabulary import APPROVED, DEPRECATED, ON_DEMAND, STABLE, AssociationType
from tests.support.registry_rows import Registered

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


class World:
    """Makes a registry from a seed: full enough for most questions to find something and not everything."""

    def __init__(self, seed: int) -> None:
        self._random, self._ids = Random(seed), iter(IDS)

    def objects(self) -> list[Registered]:
        """Return documents, submission sets, folders, and associations from anywhere to anywhere."""
        makers = [self.document] * 7 + [self._submission_set] * 3 + [self._folder] * 3
        objects: list[Any] = [make() for make in makers]
        for _ in range(15):
            kind, sources, targets = self._one(
                [
                    (ASSOCIATIONS[0], objects[7:13], objects),  # members of submission sets and folders
                    (self._one(ASSOCIATIONS[1:]), objects[:7], objects[:7]),
                    (self._one(ASSOCIATIONS), objects, objects),
                ]
            )
            ends = [self._one(each).entry_uuid for each in (sources, targets)]
            objects.append(
                Association(
                    entry_uuid=next(self._ids), type=kind, source=ends[0], target=ends[1], status=APPROVED
                )
            )
        return [Registered(each, self._one([0, 0, 1])) for each in objects]

    def document(self) -> DocumentEntry:
        """Return a document entry of any kind."""
        single = ("class_code", "type_code", "format_code", "facility_type", "practice_setting")
        return DocumentEntry(
            **self._common(),
            unique_id=self._one(DOCUMENT_IDS[:3]),
            **{name: self._one(CODES) for name in single},
            confidentiality=self._some(CODES),
            event_codes=self._some(CODES),
            creation_time=self._one(TIMES),
            service_start=self._one(["", *TIMES]),
            service_stop=self._one(["", *TIMES]),
            authors=self._authors(),
            reference_ids=self._some(REFERENCES),
            object_type=self._one([STABLE, STABLE, STABLE, ON_DEMAND]),
        )

    def _submission_set(self) -> SubmissionSet:
        common = self._common()
        return SubmissionSet(
            **common,
            unique_id=f"2.{uuid.UUID(common['entry_uuid']).int}",
            source_id=self._one(["1.9.1", "1.9.2"]),
            content_type=self._one(CODES),
            submission_time=self._one(TIMES),
            authors=self._authors(),
        )

    def _folder(self) -> Folder:
        common = self._common()
        return Folder(
            **common,
            unique_id=f"3.{uuid.UUID(common['entry_uuid']).int}",
            codes=self._some(CODES),
            title="folder",
            last_update_time=self._one(TIMES),
        )

    def _common(self) -> dict[str, Any]:
        return {
            "entry_uuid": next(self._ids),
            "patient_id": self._one([PATIENTS[0], *PATIENTS]),
            "status": self._one([APPROVED, APPROVED, DEPRECATED]),
        }

    def _authors(self) -> tuple[Author, ...]:
        return tuple(Author(person=XCN("7", name, "Jan")) for name in self._some(FAMILIES))

    def _one(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def _some(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(self._random.sample(values, self._random.randint(0, 3)))


DOCUMENT_IDS = ["1.1", "1.2", "1.3", "1.4"]
SET_IDS = [f"2.{number}" for number in range(7, 12)]
FOLDER_IDS = [f"3.{number}" for number in range(10, 15)]
UNKNOWN = "urn:oasis:names:tc:ebxml-regrep:StatusType:Unheard"
Groups = tuple[tuple[str, ...], ...]
Pool = Callable[[Random], Groups]


def some(values: Sequence[str], most: int = 3) -> Pool:
    """One slot of alternatives."""
    return lambda random: (tuple(random.choices(values, k=random.randint(1, most))),)


def one(values: Sequence[str]) -> Pool:
    """One slot of one value."""
    return some(values, 1)


def anded(values: Sequence[str]) -> Pool:
    """A slot of alternatives, or two: both must hold."""
    return lambda random: tuple(some(values, 2)(random)[0] for _ in range(random.randint(1, 2)))


def times(*names: str) -> dict[str, Pool]:
    """Both ends of each time."""
    return {f"{name}{end}": one(TIMES) for name in names for end in ("From", "To")}


codes = [f"{code.code}^^{code.scheme}" for code in CODES] + ["z^^s"]
patients = one([*map(str, PATIENTS)] * 3 + ["3^^^&1.2.3&ISO"])
statuses = some([APPROVED, APPROVED, DEPRECATED, UNKNOWN])
uuids = some([*IDS[:30], "urn:uuid:nonsense"], 6)
types = some([STABLE, ON_DEMAND], 2)
reference_ids = anded([*map(str, REFERENCES), "o%", "o_1^%"])

NARROW = {f"{DE}FormatCode": some(codes), f"{DE}ConfidentialityCode": anded(codes), f"{DE}Type": types}
MORE = {
    **NARROW,
    **{
        f"{DE}{name}Code": some(codes)
        for name in ("Class", "Type", "PracticeSetting", "HealthcareFacilityType")
    },
    f"{DE}EventCodeList": anded(codes),
    f"{DE}AuthorPerson": some(PATTERNS, 2),
    **times(f"{DE}CreationTime", f"{DE}ServiceStartTime", f"{DE}ServiceStopTime"),
}
FIND = {f"{DE}PatientId": patients, f"{DE}Status": statuses}
BY_DOCUMENT = ({f"{DE}EntryUUID": some(IDS[:7])}, {f"{DE}UniqueId": some(DOCUMENT_IDS)})
BY_ONE_DOCUMENT = ({f"{DE}EntryUUID": one(IDS[:7])}, {f"{DE}UniqueId": one(DOCUMENT_IDS)})

#: For each query: what it needs, in one or two ways, and what it may have beside.
PARAMETERS: dict[QueryId, tuple[tuple[dict[str, Pool], ...], dict[str, Pool]]] = {
    QueryId.FIND_DOCUMENTS: ((FIND, FIND | {f"{DE}Type": types}), MORE),
    QueryId.FIND_DOCUMENTS_BY_REFERENCE_ID: ((FIND | {f"{DE}ReferenceIdList": reference_ids},), MORE),
    QueryId.FIND_SUBMISSION_SETS: (
        ({f"{SS}PatientId": patients, f"{SS}Status": statuses},),
        {
            f"{SS}SourceId": some(["1.9.1", "1.9.3"]),
            f"{SS}AuthorPerson": one(PATTERNS),
            f"{SS}ContentType": some(codes),
            **times(f"{SS}SubmissionTime"),
        },
    ),
    QueryId.FIND_FOLDERS: (
        ({f"{FD}PatientId": patients, f"{FD}Status": statuses},),
        {f"{FD}CodeList": anded(codes), **times(f"{FD}LastUpdateTime")},
    ),
    QueryId.GET_ALL: (
        ({"$patientId": patients, **{f"{prefix}Status": statuses for prefix in (DE, SS, FD)}},),
        NARROW,
    ),
    QueryId.GET_DOCUMENTS: (BY_DOCUMENT, {}),
    QueryId.GET_FOLDERS: (({f"{FD}EntryUUID": some(IDS[10:14])}, {f"{FD}UniqueId": some(FOLDER_IDS)}), {}),
    QueryId.GET_ASSOCIATIONS: (({"$uuid": uuids},), {}),
    QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS: (BY_DOCUMENT, {}),
    QueryId.GET_SUBMISSION_SETS: (({"$uuid": uuids},), {}),
    QueryId.GET_SUBMISSION_SET_AND_CONTENTS: (
        ({f"{SS}EntryUUID": one(IDS[7:11])}, {f"{SS}UniqueId": one(SET_IDS)}),
        NARROW,
    ),
    QueryId.GET_FOLDER_AND_CONTENTS: (
        ({f"{FD}EntryUUID": one(IDS[10:14])}, {f"{FD}UniqueId": one(FOLDER_IDS)}),
        NARROW,
    ),
    QueryId.GET_FOLDERS_FOR_DOCUMENT: (BY_ONE_DOCUMENT, {}),
    QueryId.GET_RELATED_DOCUMENTS: (
        tuple(each | {"$AssociationTypes": some(ASSOCIATIONS, 4)} for each in BY_ONE_DOCUMENT),
        {f"{DE}Type": types},
    ),
}


def make_query(random: Random, query: QueryId) -> iti18.StoredQuery:
    """Return a query with at most two optional parameters: with more, little would ever be found."""
    ways, optional = PARAMETERS[query]
    chosen = random.sample(list(optional), min(len(optional), random.randint(0, 2)))
    pools = {name: optional[name] for name in chosen} | random.choice(ways)
    parameters = {name: pool(random) for name, pool in pools.items()}
    return iti18.StoredQuery(query, parameters, random.choice([iti18.LEAF_CLASS, iti18.OBJECT_REF]))
