"""What has to be indexed until when; who is told; what is missing, by its record; the words of refusals."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from erepo.cda.kinds import KINDS, Kind
from erepo.cda.model import II
from erepo.clinic.indexing import mark_told, report, show, untold
from erepo.clinic.indexing.duties import DUTIES, LAWFUL, deadline
from erepo.clinic.indexing.errors import CertificatesOver
from erepo.clinic.indexing.medical import event_among
from erepo.clinic.indexing.preflight import NOT_READY, check_account
from erepo.clinic.indexing.report import NOT_ARCHIVED, NOT_TRIED
from erepo.clinic.indexing.verdicts import Verdict, verdict
from erepo.clinic.indexing.words import reasons
from erepo.clinic.rest.indexing import problem
from erepo.clinic.tables import document, now
from erepo.clinic.tables_account import p1_registration
from erepo.clinic.tables_indexing import document_index
from erepo.errors import AccessRefused, RemoteUnavailable
from tests.support.index_clinic import IndexSite

DAY = timedelta(days=1)
WARN = timedelta(hours=12)


def test_every_kind_has_its_duty_and_source() -> None:
    """The five of the regulation are lawful; what P1 keeps itself, and what is no CDA, cannot be indexed."""
    assert set(DUTIES) == set(KINDS)
    assert set(LAWFUL) == {
        Kind.ADMISSION_REFUSAL,
        Kind.REFERRING_DOCTOR_INFORMATION,
        Kind.DISCHARGE_SUMMARY,
        Kind.LAB_RESULT,
        Kind.DIAGNOSTIC_RESULT,
    }
    assert all(one.source for one in DUTIES.values())
    assert all(not DUTIES[kind].possible for kind, info in KINDS.items() if info.processed_by_p1)


def test_two_days_from_creation() -> None:
    """A document without a date counts from intake, and one from the future gains nothing."""
    taken = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert deadline(taken - DAY, taken) == taken + DAY
    assert deadline(None, taken) == deadline(taken + 9 * DAY, taken) == taken + 2 * DAY


def test_only_a_medical_event_is_taken_for_one() -> None:
    """Other ids of the encounter, and broken ones, are none."""
    node = "2.16.840.1.113883.3.4424.2.7.100300"
    ids = [II(f"{node}.99", "1"), II(f"{node}.15.1", ""), II(f"{node}.15.1", "a b"), II(f"{node}.15.1", "E7")]
    assert event_among(ids) == II(f"{node}.15.1", "E7")
    assert event_among(ids[:3]) is None


@pytest.mark.parametrize(
    ("code", "rule", "missing", "retryable", "wanted"),
    [
        ("index.refused", "REG.WER.6860", (), False, Verdict.LATER),
        ("index.refused", "REG.WER.4059", (), False, Verdict.FINAL),
        ("index.refused", "REG.WER.4636", (), False, Verdict.HALT),
        ("index.refused", "REG.WER.99999", (), False, Verdict.FINAL),
        ("index.refused", "XDSUnknownRepositoryId", (), False, Verdict.HALT),
        ("index.not-ready", None, ("patient",), False, Verdict.FINAL),
        ("index.not-ready", None, ("patient", "certificates"), False, Verdict.HALT),
        ("index.access-refused", None, (), False, Verdict.HALT),
        ("index.later", "XDSRegistryBusy", (), True, Verdict.OUTAGE),
        ("index.outcome-unknown", None, (), True, Verdict.OUTAGE),
        ("index.busy", None, (), True, Verdict.LATER),
        ("index.something-new", None, (), True, Verdict.OUTAGE),
        ("index.something-new", None, (), False, Verdict.HALT),
    ],
)
def test_verdicts(
    code: str, rule: str | None, missing: tuple[str, ...], retryable: bool, wanted: Verdict
) -> None:
    """Each answer of the service means one thing for the document and the run, and keeps its words."""
    words = {"pl": "po polsku", "en": "in English"}
    said = {"code": code, "cause": words, "cure": words, "rule": rule, "phase": "register",
            "retryable": retryable, "missing": [{"key": one} for one in missing]}  # fmt: skip
    error = problem(502, orjson.dumps(said))
    assert error is not None
    assert verdict(error) is wanted
    assert error.explain("pl")[0] == "po polsku"
    assert problem(502, b"{}") is None


def test_other_failures() -> None:
    """A service that does not answer is an outage; one that says no to the account ends the run."""
    assert verdict(RemoteUnavailable(address="x")) is Verdict.OUTAGE
    assert verdict(AccessRefused()) is Verdict.HALT


async def test_deadlines_by_the_clock(site: IndexSite) -> None:
    """Near, then late, each told once; the report says why: not archived, not tried, what is missing."""
    ids = await site.archive(3)
    start = now()
    site.change(ids, effective_at=start)
    with site.database.begin() as connection:
        connection.execute(document_index.delete())
        mine = document.update().where(document.c.public_id == ids[0])
        connection.execute(mine.values(state="local"))
    site.enrol()

    def told(at: datetime) -> tuple[int, int]:
        with site.database.begin() as connection:
            alarm = untold(connection, at, WARN)
            if alarm is None:
                return 0, 0
            mark_told(connection, alarm, at)
            return len(alarm.near), len(alarm.late)

    assert told(start + DAY) == (0, 0)
    assert told(start + 2 * DAY - WARN) == (3, 0)
    assert told(start + 2 * DAY - WARN) == (0, 0)
    with site.database.read() as connection:
        found = report(connection, site.site.account, start + 2 * DAY, WARN)
        assert (found.late, found.near) == (3, 0)
        assert found.reasons == {NOT_ARCHIVED: 1, NOT_TRIED: 2}
        assert reasons(found, "pl") == [("jeszcze nie w repozytorium", 1), ("jeszcze nie próbowano", 2)]
        assert show(connection, ids[0], start + DAY).late is False
    assert told(start + 2 * DAY) == (0, 3)
    assert told(start + 9 * DAY) == (0, 0)
    assert site.run().indexed == 2
    with site.database.read() as connection:
        assert report(connection, site.site.account, start + 9 * DAY, WARN).late == 1


async def test_everything_that_is_missing_is_named(site: IndexSite) -> None:
    """Checksums, event, year and template by their records, in both languages; P1 is not asked."""
    [one] = await site.archive(1)
    with site.database.begin() as connection:
        row = connection.execute(document.select()).one()
        header = row.header | {"template_root": ""}
        header["author"]["id"]["extension"] = "x"
        connection.execute(document.update().values(header=header, destroy_after_year=2001))
        connection.execute(document_index.update().values(event_root=None))
    site.p1.wrong("token", "busy", times=1)
    [refused] = site.run().refused
    assert refused.document == one
    assert refused.reason.code == NOT_READY
    assert set(refused.reason.missing) == {"format", "author", "medical_event", "storage_year"}
    assert "numer PWZ" in refused.reason.cause_pl
    with site.database.begin() as connection:
        connection.execute(p1_registration.update().values(wss_until=now() - DAY))
        with pytest.raises(CertificatesOver):
            check_account(connection, site.site.account, now())
