"""What P1 would miss, found here before anything is sent; each missing thing is named by its record.

The service checks once more what only it knows (the metadata as registered, the octets, its certificates).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.acting.actor import ROOTS
from erepo.cda.kinds import Kind
from erepo.clinic.headers import read_stored_header
from erepo.clinic.indexing.duties import DUTIES
from erepo.clinic.indexing.enrolling import OWN, THERE
from erepo.clinic.indexing.errors import CertificatesOver, RegonWrong
from erepo.clinic.indexing.results import Reason
from erepo.clinic.p1.errors import P1NotRegistered
from erepo.clinic.structure import check_codes
from erepo.clinic.tables import document, patient
from erepo.clinic.tables_account import p1_registration
from erepo.clinic.times import WARSAW
from erepo.identifiers import oids
from erepo.identifiers.pesel import Pesel
from erepo.identifiers.regon import Regon
from erepo.texts import Text

#: Key of a document that is not in the repository.
ARCHIVED: Final = "archived"
#: Code of a refusal of ours; its cause names everything that is missing.
NOT_READY: Final = "indexing.not-ready"
_CAUSE = Text(
    "The document cannot be indexed yet: {missing}.", "Dokumentu nie można zaindeksować: {missing}."
)
_CURE = Text(
    "Supply what is missing, then `erepo index run --id {document}`; nothing was sent to P1.",
    "Uzupełnij braki, a potem `erepo index run --id {document}`; do P1 niczego nie wysłano.",
)
_HEADER: Final = Text("document header", "nagłówek dokumentu")


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing.

    Attributes:
        key: for programs.
        record: where it belongs.
        what: what it is.
    """

    key: str
    record: Text
    what: Text

    def words(self, speak: str) -> str:
        """Return record and thing in one language."""
        return f"{self.record.pl}: {self.what.pl}" if speak == "pl" else f"{self.record.en}: {self.what.en}"


_DOCUMENT: Final = Text("document", "dokument")
_WHAT: Final = {
    ARCHIVED: Missing(ARCHIVED, _DOCUMENT, Text("not in the repository", "nie znajduje się w repozytorium")),
    "kind": Missing(
        "kind",
        _DOCUMENT,
        Text(
            "of a kind or origin that has no place in P1's index", "rodzaj lub pochodzenie bez indeksu w P1"
        ),
    ),
    "format": Missing("format", _HEADER, Text("no PIK template", "brak szablonu PIK HL7 CDA")),
    "patient": Missing(
        "patient", _HEADER, Text("the patient's PESEL is not valid", "nieprawidłowy PESEL pacjenta")
    ),
    "author": Missing(
        "author",
        _HEADER,
        Text("the author's licence number (NPWZ) is not valid", "nieprawidłowy numer PWZ autora"),
    ),
    "regon": Missing("regon", _HEADER, Text("a REGON is not valid", "nieprawidłowy numer REGON")),
    "medical_event": Missing(
        "medical_event",
        _HEADER,
        Text(
            "no medical event (give it: `erepo index event`)",
            "brak zdarzenia medycznego (podaj je: `erepo index event`)",
        ),
    ),
    "storage_year": Missing(
        "storage_year",
        _DOCUMENT,
        Text("its last year of keeping is not known or over", "rok zniszczenia nieznany lub minął"),
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A document on its way to the index.

    Attributes:
        id: internal id.
        public_id: the only id that is told.
        unique_id: XDS uniqueId.
        event: root and extension of its medical event, or None.
        year: last year of keeping, or None.
        withdrawing: whether its index is to go.
        begun: whether P1 may have been asked for it before.
        attempts: so far.
    """

    id: int
    public_id: str
    unique_id: str
    event: tuple[str, str] | None
    year: int | None
    withdrawing: bool
    begun: bool
    attempts: int


def check_account(connection: sa.Connection, account: str, at: datetime) -> None:
    """Check what all documents need.

    Raises:
        P1NotRegistered: the repository has no id in P1.
        CertificatesOver: a P1 certificate is over.
        StructureIncomplete: a resort code is missing; record and field are named.
        RegonWrong: a REGON of the structure is not valid.
    """
    row = connection.execute(
        sa.select(p1_registration).where(p1_registration.c.account == account)
    ).one_or_none()
    if row is None or row.state != "registered" or not row.repository_unique_id:
        raise P1NotRegistered
    for purpose, until in (("TLS", row.tls_until), ("WSS", row.wss_until)):
        if until is not None and until < at:
            raise CertificatesOver(purpose=purpose, day=f"{until.astimezone(WARSAW):%Y-%m-%d}")
    provider = check_codes(connection)
    for name, regon in ((provider.name, provider.regon), *((one.name, one.regon) for one in provider.units)):
        if regon and not Regon.is_valid(regon):
            raise RegonWrong(record=name)


def missing_of(connection: sa.Connection, entry: Entry, at: datetime) -> Reason | None:
    """Return why a document cannot be indexed, everything that is missing named; None where nothing is."""
    row = connection.execute(_SELECT.where(document.c.id == entry.id)).one()
    found = [*_of_row(row, entry, at), *_of_header(row)]
    return _reason(found, entry.public_id) if found else None


def _reason(found: list[Missing], public_id: str) -> Reason:
    texts = {
        speak: (
            _CAUSE.fill(speak, missing="; ".join(one.words(speak) for one in found)),
            _CURE.fill(speak, document=public_id),
        )
        for speak in ("pl", "en")
    }
    (cause_pl, cure_pl), (cause_en, cure_en) = texts["pl"], texts["en"]
    keys = tuple(dict.fromkeys(one.key for one in found))
    return Reason(NOT_READY, cause_pl, cause_en, cure_pl, cure_en, phase="preflight", missing=keys)


_SELECT: Final = sa.select(
    document.c.id,
    document.c.kind,
    document.c.origin,
    document.c.state,
    document.c.header,
    patient.c.identifier,
    patient.c.authority,
).join(patient, patient.c.id == document.c.patient_key)


def _of_row(row: Any, entry: Entry, at: datetime) -> Iterator[Missing]:
    duty = DUTIES[Kind(row.kind)]
    if row.state not in THERE:
        yield _WHAT[ARCHIVED]
    if not duty.possible or row.origin != OWN:
        yield _WHAT["kind"]
    if row.authority == oids.PESEL and not Pesel.is_valid(row.identifier):
        yield _WHAT["patient"]
    if duty.needs_event and entry.event is None:
        yield _WHAT["medical_event"]
    if entry.year is None or entry.year < at.astimezone(WARSAW).year:
        yield _WHAT["storage_year"]


def _of_header(row: Any) -> Iterator[Missing]:
    if row.header is None:
        yield _WHAT["format"]
        return
    try:
        header = read_stored_header(row.header)
    except (KeyError, TypeError):
        # Written by another version than any there is; the service reads the document's own description.
        return
    if not header.template_root:
        yield _WHAT["format"]
    who = header.author.id
    if who is not None and who.root in ROOTS and not ROOTS[who.root](who.extension):
        yield _WHAT["author"]
    numbers = [
        id_.extension
        for organisation in header.author.organisation
        for id_ in organisation.ids
        if id_.root in (oids.REGON9, oids.REGON14)
    ]
    if not all(Regon.is_valid(one) for one in numbers):
        yield _WHAT["regon"]
