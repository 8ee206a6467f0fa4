"""`erepo documents` as a person and a program see it, with the real service behind it."""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from erepo.cda.kinds import Kind
from erepo.cda.samples import generate
from erepo.cli.root import app
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.tables import document, onboarding, staff
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.pages import dangers

PESEL = "44051401359"
PDF = b"%PDF-1.7 skan"
KINDS = ["lab_result", "diagnostic_result", "discharge_summary", "referring_doctor_information"]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def clinic(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic with four archived documents, of which the summary is kept in the repository alone."""
    folder = tmp_path_factory.mktemp("clinic")
    with new_clinic(folder / "clinic", cloud.add_tenant(f"{4001:016d}")) as clinic:
        contents = [one.octets for kind in KINDS for one in generate(7, 1, kinds=[kind], patients=1)]
        clinic.take_in(contents, folder / "in")
        assert run(clinic, "archive").exit_code == 0
        purge(clinic)
        yield clinic


def purge(clinic: Clinic) -> None:
    """Let the summary be kept in the repository alone."""
    of_summary = document.c.kind == "discharge_summary"
    with clinic.database.begin() as connection:
        sha256 = connection.execute(sa.select(document.c.sha256).where(of_summary)).scalar_one()
        connection.execute(document.update().where(of_summary).values(state="remote"))
    assert ContentStore.at(clinic.settings).remove(sha256)


def run(clinic: Clinic, *arguments: str, typed: str = "", **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(
        app, arguments, input=typed, env=clinic.environment | {"COLUMNS": "160"} | environment
    )


def listed(clinic: Clinic, *arguments: str, typed: str = "") -> list[dict[str, str]]:
    """Return what the list shows a program."""
    found: list[dict[str, str]] = json.loads(
        run(clinic, "documents", "list", *arguments, "--json", typed=typed).stdout
    )
    return found


def summary(clinic: Clinic) -> tuple[str, str, str]:
    """Return id, SHA-256 and patient's name of the summary."""
    with clinic.database.read() as connection:
        columns = (document.c.public_id, document.c.sha256, document.c.header)
        row = connection.execute(sa.select(*columns).where(document.c.kind == "discharge_summary")).one()
    return row.public_id, row.sha256, row.header["patient"]["family"]


def test_a_remote_document_is_opened_from_the_real_service(clinic: Clinic) -> None:
    """Fetched by ITI-43 as the acting person, checked, shown; the page is private and tells no name."""
    public_id, _, family = summary(clinic)
    opened = run(clinic, "documents", "open", public_id, "--as", "archiwum", "--json")
    assert opened.exit_code == 0, opened.output
    (path,) = (Path(one) for one in json.loads(opened.stdout))
    assert family in path.read_text(encoding="utf-8")
    assert dangers(path.read_bytes()) == []
    assert path.is_relative_to(clinic.settings.opened)
    assert path.name == f"{public_id}.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_has_no_number_is_given_nothing_from_the_repository(clinic: Clinic) -> None:
    """Manual 2.4: a clerk without PESEL and NPWZ opens what is here, and is told why no more."""
    with clinic.database.begin() as connection:
        connection.execute(staff.insert().values(login="rejestracja", given="Ewa", family="Próbna"))
        local = connection.execute(
            sa.select(document.c.public_id).where(document.c.state == "archived").limit(1)
        ).scalar_one()
    assert run(clinic, "documents", "open", local, "--as", "rejestracja").exit_code == 0
    refused = run(clinic, "documents", "open", summary(clinic)[0], "--as", "rejestracja")
    assert refused.exit_code == 1
    assert "no valid PESEL or NPWZ" in refused.stderr


def test_opening_needs_no_licence_and_no_onboarding(clinic: Clinic, tmp_path: Path) -> None:
    """Manual 1.5: what is archived can be had back without an active licence (there is none here)."""
    with clinic.database.read() as connection:
        assert connection.execute(sa.select(onboarding.c.account)).all() == []
    public_id, _, _ = summary(clinic)
    target = tmp_path / "wypis.html"
    shown = run(clinic, "documents", "open", public_id, "--as", "archiwum", "--output", str(target))
    assert (shown.exit_code, shown.stdout) == (0, f"{target}\n")
    target.write_text("somebody else's")
    again = run(clinic, "documents", "open", public_id, "--as", "archiwum", "--output", str(target))
    assert again.exit_code == 1
    assert "there already: wypis.html" in again.stderr
    forced = ("documents", "open", public_id, "--as", "archiwum", "--output", str(target), "--force")
    assert run(clinic, *forced).exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_files_are_saved_beside_each_other(clinic: Clinic, tmp_path: Path) -> None:
    """XML to the octet, XSL, page; saved again they are the same; as a zip they are one file."""
    public_id, sha256, _ = summary(clinic)
    order = ("documents", "save", public_id, "--as", "archiwum", "--for", "patient", "--into", str(tmp_path))
    saved = run(clinic, *order)
    assert saved.exit_code == 0, saved.output
    assert [Path(line).suffix for line in saved.stdout.splitlines()] == [".xml", ".xsl", ".html"]
    assert hashlib.sha256(Path(saved.stdout.splitlines()[0]).read_bytes()).hexdigest() == sha256
    assert run(clinic, *order).exit_code == 0
    packed = json.loads(run(clinic, *order, "--zip", "--json").stdout)
    assert [Path(one).suffix for one in packed] == [".zip"]
    assert len(list(tmp_path.iterdir())) == 4


def test_the_list_tells_no_patient_and_show_does(clinic: Clinic) -> None:
    """The list holds opaque ids, kinds and states; `show` tells the person who asks, and notes it."""
    public_id, _, family = summary(clinic)
    shown = run(clinic, "documents", "list")
    assert shown.exit_code == 0
    assert public_id in shown.stdout
    assert "archived, not here" in shown.stdout
    assert family not in shown.stdout
    assert family in run(clinic, "documents", "show", public_id, "--as", "archiwum").stdout
    assert family not in run(clinic, "documents", "show", public_id, "--as", "archiwum", "--json").stdout


def test_the_list_is_narrowed(clinic: Clinic) -> None:
    """By kind, state, day, patient on the input, and page."""
    kinds = [option for kind in KINDS for option in ("--kind", kind)]
    everything = listed(clinic, *kinds)
    assert len(everything) == 4
    assert [one["kind"] for one in listed(clinic, "--kind", "lab-result")] == ["lab_result"]
    assert [one["state"] for one in listed(clinic, "--state", "remote")] == ["remote"]
    assert listed(clinic, *kinds, "--limit", "2") == everything[:2]
    assert listed(clinic, *kinds, "--after", everything[1]["id"]) == everything[2:]
    assert listed(clinic, "--from", "2099-01-01") == []
    assert listed(clinic, "--until", "2000-01-01") == []
    assert listed(clinic, "--patient", "-", typed=f"{PESEL}\n") == []
    with clinic.database.read() as connection:
        header = connection.execute(
            sa.select(document.c.header).where(document.c.public_id == everything[0]["id"])
        ).scalar_one()
    pesel = next(one["extension"] for one in header["patient"]["ids"] if one["root"].endswith(".1.1.616"))
    assert everything[0] in listed(clinic, "--patient", "-", typed=f"{pesel}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--patient", PESEL), "--patient -"),
        (("list", "--state", "lost"), "local, queued"),
        (("list", "--from", "1.2.2026"), "2026-11-30"),
        (("list", "--from", "0001-01-01"), "2026-11-30"),
        (("show", "nobody", "--as", "archiwum"), "no document with this id"),
        (("open", "nobody", "--as", "nobody"), "No active user"),
        (("open", "nobody", "--as", "archiwum", "--for", "fun"), "treatment, emergency"),
    ],
)
def test_what_is_wrong_is_told(clinic: Clinic, arguments: tuple[str, ...], words: str) -> None:
    """With cause and cure, status 1, and never with the patient's number."""
    refused = run(clinic, "documents", *arguments)
    assert refused.exit_code == 1
    assert words in " ".join(refused.stderr.split())
    assert PESEL not in refused.output


def test_attachments_are_saved_by_their_own_name(clinic: Clinic, tmp_path: Path) -> None:
    """A scan of shared documentation keeps its name; other kinds are refused in words, in Polish too."""
    scan = tmp_path / f"{PESEL}_skan.pdf"
    scan.write_bytes(PDF)
    Intake.at(clinic.database, clinic.settings).take_folder([scan], kind=Kind.SHARED_DOCUMENTATION)
    public_id = listed(clinic, "--kind", "shared-documentation")[0]["id"]
    into = tmp_path / "out"
    saved = run(clinic, "documents", "save-attachment", public_id, "--as", "archiwum", "--into", str(into))
    assert saved.stdout == f"{into / scan.name}\n"
    assert (into / scan.name).read_bytes() == PDF
    other = summary(clinic)[0]
    refused = run(clinic, "documents", "save-attachment", other, "--as", "archiwum", EREPO_LANGUAGE="pl")
    assert refused.exit_code == 1
    assert "nie ma załączników" in refused.stderr


def test_a_scan_opened_into_a_page_keeps_the_ending_of_what_it_is(clinic: Clinic, tmp_path: Path) -> None:
    """A PDF written as `.html` would open as gibberish; the patient of a scan comes by the input."""
    scan = tmp_path / "skan.pdf"
    scan.write_bytes(PDF + b" do otwarcia")
    assert run(clinic, "import", "--patient", "-", str(scan), typed=f"{PESEL}\n").exit_code == 0
    (one,) = [each for each in listed(clinic, "--kind", "attachment") if each["size"] == len(PDF) + 12]
    opened = run(
        clinic, "documents", "open", one["id"], "--as", "archiwum", "--output", str(tmp_path / "wypis.html")
    )
    assert opened.stdout.splitlines() == [str(tmp_path / "wypis.pdf")], opened.output
    assert (tmp_path / "wypis.pdf").read_bytes() == scan.read_bytes()


def test_days_and_states_are_told_in_words(clinic: Clinic) -> None:
    """A birth date is no HL7 stamp, and the state of a version stands in the language of the reader."""
    one = listed(clinic, "--kind", "lab-result")[0]["id"]
    shown = run(clinic, "documents", "show", one, "--as", "archiwum", EREPO_LANGUAGE="pl").stdout
    assert re.search(r"Data urodzenia +\d{4}-\d\d-\d\d\b", shown), shown
    chain = run(clinic, "documents", "chain", one, EREPO_LANGUAGE="pl").stdout
    assert "stan: zarchiwizowany" in chain
