"""Who has looked at a person's documents: every access that was granted, by a consent or without one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select, union

from erepo.cloud.consents import Kind
from erepo.cloud.patients.links import organisation
from erepo.cloud.storage.tables import tenant
from erepo.cloud.storage.tables_consents import consent, consent_access
from erepo.identifiers import CX
from erepo.portal.models import Access, Accesses
from erepo.portal.office import Office
from erepo.portal.sessions import PatientSession

_access = consent_access.c


def accesses(office: Office, who: PatientSession, before: int | None, limit: int) -> Accesses:
    """Return a page of who looked, the newest first, at the clinics that vouch for the address. Blocking."""
    with office.cloud.database.read(*who.clinics) as connection:
        rows = connection.execute(_query(who, before).limit(limit + 1)).all()
    page = rows[:limit]
    names = _names(office, [*who.clinics], [row.reader for row in page if row.reader_kind == Kind.ACCOUNT])
    clinics = {number: names[account] for account, number in who.accounts.items()}
    found = [_shown(row, who, names, clinics) for row in page]
    return Accesses(accesses=found, next=str(page[-1].number) if len(rows) > limit else None)


def _query(who: PatientSession, before: int | None) -> Any:
    """Return the accesses about a person; asked from the person's side, however many others there are."""
    mine: list[ColumnElement[bool]] = [_access.tenant_id.in_(who.clinics)]
    mine += [_access.number < before] if before is not None else []
    numbers = union(*(each.where(*mine) for each in _about(who))).subquery()
    query = select(consent_access).join_from(numbers, consent_access, _access.number == numbers.c.number)
    return query.where(*mine).order_by(numbers.c.number.desc())


def _about(who: PatientSession) -> Iterator[Select[tuple[int]]]:
    """Yield numbers of accesses by consents, and of those that no consent granted."""
    person, number = str(who.person), select(_access.number)
    by_consent = (consent.c.tenant_id == _access.tenant_id) & (consent.c.number == _access.consent_number)
    yield number.join_from(consent, consent_access, by_consent).where(
        consent.c.tenant_id.in_(who.clinics), consent.c.patient_id == person
    )
    yield number.where(_access.patient_id == person)


def _names(office: Office, clinics: Sequence[int], accounts: Sequence[str]) -> Mapping[str, str]:
    """Return what organisations call themselves, by their accounts."""
    query = select(tenant.c.id, tenant.c.account)
    with office.cloud.database.everyone("names of those who looked") as connection:
        wanted = query.where(or_(tenant.c.id.in_(clinics), tenant.c.account.in_(set(accounts))))
        return {row.account: _name(connection, row.id) for row in connection.execute(wanted).all()}


def _name(connection: Connection, number: int) -> str:
    return organisation(connection, number)


def _shown(
    row: Row[Any], who: PatientSession, names: Mapping[str, str], clinics: Mapping[int, str]
) -> Access:
    by, organisation_name = _by(row, who, names)
    account = row.reader if row.reader_kind == Kind.ACCOUNT else None
    return Access.model_validate(
        {
            "at": f"{row.at.isoformat()}Z",
            "by": by,
            "organisation": organisation_name,
            "account": account,
            "professional": _professional(row.actor),
            "clinic": clinics[row.tenant_id],
            "uniqueId": row.unique_id,
            "emergency": row.emergency,
        }
    )


def _by(row: Row[Any], who: PatientSession, names: Mapping[str, str]) -> tuple[str, str | None]:
    match row.reader_kind:
        case Kind.ACCOUNT:
            return "organisation", names.get(row.reader, row.reader)
        case Kind.PROVIDER:
            return "provider", CX.parse(row.reader).id
        case _:
            return ("you" if row.reader == str(who.person) else "person"), None


def _professional(actor: str | None) -> str | None:
    return (actor or "").partition(":")[2] or None
