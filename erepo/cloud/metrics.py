"""Figures of one process, for Prometheus: counts, times and ages of the whole service.

No figure is about an account, and none is shown to one: totals minus its own would tell a tenant of the
others. `/metrics` answers the operator's certificates alone (`operator/` in the service's home).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from erepo.cloud.fixity import sampling
from erepo.cloud.outside import queue as outside
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.outbox import outbox
from erepo.cloud.storage.tables import audit_head, replay, tenant

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
#: Seconds; a small document takes milliseconds, a large one over a slow line minutes.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300)


class Metrics:
    """Counts requests, and tells how the service stands when it is asked.

    Args:
        database: of the service.
        queue: how many jobs wait for the writer.

    Attributes:
        connections: how many connections are open; set by who serves them.
    """

    def __init__(self, database: Database, queue: Callable[[], int]) -> None:
        self.connections: Callable[[], int] = lambda: 0
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "erepo_requests", "Requests answered.", ["transaction", "outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "erepo_request_seconds",
            "From the head of a request to the end of its answer.",
            ["transaction"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._unsent = Counter(
            "erepo_p1_audit_lost",
            "Audit messages that were not queued for P1: too many waited.",
            registry=self._registry,
        )
        self._registry.register(_Now(self, queue))
        self._registry.register(_Stored(database))
        ProcessCollector(registry=self._registry)

    def answered(self, transaction: str, outcome: str, seconds: float) -> None:
        """Count a request.

        Args:
            transaction: `ITI-41`, or the name of a REST resource: one of a few, never what a client wrote.
            outcome: see `Trail.outcome`.
            seconds: how long it took.
        """
        self._requests.labels(transaction, outcome).inc()
        self._seconds.labels(transaction).observe(seconds)

    def untold(self) -> None:
        """Count an access of which P1 will not be told."""
        self._unsent.inc()

    def page(self) -> bytes:
        """Return all figures as text. Asks the database: call it off the event loop."""
        return generate_latest(self._registry)


class _Now(Collector):
    """What the process itself knows."""

    def __init__(self, metrics: Metrics, queue: Callable[[], int]) -> None:
        self._metrics, self._queue = metrics, queue

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("erepo_build_info", "The version that runs.", labels=["version"])
        build.add_metric([version("erepo")], 1)
        yield build
        yield GaugeMetricFamily("erepo_writer_queue", "Jobs that wait for the writer.", self._queue())
        yield GaugeMetricFamily("erepo_connections", "Open connections.", self._metrics.connections())


class _Stored(Collector):
    """What the database knows; where it does not answer, only that is told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        try:
            with self._database.everyone("figures of the whole service") as connection:
                found = list(_asked(connection))
        except SQLAlchemyError:
            found = []
        yield GaugeMetricFamily("erepo_database_up", "Whether the database answers.", int(bool(found)))
        yield from found


def _asked(connection: Connection) -> Iterator[Metric]:
    columns = (func.sum(tenant.c.used_bytes), func.sum(tenant.c.used_documents))
    octets, documents = connection.execute(select(*columns)).one()
    yield GaugeMetricFamily("erepo_stored_bytes", "Bytes of all documents, as received.", int(octets or 0))
    yield GaugeMetricFamily("erepo_stored_documents", "Documents.", int(documents or 0))
    accounts = GaugeMetricFamily("erepo_accounts", "Accounts.", labels=["state"])
    for state, count in connection.execute(select(tenant.c.state, func.count()).group_by(tenant.c.state)):
        accounts.add_metric([state], count)
    yield accounts
    events = connection.scalar(select(func.sum(audit_head.c.number)))
    yield CounterMetricFamily("erepo_audit_events", "Events in all chains.", int(events or 0))
    keys = connection.scalar(select(func.count()).select_from(replay))
    yield GaugeMetricFamily("erepo_replay_keys", "Messages that may not come again.", int(keys or 0))
    waits = outside.waiting(connection)
    yield GaugeMetricFamily("erepo_p1_audit_waiting", "Audit messages that wait for P1.", waits.messages)
    yield GaugeMetricFamily("erepo_p1_audit_oldest_seconds", "Age of the oldest of them.", waits.seconds)
    yield from _written(connection)
    yield from _checked(connection)


def _written(connection: Connection) -> Iterator[Metric]:
    found = outbox(connection, datetime.now(UTC).replace(tzinfo=None))
    name = "erepo_patient_messages"
    yield GaugeMetricFamily(f"{name}_waiting", "Messages to patients that wait.", found.waiting)
    yield GaugeMetricFamily(f"{name}_oldest_seconds", "Age of the oldest of them.", found.seconds)
    yield GaugeMetricFamily(f"{name}_lost", "Those of the last days that nobody will get.", found.lost)


def _checked(connection: Connection) -> Iterator[Metric]:
    last = sampling.last(connection)
    if last is not None:
        at = datetime.fromisoformat(str(last["at"])).replace(tzinfo=UTC)
        yield GaugeMetricFamily("erepo_check_time_seconds", "Begin of the last check.", at.timestamp())
        yield GaugeMetricFamily(
            "erepo_check_well", "Whether it left nothing wrong.", int(last["well"] is True)
        )
    unread = sampling.unchecked_since(connection)
    if unread is not None:
        age = (datetime.now(UTC) - unread.replace(tzinfo=UTC)).total_seconds()
        yield GaugeMetricFamily(
            "erepo_check_oldest_seconds", "Since when some content may not have been read.", max(0.0, age)
        )
