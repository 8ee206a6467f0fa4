"""What the sandbox's P1 remembers: providers, certificates, repositories, rules, faults, messages, audit.

SQLite, WAL, `synchronous=FULL`. Each method is one transaction, so each may be repeated after a crash; any
number of processes may use it (the server and the commands do at once).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from erepo.cloud.storage.engines import make_engine, writing
from erepo.identifiers.oids import REPOSITORIES
from erepo.sandbox.p1 import tables
from erepo.sandbox.p1.faults import Fault

#: Numbers of repositories begin here, in the range of real ones.
_FIRST = 144_182
#: Anybody, anything, in a rule.
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Repository:
    """A registered repository; `url` is empty until its address was registered."""

    oid: str
    resort_i: str
    url: str


class Store:
    """The database of one sandbox."""

    def __init__(self, file: Path) -> None:
        self._engine = make_engine(f"sqlite:///{file}")
        self._writing = writing(self._engine)

    def create(self) -> None:
        """Make the tables that are missing."""
        with self._transaction() as connection:
            tables.metadata.create_all(connection)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._writing.connect() as connection, connection.begin():
            yield connection

    def add_certificate(self, fingerprint: str, purpose: str, resort_i: str | None) -> None:
        """Note whose a certificate is, and its provider if it is new; the same again changes nothing."""
        with self._transaction() as connection:
            if resort_i is not None:
                row = {"resort_i": resort_i, "created_at": _now()}
                connection.execute(upsert(tables.provider).values(row).on_conflict_do_nothing())
            row = {"fingerprint": fingerprint, "resort_i": resort_i, "purpose": purpose, "revoked": False}
            connection.execute(upsert(tables.certificate).values(row).on_conflict_do_nothing())

    def owner(self, fingerprint: str, purpose: str) -> str | None:
        """Return whose a certificate of a purpose is: resort part I, "" for nobody's own; None if unknown."""
        known = tables.certificate.c
        with self._transaction() as connection:
            row = connection.execute(
                select(known.resort_i).where(
                    known.fingerprint == fingerprint, known.purpose == purpose, known.revoked.is_(False)
                )
            ).one_or_none()
        return None if row is None else row.resort_i or ""

    def providers(self) -> Sequence[str]:
        """Return all providers."""
        with self._transaction() as connection:
            return connection.scalars(select(tables.provider.c.resort_i).order_by("resort_i")).all()

    def repositories(self, resort_i: str | None = None) -> list[Repository]:
        """Return the repositories, of one provider or all, in the order of their registration."""
        query = select(tables.repository).order_by(tables.repository.c.number)
        if resort_i is not None:
            query = query.where(tables.repository.c.resort_i == resort_i)
        with self._transaction() as connection:
            return [Repository(_oid(row.number), row.resort_i, row.url) for row in connection.execute(query)]

    def add_repository(self, resort_i: str, *, force_new: bool) -> str | None:
        """Register a repository and return its id; None if the provider has one and wants no other."""
        mine = tables.repository.c.resort_i == resort_i
        with self._transaction() as connection:
            if not force_new and connection.scalar(select(tables.repository.c.number).where(mine).limit(1)):
                return None
            row = {"resort_i": resort_i, "url": "", "created_at": _now()}
            number = insert(tables.repository).returning(tables.repository.c.number)
            return _oid(connection.scalars(number, row).one())

    def set_url(self, resort_i: str, oid: str, url: str) -> bool:
        """Replace a repository's address; False if the provider has no such repository."""
        number = oid.removeprefix(f"{REPOSITORIES}.")
        if not number.isascii() or not number.isdigit():
            return False
        mine = tables.repository.c
        with self._transaction() as connection:
            done = connection.execute(
                update(tables.repository)
                .where(mine.resort_i == resort_i, mine.number == int(number) - _FIRST)
                .values(url=url)
            )
        return done.rowcount == 1

    def set_fault(self, fault: Fault) -> None:
        """Have a service go wrong; takes the place of an earlier fault of it."""
        row = asdict(fault)
        row["left"] = row.pop("times")
        with self._transaction() as connection:
            connection.execute(delete(tables.fault).where(tables.fault.c.service == fault.service))
            connection.execute(insert(tables.fault), row)

    def faults(self) -> list[Fault]:
        """Return what is still to go wrong."""
        with self._transaction() as connection:
            rows = connection.execute(select(tables.fault).order_by("service")).all()
        return [Fault(row.service, row.kind, row.left, row.seconds) for row in rows]

    def clear_faults(self, service: str | None = None) -> None:
        """Have a service, or all, work again."""
        query = delete(tables.fault)
        if service is not None:
            query = query.where(tables.fault.c.service == service)
        with self._transaction() as connection:
            connection.execute(query)

    def take_fault(self, service: str) -> Fault | None:
        """Return what goes wrong now, and count it."""
        mine = tables.fault.c.service == service
        with self._transaction() as connection:
            row = connection.execute(select(tables.fault).where(mine)).one_or_none()
            if row is None:
                return None
            if row.left > 1:
                connection.execute(update(tables.fault).where(mine).values(left=row.left - 1))
            else:
                connection.execute(delete(tables.fault).where(mine))
        return Fault(row.service, row.kind, row.left, row.seconds)

    def set_rule(self, organisation: str, document: str, decision: str) -> None:
        """Decide for an organisation and a document; `*` is any."""
        row = {"organisation": organisation, "document": document, "decision": decision}
        with self._transaction() as connection:
            query = upsert(tables.rule).values(row)
            connection.execute(
                query.on_conflict_do_update(["organisation", "document"], set_={"decision": decision})
            )

    def decision(self, organisation: str, document: str) -> str | None:
        """Return the decision of the narrowest rule; a document's own before an organisation's."""
        known = tables.rule.c
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.rule).where(
                    known.organisation.in_((organisation, EVERY)), known.document.in_((document, EVERY))
                )
            ).all()
        found = sorted(rows, key=lambda row: (row.document == EVERY, row.organisation == EVERY))
        return found[0].decision if found else None

    def add_event(self, event: str) -> None:
        """Note a medical event (ZM), so that documents can be indexed for it."""
        with self._transaction() as connection:
            connection.execute(upsert(tables.event).values({"id": event}).on_conflict_do_nothing())

    def has_event(self, event: str) -> bool:
        """Tell whether a medical event is known."""
        with self._transaction() as connection:
            found = connection.scalar(select(func.count()).where(tables.event.c.id == event))
        return bool(found)

    def add_audit(self, resort_i: str, messages: Sequence[bytes]) -> None:
        """Keep audit messages (ITI-20) that a provider sent, in the order in which they came."""
        rows = [{"resort_i": resort_i, "at": _now(), "message": each} for each in messages]
        if rows:
            with self._transaction() as connection:
                connection.execute(insert(tables.audit), rows)

    def audits(self) -> list[tuple[str, bytes]]:
        """Return (resort part I, message) of all audit messages, in the order in which they came."""
        query = select(tables.audit.c.resort_i, tables.audit.c.message).order_by(tables.audit.c.number)
        with self._transaction() as connection:
            return [(row.resort_i, bytes(row.message)) for row in connection.execute(query)]

    def first_time(self, key: bytes, until: datetime) -> bool:
        """Note a message and tell whether it is new; forgets those that are refused for their age anyway."""
        with self._transaction() as connection:
            connection.execute(delete(tables.seen).where(tables.seen.c.until < _now()))
            row = {"key": key, "until": until.astimezone(UTC).replace(tzinfo=None)}
            done = connection.execute(upsert(tables.seen).values(row).on_conflict_do_nothing())
        return done.rowcount == 1


def _oid(number: int) -> str:
    return f"{REPOSITORIES}.{_FIRST + number}"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
