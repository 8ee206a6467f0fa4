"""Every question one account can ask about another's objects, made from the program's own tables.

A case asks the same twice: about objects that belong to somebody else, and about objects that nobody has. The
stored queries and their parameters, the transactions and the paths come from the program, so that a new one
cannot be forgotten: `missing` tells what no case covers.
"""

import re
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from lxml import etree

from erepo.cloud.web.transactions import TRANSACTIONS
from erepo.identifiers.hl7 import CX
from erepo.soap.message import Outgoing, new_message_id, pack
from erepo.soap.mtom import Attachment
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.iti57 import NewAssociation, new_association, new_version, status_change
from erepo.xds.queries import PARAMETERS, QUERIES, Form
from erepo.xds.vocabulary import APPROVED, DEPRECATED, AssociationType
from tests.support.cloud import TenantCredentials
from tests.support.cloud_client import new_oid
from tests.support.registering import (
    entry,
    folder,
    link,
    member,
    provided,
    registration,
    submission_set,
    update,
)

KINDS = ("document", "set", "folder", "association")
RELATIONS = (
    AssociationType.REPLACE,
    AssociationType.APPEND,
    AssociationType.TRANSFORM,
    AssociationType.TRANSFORM_REPLACE,
    AssociationType.SIGNS,
    AssociationType.SNAPSHOT_OF,
)


@dataclass(frozen=True)
class Ids:
    """Ids of one submission's objects, by kind."""

    uuids: Mapping[str, str]
    unique_ids: Mapping[str, str]
    patient: CX
    repository: str
    reference: str = "urn:none^^^^urn:ihe:iti:xds:2013:order"

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield each id with a word that may stand for it."""
        yield from ((each, f"the {kind}") for kind, each in self.uuids.items())
        yield from ((each.removeprefix("urn:uuid:"), f"the {kind}") for kind, each in self.uuids.items())
        yield from ((each, f"unique id of the {kind}") for kind, each in self.unique_ids.items())
        yield str(self.patient), "the patient"
        yield str(self.patient).replace("&", "&amp;"), "the patient"
        yield self.patient.id, "number of the patient"
        yield self.repository, "the repository"


def unknown() -> Ids:
    """Return ids that nobody has."""
    return Ids(
        {kind: f"urn:uuid:{uuid.uuid4()}" for kind in KINDS},
        {kind: new_oid() for kind in KINDS if kind != "association"},
        new_patient(),
        new_oid(),
    )


def new_patient() -> CX:
    """Return a patient whom nobody knows."""
    return CX(f"{secrets.randbelow(10**11):011}", "2.16.840.1.113883.3.4424.1.1.616")


@dataclass(frozen=True)
class Seen:
    """What an asker can tell apart: status, headers, and the body without what is new in every answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True)
class Asker:
    """Speaks for an account that is served without signatures, so that whole messages can be compared."""

    tenant: TenantCredentials
    http: httpx.Client

    def soap(
        self, path: str, action: str, payload: Any, attachments: Sequence[Attachment] = ()
    ) -> httpx.Response:
        """Send a message to `registry` or `repository`."""
        url = str(self.tenant.facts[path])
        outgoing = Outgoing(action, url, payload, tuple(attachments), new_message_id())
        packed = pack(outgoing, None, mtom=path == "repository")
        return self.http.post(
            url, content=b"".join(packed.chunks()), headers={"content-type": packed.content_type}
        )

    def make(self) -> Ids:
        """Register a folder with a document, of a patient of its own."""
        patient, own = new_patient(), submission_set()
        own = replace(own, patient_id=patient)
        document = entry(patient_id=patient, source_patient_id=patient, repository_unique_id="")
        binder = folder(patient_id=patient)
        inside = member(binder.entry_uuid, document.entry_uuid)
        given = replace(registration(binder, document, inside), submission_set=own)
        payload, attachments = iti41.write_request(provided(given))
        answer = self.soap("repository", iti41.ACTION, payload, attachments)
        assert b"ResponseStatusType:Success" in answer.content, answer.text
        return Ids(
            {
                "document": document.entry_uuid,
                "set": own.entry_uuid,
                "folder": binder.entry_uuid,
                "association": inside.entry_uuid,
            },
            {"document": document.unique_id, "set": own.unique_id, "folder": binder.unique_id},
            patient,
            str(self.tenant.facts["repositoryUniqueId"]),
        )

    def everything(self, patient: CX) -> str:
        """Return all that is registered of a patient."""
        wanted = {
            "$patientId": ((str(patient),),),
            **{
                f"$XDS{kind}Status": ((APPROVED, DEPRECATED),)
                for kind in ("DocumentEntry", "SubmissionSet", "Folder")
            },
        }
        query = iti18.StoredQuery("urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3", wanted)
        return self.soap("registry", iti18.ACTION, iti18.write_query(query)).text.partition("Body")[2]


_FRESH = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"erepo-[0-9a-f]{32}"), "BOUNDARY"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?"), "TIME"),
)
_LENGTH = frozenset({"date", "content-length"})


def seen(answer: httpx.Response, names: Sequence[tuple[str, str]]) -> Seen:
    """Return an answer with ids replaced by words, and what is always new by less."""

    def plain(text: str) -> str:
        for name, word in names:
            text = text.replace(name, word)
        for pattern, word in _FRESH:
            text = pattern.sub(word, text)
        return text

    headers = tuple((name, plain(value)) for name, value in answer.headers.items() if name not in _LENGTH)
    return Seen(answer.status_code, headers, plain(answer.text))


@dataclass(frozen=True)
class Case:
    """One question; `ask` builds it from ids: payload, and attachments if any."""

    name: str
    path: str
    action: str
    ask: Callable[[Ids], tuple[etree._Element, Sequence[Attachment]]]

    def put(self, asker: Asker, ids: Ids) -> Seen:
        """Ask it."""
        payload, attachments = self.ask(ids)
        return seen(asker.soap(self.path, self.action, payload, attachments), tuple(ids.names()))


def cases(own_repository: str) -> list[Case]:
    """Return all questions of an account whose repository is this."""
    return [
        *_queries(),
        *_documents(own_repository),
        *_submissions(),
        *_updates(),
        *_removals(),
    ]


def missing(made: Sequence[Case]) -> set[tuple[str, str]]:
    """Return the transactions that no case speaks."""
    wanted = {(path, action) for path, actions in TRANSACTIONS.items() for action in actions}
    return wanted - {(case.path, case.action) for case in made}


def _queries() -> Iterator[Case]:
    for query, definition in QUERIES.items():
        for name in (*definition.required, *definition.either):
            for kind, value in _values(name):
                for returned in (iti18.LEAF_CLASS, iti18.OBJECT_REF):
                    yield Case(
                        f"{query.name} {name} of {kind} {returned}",  # type: ignore[attr-defined]
                        "registry",
                        iti18.ACTION,
                        _query(query, name, value, definition.required, returned),
                    )


def _values(name: str) -> Iterator[tuple[str, Callable[[Ids], str]]]:
    """Yield the kinds of ids that fit a parameter."""
    if name.lower().endswith("uuid"):
        for kind in KINDS:
            yield kind, lambda ids, kind=kind: ids.uuids[kind]  # type: ignore[misc]
    elif name.endswith("UniqueId"):
        for kind in KINDS[:3]:
            yield kind, lambda ids, kind=kind: ids.unique_ids[kind]  # type: ignore[misc]
    elif PARAMETERS[name] & Form.PATIENT:
        yield "patient", lambda ids: str(ids.patient)


def _query(
    query: str, name: str, value: Callable[[Ids], str], required: Sequence[str], returned: str
) -> Callable[[Ids], tuple[etree._Element, Sequence[Attachment]]]:
    def ask(ids: Ids) -> tuple[etree._Element, Sequence[Attachment]]:
        parameters: dict[str, tuple[tuple[str, ...], ...]] = {}
        for other in required:
            if other.endswith("Status"):
                parameters[other] = ((APPROVED, DEPRECATED),)
            elif other == "$AssociationTypes":
                parameters[other] = ((AssociationType.HAS_MEMBER, *RELATIONS),)
            elif other.endswith("ReferenceIdList"):
                parameters[other] = ((ids.reference,),)
        parameters[name] = ((value(ids),),)
        return iti18.write_query(iti18.StoredQuery(query, parameters, returned)), ()

    return ask


def _documents(own: str) -> Iterator[Case]:
    for transaction in (iti43, iti86):
        for kind in KINDS[:3]:
            for where in ("their repository", "our repository"):

                def ask(ids: Ids, where: str = where, kind: str = kind, of: Any = transaction) -> Any:
                    repository = ids.repository if where == "their repository" else own
                    return of.write_request([DocumentRequest(repository, ids.unique_ids[kind])]), ()

                yield Case(f"{transaction.__name__} {where} {kind}", "repository", transaction.ACTION, ask)


def _submissions() -> Iterator[Case]:
    for transaction, path in ((iti41, "repository"), (iti42, "registry")):
        for name, build in _registrations():

            def ask(ids: Ids, build: Any = build, of: Any = transaction) -> Any:
                given = build(ids)
                return (
                    iti41.write_request(provided(given)) if of is iti41 else (iti42.write_request(given), ())
                )

            yield Case(f"{transaction.__name__} {name}", path, transaction.ACTION, ask)


def _registrations() -> Iterator[tuple[str, Callable[[Ids], Any]]]:
    def related(ids: Ids, kind: str, relation: str, **changes: Any) -> Any:
        new = entry(**changes)
        return registration(
            new,
            link(relation, new.entry_uuid, ids.uuids[kind]),
            **({"patient_id": ids.patient} if changes else {}),
        )

    for kind in KINDS:
        for relation in RELATIONS:
            yield f"{relation} of {kind}", lambda ids, k=kind, r=relation: related(ids, k, r)  # type: ignore[misc]
        yield (
            f"RPLC of {kind} for their patient",
            lambda ids, k=kind: related(  # type: ignore[misc]
                ids, k, AssociationType.REPLACE, patient_id=ids.patient, source_patient_id=ids.patient
            ),
        )
        yield f"member of {kind}", lambda ids, k=kind: _filed(ids.uuids[k])  # type: ignore[misc]
        yield f"{kind} as member of our set", lambda ids, k=kind: _included(ids.uuids[k])  # type: ignore[misc]
        yield f"{kind} as member of our folder", lambda ids, k=kind: _put_into_folder(ids.uuids[k])  # type: ignore[misc]
        yield f"entryUUID of {kind}", lambda ids, k=kind: registration(entry(entry_uuid=ids.uuids[k]))  # type: ignore[misc]
    yield "uniqueId of document", lambda ids: registration(entry(unique_id=ids.unique_ids["document"]))
    yield "uniqueId of folder", lambda ids: registration(folder(unique_id=ids.unique_ids["folder"]))
    yield "uniqueId of set", lambda ids: registration(entry(), unique_id=ids.unique_ids["set"])
    yield (
        "patient",
        lambda ids: registration(
            entry(patient_id=ids.patient, source_patient_id=ids.patient), patient_id=ids.patient
        ),
    )
    yield "repository", lambda ids: registration(entry(repository_unique_id=ids.repository))


def _filed(target: str) -> Any:
    new = entry()
    return registration(new, member(target, new.entry_uuid))


def _included(target: str) -> Any:
    given = registration()
    return replace(
        given,
        associations=(member(given.submission_set.entry_uuid, target, submission_set_status="Reference"),),
    )


def _put_into_folder(target: str) -> Any:
    new = folder()
    return registration(new, member(new.entry_uuid, target))


def _updates() -> Iterator[Case]:
    def case(name: str, build: Callable[[Ids], Any]) -> Case:
        return Case(
            f"iti57 {name}", "registry", iti57.ACTION, lambda ids: (iti57.write_request(build(ids)), ())
        )

    def versioned(ids: Ids, kind: str, one: Any) -> Any:
        own = submission_set()
        return update(own, new_version(own, replace(one, lid=ids.uuids[kind]), 1))

    def status(ids: Ids, kind: str) -> Any:
        own = submission_set()
        return update(own, status_change(own, ids.uuids[kind], APPROVED, DEPRECATED))

    def linked(source: str, target: str, relation: str) -> Any:
        own = submission_set()
        operation: NewAssociation = new_association(own, link(relation, source, target))
        return update(own, operation)

    for kind in KINDS:
        yield case(f"version of {kind} as document", lambda ids, k=kind: versioned(ids, k, entry()))  # type: ignore[misc]
        yield case(f"version of {kind} as folder", lambda ids, k=kind: versioned(ids, k, folder()))  # type: ignore[misc]
        yield case(f"status of {kind}", lambda ids, k=kind: status(ids, k))  # type: ignore[misc]
        for other in KINDS:
            for relation in (AssociationType.HAS_MEMBER, AssociationType.SIGNS):
                yield case(
                    f"{relation} from {kind} to {other}",
                    lambda ids, k=kind, o=other, r=relation: linked(ids.uuids[k], ids.uuids[o], r),  # type: ignore[misc]
                )


def _removals() -> Iterator[Case]:
    for count in range(1, 1 << len(KINDS)):
        kinds = [kind for place, kind in enumerate(KINDS) if count >> place & 1]
        yield Case(
            f"iti62 {' '.join(kinds)}",
            "registry",
            iti62.ACTION,
            lambda ids, kinds=kinds: (iti62.write_request([ids.uuids[kind] for kind in kinds]), ()),  # type: ignore[misc]
        )
