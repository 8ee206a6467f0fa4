"""Taking documents in: originals, lost copies, large and busy files, races."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Status
from erepo.clinic.states import State, move
from erepo.content import Digests, read_all
from erepo.settings import Settings
from tests.support import cda_documents as cda
from tests.support.documents import history_of, identity, rows_of, write

PESEL = "44051401359"
PDF = b"%PDF-1.7\n1 0 obj\n"


def test_originals_stay(intake: Intake, tmp_path: Path) -> None:
    """Without being asked, no original is touched."""
    path = write(tmp_path, "1.xml", cda.document())
    assert not intake.take(path).deleted
    assert path.exists()


def test_originals_go_when_asked_after_being_read_back(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """The original and its description go after the copy has been read back equal and that is recorded."""
    path = write(tmp_path, "scan.pdf", PDF)
    write(tmp_path, "scan.pdf.json", json.dumps({"patient": PESEL}).encode())
    outcome = intake.take(path, delete_source=True)
    assert outcome.deleted
    assert not path.exists()
    assert not (tmp_path / "scan.pdf.json").exists()
    (row,) = rows_of(clinic_database)
    with clinic_database.read() as connection:
        assert [event["event"] for event in history_of(connection, row.id)] == ["taken_in", "read_back_equal"]


def test_a_known_original_goes_too(intake: Intake, tmp_path: Path) -> None:
    """A crash between commit and deletion is made good by the next run."""
    path = write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    outcome = intake.take(path, delete_source=True)
    assert (outcome.status, outcome.deleted, path.exists()) == (Status.KNOWN, True, False)


def test_an_original_without_local_copy_stays(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """If the content lies in the repository only, the original is kept and the outcome says why."""
    path = write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    (row,) = rows_of(clinic_database)
    with clinic_database.begin() as connection:
        for source, target in (
            ("local", "queued"),
            ("queued", "sending"),
            ("sending", "archived"),
            ("archived", "remote"),
        ):
            move(connection, [row.id], State(source), State(target), "moved")
    clinic_store.remove(row.sha256)
    outcome = intake.take(path, delete_source=True)
    assert (outcome.status, outcome.deleted) == (Status.KNOWN, False)
    assert outcome.reason is not None
    assert outcome.reason.code == "file.original-kept"
    assert path.exists()
    assert list(clinic_store.stored()) == []


def test_lost_content_is_restored(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """Importing a known document again brings back a copy that has been lost."""
    path = write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    (row,) = rows_of(clinic_database)
    clinic_store.remove(row.sha256)
    assert intake.take(path).status is Status.KNOWN
    assert clinic_store.check(row.sha256).size == row.size


def test_large_files_are_copied_not_held(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """A large document is stored, hashed and described like any other, and leaves no draft."""
    filler = "<component><nonXMLBody><text>" + "QUJD" * 1_500_000 + "</text></nonXMLBody></component>"
    octets = cda.document(rest=filler)
    path = write(tmp_path, "large.xml", octets)
    assert intake.take(path).status is Status.TAKEN
    assert intake.take(path).status is Status.KNOWN
    write(tmp_path, "large.bin", b"\0" * 5_000_000)
    assert intake.take(tmp_path / "large.bin").status is Status.REFUSED
    (row,) = rows_of(clinic_database)
    assert read_all(clinic_store.open(row.sha256)) == octets
    assert list((clinic_store.root / ".incoming").iterdir()) == []


class _Meanwhile(ContentStore):
    """A store during whose copying somebody appends to the original."""

    source: Path

    def draft(self, source: Iterable[bytes | memoryview]) -> Draft:
        """Copy, and let the original grow."""
        made = super().draft(source)
        with self.source.open("ab") as file:
            file.write(b"more")
        return made


def test_a_file_that_grows_is_not_taken(
    clinic_database: Database, clinic_settings: Settings, intake: Intake, tmp_path: Path
) -> None:
    """A file still being written is refused and leaves no draft; when it rests, it is taken."""
    path = write(tmp_path, f"{PESEL}_large.pdf", PDF + b"0" * 5_000_000)
    store = _Meanwhile(clinic_settings.clinic_home / "content")
    store.source = path
    reason = Intake(clinic_database, store, clinic_settings).take(path).reason
    assert reason is not None
    assert reason.data == {"problem": "it changed while being read"}
    assert list((store.root / ".incoming").iterdir()) == []
    assert intake.take(path).status is Status.TAKEN


@pytest.mark.parametrize(
    ("time", "born", "year"),
    [
        ("20260101", "19440514", 2046),
        ("20261231235900+0100", "19440514", 2046),
        ("20260601", "20240101", 2048),
        ("20260601", "20230101", 2046),
        ("someday", "19440514", datetime.now(UTC).year + 20),
    ],
)
def test_how_long_documents_are_kept(
    intake: Intake, clinic_database: Database, tmp_path: Path, time: str, born: str, year: int
) -> None:
    """Twenty years from the year of the entry in Poland, 22 for children up to two."""
    patient = cda.PATIENT.replace("19440514", born)
    octets = cda.document(time=f'<effectiveTime value="{time}"/>', patient=patient)
    intake.take(write(tmp_path, "1.xml", octets))
    (row,) = rows_of(clinic_database)
    assert row.destroy_after_year == year


@pytest.mark.parametrize("identity", ['<id root="not-an-oid" extension="1"/>', identity("x" * 200)])
def test_an_id_that_xds_cannot_carry(
    intake: Intake, clinic_database: Database, tmp_path: Path, identity: str
) -> None:
    """A document whose id is no XDS id is taken in under its own, with a warning."""
    intake.take(write(tmp_path, "1.xml", cda.document(identity=identity)))
    (row,) = rows_of(clinic_database)
    assert row.unique_id.startswith("2.25.")
    assert {"code": "id.unusable", "field": "id"} in row.warnings


def test_imports_at_the_same_time(
    clinic_database: Database, clinic_store: ContentStore, clinic_settings: Settings, tmp_path: Path
) -> None:
    """Six imports of the same folder at once take each document exactly once."""
    for number in range(60):
        write(tmp_path / "in", f"{number}.xml", cda.document(identity=identity(str(number))))

    def run(_: int) -> tuple[int, int]:
        summary = Intake(clinic_database, clinic_store, clinic_settings).take_folder([tmp_path / "in"])
        return summary.taken, summary.taken + summary.known

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(run, range(6)))
    assert sum(taken for taken, _ in results) == 60
    assert {total for _, total in results} == {60}
    assert len(rows_of(clinic_database)) == 60


class _Racing(Database):
    """A database in which another process commits the same bytes a moment earlier."""

    races: int = 1

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Lose the race as often as asked, then behave."""
        if self.races:
            self.races -= 1
            raise sa.exc.IntegrityError(
                "INSERT", None, Exception("UNIQUE constraint failed: document.sha256")
            )
        with super().begin() as connection:
            yield connection


@pytest.mark.parametrize("races", [1, 2])
def test_a_lost_race_is_run_again(
    clinic_database: Database,
    clinic_store: ContentStore,
    clinic_settings: Settings,
    tmp_path: Path,
    races: int,
) -> None:
    """Where writers do not exclude each other, the loser looks again and finds its place."""
    racing = _Racing(clinic_database.engine)
    racing.races = races
    outcome = Intake(racing, clinic_store, clinic_settings).take(write(tmp_path, "1.xml", cda.document()))
    assert outcome.status is Status.TAKEN


def test_a_race_lost_for_ever_is_an_error(
    clinic_database: Database, clinic_store: ContentStore, clinic_settings: Settings, tmp_path: Path
) -> None:
    """An error that repeats is no race; it is raised, and nothing was taken in."""
    racing = _Racing(clinic_database.engine)
    racing.races = 3
    with pytest.raises(sa.exc.IntegrityError):
        Intake(racing, clinic_store, clinic_settings).take(write(tmp_path, "1.xml", cda.document()))
    assert rows_of(clinic_database) == []


class _Busy(ContentStore):
    """A store during whose reading back somebody touches the original."""

    disturb: Callable[[], object]

    def check(self, sha256: str) -> Digests:
        """Read back, and let the original change."""
        found = super().check(sha256)
        self.disturb()
        return found


def test_an_original_that_changed_meanwhile_stays(
    clinic_database: Database, clinic_settings: Settings, tmp_path: Path
) -> None:
    """Other bytes under the same name are never deleted."""
    path = write(tmp_path, "1.xml", cda.document())
    store = _Busy(clinic_settings.clinic_home / "content")
    store.disturb = lambda: path.write_bytes(b"something else")
    outcome = Intake(clinic_database, store, clinic_settings).take(path, delete_source=True)
    assert (outcome.status, outcome.deleted) == (Status.TAKEN, False)
    assert path.read_bytes() == b"something else"


def test_an_original_that_went_by_itself(
    clinic_database: Database, clinic_settings: Settings, tmp_path: Path
) -> None:
    """If somebody else removed the original, the outcome says so and the document is taken in."""
    path = write(tmp_path, "1.xml", cda.document())
    store = _Busy(clinic_settings.clinic_home / "content")
    store.disturb = path.unlink
    outcome = Intake(clinic_database, store, clinic_settings).take(path, delete_source=True)
    assert (outcome.status, outcome.deleted) == (Status.TAKEN, False)
    assert outcome.reason is not None
    assert outcome.reason.code == "file.original-kept"
