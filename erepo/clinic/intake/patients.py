"""Patients of documents: one row for each identifier, names and addresses after the newest document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from erepo.clinic.tables import patient

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class PatientFacts:
    """A patient: identifier, who assigned it, and what else is known. The columns of the table `patient`."""

    identifier: str
    authority: str
    given: str = ""
    family: str = ""
    birth_date: str = ""
    sex: str = ""
    city: str = ""
    postal_code: str = ""
    street: str = ""

    @property
    def key(self) -> Key:
        """What tells patients apart."""
        return self.identifier, self.authority

    def updated_by(self, newer: "PatientFacts") -> "PatientFacts":
        """Return these facts with everything that the newer ones know."""
        known = {name: value for name, value in asdict(newer).items() if value}
        return PatientFacts(**{**asdict(self), **known})


_COLUMNS = [patient.c[one.name] for one in fields(PatientFacts)]


def patient_keys(
    connection: sa.Connection, facts: Sequence[PatientFacts], *, ours: bool = True
) -> dict[Key, int]:
    """Return the row of each patient; new ones are added, changed ones updated.

    Args:
        connection: the transaction; the caller commits.
        facts: in order of age, the newest last.
        ours: False: another provider says so, which adds what we do not know and changes nothing that we do.
    """
    wanted: dict[Key, PatientFacts] = {}
    for one in facts:
        wanted[one.key] = wanted[one.key].updated_by(one) if one.key in wanted else one
    present = _present(connection, wanted)
    missing = [asdict(one) for key, one in wanted.items() if key not in present]
    if missing:
        connection.execute(patient.insert(), missing)
        present = _present(connection, wanted)
    changed = [
        {"row": row, **asdict(merged)}
        for key, (row, before) in present.items()
        if (merged := before.updated_by(wanted[key]) if ours else wanted[key].updated_by(before)) != before
    ]
    if changed:
        connection.execute(patient.update().where(patient.c.id == sa.bindparam("row")), changed)
    return {key: row for key, (row, _) in present.items()}


def _present(
    connection: sa.Connection, wanted: dict[Key, PatientFacts]
) -> dict[Key, tuple[int, PatientFacts]]:
    identifiers = {identifier for identifier, _ in wanted}
    rows = connection.execute(sa.select(patient.c.id, *_COLUMNS).where(patient.c.identifier.in_(identifiers)))
    found = {facts.key: (row, facts) for row, *values in rows for facts in [PatientFacts(*values)]}
    return {key: value for key, value in found.items() if key in wanted}
