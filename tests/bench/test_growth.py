"""The loader of a large clinic, and the section on a growing archive."""

import asyncio
import contextlib
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.tables import audit_event, batch, document, patient
from tests.bench.clinic_loader import OF_BATCH, OF_PATIENT, load_clinic
from tests.bench.growth_report import Figures, Size, section
from tests.bench.meter import Timed
from tests.bench.sections import replace_section, section_of
from tests.support.archive_desk import Desk

COPIES = 520


def test_a_loaded_clinic_is_whole_and_archives_on(tmp_path: Path) -> None:
    """Copies are documents with patient, submission, batch and history; new ones are archived beside them."""
    with contextlib.closing(Desk(tmp_path)) as desk:
        desk.take_in(1, 1)
        asyncio.run(desk.run())
        load_clinic(desk.settings, COPIES)
        with desk.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            counted = [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (document, patient, batch)
            ]
            of_each = sa.select(sa.func.count()).where(audit_event.c.document_id.is_not(None))
            events = connection.execute(of_each.group_by(audit_event.c.document_id)).scalars().all()
            assert (len(events), len(set(events))) == (COPIES + 1, 1)
        assert counted == [COPIES + 1, COPIES // OF_PATIENT + 2, COPIES // OF_BATCH + 2]
        desk.take_in(3, 2, seed=2)
        assert summary(asyncio.run(desk.run())).archived == 3
        assert desk.states() == {"archived": COPIES + 4}


def _timed(seconds: float, cpu: float) -> Timed:
    return Timed(100, seconds, {"client": cpu, "service": cpu}, 0.01, {"wall": seconds})


def test_the_section_holds_figures_against_aims() -> None:
    """Costs at the ends and speeds at each size are compared with what is wanted."""
    facts = {"CPU": "one", "Memory": "1 GB", "Disk": "ext4"}
    few = Size(1_000, [_timed(1, 0.2)], [_timed(1.1, 0.2)], 0.0)
    bad = Figures([few, Size(100_000, [_timed(1, 0.3)], [_timed(2, 0.3)], 0.0)])
    good = Figures([few, Size(100_000, [_timed(1, 0.21)], [_timed(1.2, 0.21)], 0.0)])
    assert section(bad, "command", "2026-01-02", facts).count("**not met**") == 3
    assert "not met" not in section(good, "command", "2026-01-03", facts)


def test_a_section_is_written_anew_in_its_place() -> None:
    """The former one goes, its neighbours stay; where there is none, it comes to the end."""
    page = "# Page\n\n## One\n\nFirst.\n\n## Two\n\nSecond.\n"
    assert replace_section(page, "## One", "## One\n\nAnew.\n") == page.replace("First", "Anew")
    assert replace_section(page, "## Three", "## Three\n\nThird.\n") == page + "\n## Three\n\nThird.\n"
    assert section_of(page, "## One") == "## One\n\nFirst.\n"
    assert (section_of(page, "## Three"), section_of("", "## One")) == ("", "")
