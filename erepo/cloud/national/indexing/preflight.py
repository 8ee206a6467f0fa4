"""Everything that P1 would miss, found before anything is sent; each missing thing has a name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from erepo.acting.actor import ROOTS, Actor
from erepo.cloud.national.indexing.codes import CONFIDENTIALITY, PURPOSES, ROLES, SCHEMES
from erepo.cloud.national.indexing.errors import IndexNotReady
from erepo.cloud.national.indexing.port import Acting
from erepo.cloud.national.keeping import Registration
from erepo.identifiers import FormWrong, oids
from erepo.identifiers.hl7 import ReferenceId
from erepo.identifiers.pesel import Pesel
from erepo.texts import Text
from erepo.xds.model import DocumentEntry
from erepo.xds.vocabulary import APPROVED, REFERENCE_ENCOUNTER, Slot

MISSING: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "status": Text(
            "the document was replaced or withdrawn in the repository",
            "dokument został w repozytorium zastąpiony lub wycofany",
        ),
        "octets": Text(
            "the document's octets are not in the repository", "w repozytorium nie ma treści dokumentu"
        ),
        "registration": Text(
            "the repository is not registered in P1", "repozytorium nie jest zarejestrowane w P1"
        ),
        "certificates": Text("a P1 certificate is not valid now", "certyfikat P1 nie jest obecnie ważny"),
        "structure": Text(
            "the provider's structure was not sent to the service", "do usługi nie wysłano struktury podmiotu"
        ),
        "role": Text(
            "the acting person's profession has no role in P1", "zawód osoby działającej nie ma roli w P1"
        ),
        "purpose": Text("the purpose of use is none of P1's", "P1 nie zna podanego celu użycia"),
        "patient": Text("the patient's PESEL is not valid", "numer PESEL pacjenta jest nieprawidłowy"),
        "author": Text(
            "the author, or the author's licence number, is missing or not valid",
            "brakuje autora lub jego numer PWZ jest nieprawidłowy",
        ),
        "class_code": Text("the document has no type of P1", "dokument nie ma typu P1"),
        "type_code": Text("the document has no LOINC code", "dokument nie ma kodu LOINC"),
        "format_code": Text("the document is no PIK HL7 CDA", "dokument nie jest zgodny z PIK HL7 CDA"),
        "facility_type": Text("resort code VIII is missing", "brakuje VIII części kodu resortowego"),
        "practice_setting": Text("resort code X is missing", "brakuje X części kodu resortowego"),
        "confidentiality": Text(
            "the confidentiality is none of N, R, V", "poziom poufności jest inny niż N, R, V"
        ),
        "medical_event": Text("the medical event is missing", "brakuje zdarzenia medycznego"),
        "storage_year": Text(
            "the year of destruction is over already", "rok zniszczenia dokumentu już minął"
        ),
        "replaces": Text(
            "the document to be replaced is not in P1's index, or is another patient's",
            "dokumentu do zastąpienia nie ma w indeksie P1 lub dotyczy innego pacjenta",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        unique_id: of the document.
        replaces: uniqueId of the document whose index it takes the place of, or "".
        event: root and extension of the medical event, if it was given.
        storage_year: last year in which the document must be kept.
        purpose: P1's word.
    """

    unique_id: str
    replaces: str = ""
    event: tuple[str, str] | None = None
    storage_year: int = 0
    purpose: str = "TREAT"


@dataclass(frozen=True, slots=True)
class Held:
    """What the account has of a document, and of its registration and structure.

    Attributes:
        entry: as registered; None where it is gone, and only its index is left to be withdrawn.
        sha1, size: of the octets as received; None where there are none.
        target: the entry of the document to be replaced.
        registration: in P1, the present one.
        provider: `provider` of the structure.
    """

    entry: DocumentEntry | None = field(repr=False)
    sha1: str | None
    size: int | None
    target: DocumentEntry | None = field(repr=False)
    registration: Registration | None
    provider: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ready:
    """What passed: nothing in it is missing."""

    wanted: Wanted
    entry: DocumentEntry | None = field(repr=False)
    registration: Registration
    repository_id: str
    provider_name: str
    event: ReferenceId | None
    acting: Acting
    actor: Actor


def check(wanted: Wanted, held: Held, actor: Actor, now: datetime, *, withdrawing: bool = False) -> Ready:
    """Return what may be sent.

    Args:
        wanted: what was asked for.
        held: what there is.
        actor: who asks.
        now: aware.
        withdrawing: whether an index is to go: then the document itself may be anything.

    Raises:
        IndexNotReady: with every missing thing.
    """
    event = _event(wanted, held.entry)
    keys = [*provider_gaps(held.registration, held.provider, now), *acting_gaps(actor, wanted.purpose)]
    if not withdrawing:
        assert held.entry is not None
        keys += [*_document(held, held.entry), *_codes(held.entry)]
        keys += [] if event is not None else ["medical_event"]
        keys += [] if wanted.storage_year >= now.year else ["storage_year"]
        if wanted.replaces and (held.target is None or held.target.patient_id != held.entry.patient_id):
            keys.append("replaces")
    if keys:
        raise not_ready(*keys)
    registration, provider = held.registration, held.provider
    assert registration is not None
    assert registration.repository_id is not None
    assert provider is not None
    acting = Acting(
        organisation=str(provider["resort_i"]),
        place=f"{provider['resort_i']}-{_cell(held.entry, provider)}",
        user=(actor.id_root, actor.id),
        role=ROLES[actor.role.code],
        purpose=wanted.purpose,
    )
    name = str(provider["name"])
    return Ready(wanted, held.entry, registration, registration.repository_id, name, event, acting, actor)


def not_ready(*keys: str, phase: str = "preflight") -> IndexNotReady:
    """Return the error that names missing things by their keys."""
    return IndexNotReady(missing={key: MISSING[key] for key in dict.fromkeys(keys)}, phase=phase)


def provider_gaps(
    found: Registration | None, provider: Mapping[str, Any] | None, now: datetime
) -> Iterator[str]:
    """Yield the keys of what an account misses to speak with P1; `now` is aware."""
    if found is None or found.registered_at is None or found.repository_id is None or found.envelope is None:
        yield "registration"
    else:
        limits = [(each["notBefore"], each["notAfter"]) for each in found.facts.values()]
        if any(
            not datetime.fromisoformat(since) <= now <= datetime.fromisoformat(until)
            for since, until in limits
        ):
            yield "certificates"
    if provider is None:
        yield "structure"


def acting_gaps(actor: Actor, purpose: str) -> Iterator[str]:
    """Yield the keys of what a person misses to act at P1."""
    if actor.role.code not in ROLES:
        yield "role"
    if purpose not in PURPOSES:
        yield "purpose"


def _document(held: Held, entry: DocumentEntry) -> Iterator[str]:
    if entry.status != APPROVED:
        yield "status"
    if held.sha1 is None:
        yield "octets"
    if entry.patient_id.authority_oid == oids.PESEL and not Pesel.is_valid(entry.patient_id.id):
        yield "patient"
    people = [author.person for author in entry.authors if author.person is not None]
    wrong = [one for one in people if one.authority_oid in ROOTS and not ROOTS[one.authority_oid](one.id)]
    if not people or wrong:
        yield "author"


def _codes(entry: DocumentEntry) -> Iterator[str]:
    yield from (name for name, scheme in SCHEMES.items() if scheme.told(getattr(entry, name)) is None)
    if not entry.confidentiality or any(CONFIDENTIALITY.told(code) is None for code in entry.confidentiality):
        yield "confidentiality"


def _event(wanted: Wanted, entry: DocumentEntry | None) -> ReferenceId | None:
    """Return the medical event: the one that was given, else the one that the document names."""
    if wanted.event is not None:
        return ReferenceId(wanted.event[1], REFERENCE_ENCOUNTER, wanted.event[0])
    if entry is None:
        return None
    named = entry.extra_slots.get(Slot.MEDICAL_EVENT_ID, ())
    if named:
        try:
            return ReferenceId.parse(named[0])
        except FormWrong:
            return None
    known = [one for one in entry.reference_ids if one.type_code == REFERENCE_ENCOUNTER]
    return known[0] if len(known) == 1 else None


def _cell(entry: DocumentEntry | None, provider: Mapping[str, Any]) -> str:
    """Return resort code VII of who made a document: the author's cell, one of its kind, or the first."""
    cells = [cell for unit in provider["units"] for cell in unit["cells"]]
    named = {
        one.id.rpartition("-")[2]
        for author in (entry.authors if entry else ())
        for one in author.institutions
        if one.authority_oid == oids.CELL and one.id.startswith(f"{provider['resort_i']}-")
    }
    codes = (entry.facility_type, entry.practice_setting) if entry else ()
    kind = tuple(code.code if code else "" for code in codes)
    fitting = [each for each in cells if each["resort_vii"] in named]
    fitting += [each for each in cells if (each["resort_viii"], each["resort_x"]) == kind]
    return str((fitting or cells)[0]["resort_vii"])
