"""Accounts whose panels nobody has entered, and what the service records of them."""

from collections.abc import Iterator
from itertools import count

import pytest

from erepo.cloud.audit.events import Event, Result
from erepo.cloud.storage.database import Database
from tests.support.audit import Record
from tests.support.cloud import RunningCloud, TenantCredentials

NUMBERS = count(5001)


@pytest.fixture
def tenant(cloud: RunningCloud) -> TenantCredentials:
    """An account whose panel nobody has entered."""
    return cloud.add_tenant(f"{next(NUMBERS):016}")


@pytest.fixture
def neighbour(cloud: RunningCloud) -> TenantCredentials:
    """Another account."""
    return cloud.add_tenant(f"{next(NUMBERS):016}")


@pytest.fixture
def record(cloud: RunningCloud) -> Iterator[Record]:
    """What the service records from now on."""
    database = Database(cloud.settings.cloud_url)
    found = Record(database)
    found.new()
    yield found
    database.close()


def said(record: Record) -> list[tuple[str, Result, tuple[str, ...], str]]:
    """Return the new events, without those of pages that were only shown."""
    events: list[Event] = [event for _, event in record.new()]
    return [
        (each.transaction, each.result, each.codes, each.who.user)
        for each in events
        if each.transaction not in {"panel", "operator: tenant add"}
    ]
