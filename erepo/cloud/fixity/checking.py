"""A whole check: contents, blobs, registry; its findings told and recorded as they come."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby

from sqlalchemy import Connection, select

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.store import BlobStore
from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import Action, Event, Result, Thing
from erepo.cloud.audit.evidence import now
from erepo.cloud.errors import CopyMissing
from erepo.cloud.fixity import directions, sampling
from erepo.cloud.fixity.contents import Checker
from erepo.cloud.fixity.findings import Finding, Place, Report
from erepo.cloud.fixity.pace import Pace
from erepo.cloud.fixity.sampling import EVERYTHING, Selection
from erepo.cloud.operating import event
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import OLD
from erepo.cloud.storage.tables import document, tenant

_COMMAND = "check"
_REMOVAL = {None: (), True: ("check.removed",), False: ("check.not-removed",)}


@dataclass(frozen=True, slots=True)
class Options:
    """What a check does.

    Attributes:
        selection: whose contents are read.
        repair: whether one copy is repaired from the other.
        rate: bytes per second; 0 is as fast as it goes.
        young: blobs younger than so many seconds are no orphans yet; at least `OLD` beside a service.
        remove: whether the orphans are removed. Only the operator can know that they are nobody's: after an
            older backup of the database was restored, they may be documents that were confirmed since.
    """

    selection: Selection = EVERYTHING
    repair: bool = False
    rate: int = 0
    young: float = OLD
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how it goes.

    Attributes:
        expect: how many steps there will be, as far as is known.
        advance: so many of them are done.
        find: something is wrong.
    """

    expect: Callable[[int], None] = lambda _: None
    advance: Callable[[int], None] = lambda _: None
    find: Callable[[Finding], None] = lambda _: None


def check(database: Database, blobs: BlobStore, options: Options, watcher: Watcher | None = None) -> Report:
    """Check everything, beside a service that may be running; unasked it writes only events and its result.

    Every finding and every repair is an event in the chain of its account; the check as a whole one in the
    chain of nobody.

    Raises:
        CopyMissing: a repair was asked for without a second copy; nothing was looked at.
    """
    if options.repair and not isinstance(blobs, MirroredBlobStore):
        raise CopyMissing
    began, clock, report = now(), time.monotonic(), Report()
    pace, watcher = Pace(options.rate), watcher or Watcher()
    checker = Checker(database, blobs, pace, options.repair)
    watcher.expect(checker.count(options.selection))
    named = _Names(database)
    for name, steps in (
        ("documents", checker.pages(options.selection)),
        ("blobs", directions.orphans(database, blobs, options.young)),
        ("entries", directions.registry(database)),
    ):
        for count, found in steps:
            findings = [replace(each, account=named.account(each.tenant_id)) for each in found]
            if options.remove and name == "blobs":
                findings = _remove(database, blobs, findings)
            else:
                _record(database, findings)
            report.add(findings)
            setattr(report, name, getattr(report, name) + count)
            if name == "documents":
                watcher.advance(count)
            for each in findings:
                watcher.find(each)
    report.octets, report.seconds = pace.octets, round(time.monotonic() - clock, 3)
    with database.everyone("the result of a check", write=True) as connection:
        facts = {
            **asdict(report),
            "counts": {str(k): n for k, n in report.counts.items()},
            "well": report.well,
        }
        _close(connection, report)
        sampling.remember(connection, options.selection, began, facts)
    return report


def _remove(database: Database, blobs: BlobStore, orphans: Sequence[Finding]) -> list[Finding]:
    """Remove orphans; what is done is recorded before, and what could not be done after."""
    wanted = [replace(each, removed=True) for each in orphans]
    _record(database, wanted)
    done = [each if _is_removed(blobs, each) else replace(each, removed=False) for each in wanted]
    _record(database, [each for each in done if not each.removed])
    return done


def _is_removed(blobs: BlobStore, orphan: Finding) -> bool:
    assert orphan.key is not None
    if isinstance(blobs, MirroredBlobStore):
        blobs = blobs.second if orphan.place is Place.COPY else blobs.first
    try:
        blobs.delete(orphan.key)
    except Exception:  # noqa: BLE001  # whatever the store's client raises, the blob is still there
        return False
    return True


class _Names:
    """Accounts by their row numbers; one that is new meanwhile is looked up again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._accounts: dict[int, str] = {}

    def account(self, tenant_id: int) -> str:
        """Return the 16 digits, empty when the number belongs to no account."""
        if tenant_id not in self._accounts:
            with self._database.everyone("accounts by their numbers") as connection:
                rows = connection.execute(select(tenant.c.id, tenant.c.account))
                self._accounts = {row.id: row.account for row in rows}
        return self._accounts.get(tenant_id, "")


def _record(database: Database, findings: Sequence[Finding]) -> None:
    """Write the events of some findings, each into the chain of its account, nobody's into that of 0."""
    if not findings:
        return
    by_chain = sorted(findings, key=_chain_of)
    with database.everyone("findings are recorded", write=True) as connection:
        chains = Chains(connection, {_chain_of(each) for each in findings})
        ids = _unique_ids(connection, findings)
        for chain, group in groupby(by_chain, key=_chain_of):
            chains.append(chain, list(_events(group, ids)))
        chains.save()


def _chain_of(finding: Finding) -> int:
    return finding.tenant_id if finding.account else 0


def _unique_ids(connection: Connection, findings: Iterable[Finding]) -> dict[int, str]:
    numbers = [each.document for each in findings if each.document is not None]
    query = select(document.c.id, document.c.unique_id).where(document.c.id.in_(numbers))
    return {row.id: row.unique_id for row in connection.execute(query)}


def _events(findings: Iterable[Finding], ids: dict[int, str]) -> Iterator[Event]:
    for each in findings:
        number = each.document if each.document is not None else -1
        thing = Thing("document", ids[number]) if number in ids else Thing("object", each.name)
        action = Action.DELETE if each.removed else Action.UPDATE if each.repaired else Action.EXECUTE
        told = event(each.account, _COMMAND, action, [thing])
        codes = (
            f"check.{each.kind}",
            f"check.in-{each.place}",
            *(("check.repaired",) if each.repaired else ()),
            *_REMOVAL[each.removed],
        )
        yield told.ended(Result.SUCCESS if each.repaired or each.removed else Result.MAJOR, codes)


def _close(connection: Connection, report: Report) -> None:
    chains = Chains(connection, [0])
    names = ("documents", "found", "repaired", "removed")
    things = tuple(Thing("setting", name, str(getattr(report, name))) for name in names)
    told = event("", _COMMAND, Action.EXECUTE, things)
    chains.append(0, [told.ended(Result.SUCCESS if report.well else Result.MINOR)])
    chains.save()
