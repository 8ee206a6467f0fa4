"""What is known about a file from outside it: options, the description beside it, its name.

The description is a file `<file>.json`; every field is optional:

    {"patient": {"id": "44051401359", "authority": "2.16.840.1.113883.3.4424.1.1.616", "given": "Jan",
                 "family": "Kowalski", "birth_date": "19440514", "sex": "M", "city": "Radom"},
     "kind": "attachment", "title": "Zdjęcie zmiany skórnej", "created": "2026-03-02T10:15:00+01:00"}

`patient` may also be a PESEL or an HL7 CX string.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from erepo.cda.kinds import Kind
from erepo.clinic.errors import SidecarInvalid
from erepo.clinic.intake.files import SIDECAR, read_beside
from erepo.clinic.intake.patients import PatientFacts
from erepo.clinic.times import WARSAW, sensible
from erepo.identifiers import oids
from erepo.identifiers.errors import FormWrong, IdentifierInvalid
from erepo.identifiers.hl7 import CX
from erepo.identifiers.pesel import Pesel

#: Largest description, in bytes.
LIMIT = 64 * 1024

_NAMES = ("given", "family", "birth_date", "sex", "city", "postal_code", "street")


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known about a file from outside it."""

    patient: PatientFacts | None = field(default=None, repr=False)
    kind: Kind | None = None
    title: str = field(default="", repr=False)
    created: datetime | None = None
    renumbered: bool = False
    """Whether the number in the document is the word of somebody who may not number anything here."""


def parse_patient(text: str) -> CX:
    """Read a patient as typed: a PESEL or an HL7 CX string.

    Raises:
        IdentifierInvalid: it is neither; says of digits what keeps them from being a PESEL.
    """
    typed = text.strip()
    if typed.isdigit():
        return CX(str(Pesel.parse(typed)), oids.PESEL)
    try:
        return CX.parse(typed)
    except IdentifierInvalid:
        raise FormWrong(kind="PESEL / CX", expected="11 x 0-9 / id^^^&OID&ISO") from None


def beside(path: Path, patient: CX | None, kind: Kind | None) -> Beside:
    """Collect what is known; options go before the description, the description before the file's name.

    Raises:
        SidecarInvalid: the description cannot be understood.
    """
    described = _read(path.with_name(path.name + SIDECAR))
    facts = PatientFacts(patient.id, patient.authority_oid) if patient else described.patient
    return Beside(facts or _from_name(path.name), kind or described.kind, described.title, described.created)


def _from_name(name: str) -> PatientFacts | None:
    start, underscore, _ = name.partition("_")
    if not underscore or not Pesel.is_valid(start):
        return None
    pesel = Pesel.parse(start)
    return PatientFacts(start, oids.PESEL, birth_date=f"{pesel.birth_date:%Y%m%d}", sex=pesel.sex)


def _read(path: Path) -> Beside:
    try:
        octets = read_beside(path, LIMIT + 1)
    except OSError:
        raise SidecarInvalid(field="(file)") from None
    return Beside() if octets is None else read_description(octets)


def read_description(octets: bytes) -> Beside:
    """Read a description (JSON).

    Raises:
        SidecarInvalid: it cannot be understood; `field` says where.
    """
    try:
        data = orjson.loads(octets) if len(octets) <= LIMIT else None
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise SidecarInvalid(field="(file)")
    return Beside(
        _patient(data.get("patient")), _kind(data.get("kind")), _text(data, "title"), _created(data)
    )


def _patient(value: Any) -> PatientFacts | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            cx = parse_patient(value)
        except IdentifierInvalid:
            raise SidecarInvalid(field="patient") from None
        return PatientFacts(cx.id, cx.authority_oid)
    if not isinstance(value, dict):
        raise SidecarInvalid(field="patient")
    identifier, authority = _text(value, "id"), _text(value, "authority") or oids.PESEL
    if not identifier:
        raise SidecarInvalid(field="patient.id")
    if not oids.is_oid(authority):
        raise SidecarInvalid(field="patient.authority")
    return PatientFacts(identifier, authority, **{name: _text(value, name) for name in _NAMES})


def _kind(value: Any) -> Kind | None:
    if value is None:
        return None
    try:
        return Kind(value)
    except ValueError:
        raise SidecarInvalid(field="kind") from None


def _created(data: dict[str, Any]) -> datetime | None:
    text = _text(data, "created")
    if not text:
        return None
    try:
        moment = sensible(datetime.fromisoformat(text))
    except ValueError:
        moment = None
    if moment is None:
        raise SidecarInvalid(field="created")
    return moment if moment.tzinfo else moment.replace(tzinfo=WARSAW)


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name, "")
    # What XML cannot carry could never be described to the repository.
    if not isinstance(value, str) or not value.isprintable():
        raise SidecarInvalid(field=name)
    return value.strip()
