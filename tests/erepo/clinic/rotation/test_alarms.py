"""Warnings before an expiry: the right one, once, by mail and for Prefect, whatever crashes in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from erepo.clinic.mail.errors import MailUnavailable
from erepo.clinic.onboarding.ledger import Entry
from erepo.clinic.rotation import alarms
from erepo.clinic.tables import now
from erepo.pki.pem import write_certificates
from tests.erepo.clinic.rotation.conftest import Rotating
from tests.support.certificates import Recipe


def expiring(entry: Entry, days: float) -> Entry:
    """The same account with certificates that expire soon."""
    made = [
        Recipe(common_name=f"{entry.account} {kind}", until=now() + timedelta(days=days + more)).make()
        for kind, more in (("TLS", 0), ("WSS", 5))
    ]
    tls, wss = (write_certificates([one]) for one in made)
    return replace(entry, tls_certificate=tls, wss_certificate=wss)


def told(rotating: Rotating, keys: Entry) -> list[int]:
    """Note what is due, tell it, and return the thresholds that were told."""
    alarms.note(rotating.database, keys)
    found = alarms.due(rotating.database, keys, "told_at")
    for alarm in found:
        alarms.mark(rotating.database, alarm, "told_at")
    return [alarm.days for alarm in found]


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, days: float) -> Iterator[None]:
    """Let time pass."""
    with monkeypatch.context() as patch:
        patch.setattr(alarms, "now", lambda: now() + timedelta(days=days))
        yield


def test_each_warning_once(rotating: Rotating, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 40 days before the expiry to a day after it: four warnings, whatever the number of runs."""
    keys = expiring(rotating.active, 40)
    heard = []
    for hours in range(0, 41 * 24, 12):
        with later(monkeypatch, hours / 24):
            heard += told(rotating, keys)
    assert heard == [30, 14, 7, 1]


def test_a_late_first_look_tells_the_last_only(rotating: Rotating) -> None:
    """Five days before the end nobody needs the warnings of a month and of two weeks before."""
    keys = expiring(rotating.active, 5)
    assert told(rotating, keys) == [7]
    assert told(rotating, keys) == []
    assert told(rotating, rotating.active) == []


def test_what_was_not_sent_is_sent_by_the_next_run(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead mail server loses no warning; one that a later warning has overtaken is not sent any more."""
    office = rotating.clinic.world.office
    keys = expiring(rotating.active, 20)
    alarms.note(rotating.database, keys)
    dead = replace(office.mailer(), port=1, timeout=1)
    with pytest.raises(MailUnavailable):
        alarms.mail(rotating.database, keys, dead, "a@clinic.example")
    first = alarms.due(rotating.database, keys, "mailed_at")
    assert [alarm.days for alarm in first] == [30]
    assert alarms.due(rotating.database, keys, "told_at") == first
    with later(monkeypatch, 8):
        alarms.note(rotating.database, keys)
    assert [alarm.days for alarm in alarms.due(rotating.database, keys, "mailed_at")] == [14]
    letter = alarms.write_warning(first[0], "b@clinic.example", "a@clinic.example")
    again = alarms.write_warning(first[0], "b@clinic.example", "a@clinic.example")
    assert letter["Message-ID"] == again["Message-ID"]
    assert rotating.account in letter["Subject"]
    alarms.mark(rotating.database, alarms.due(rotating.database, keys, "mailed_at")[0], "mailed_at")
    assert alarms.due(rotating.database, keys, "mailed_at") == []
