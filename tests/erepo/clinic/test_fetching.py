"""Documents of another provider: a second, real service is the foreign repository."""

import asyncio
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cli.fetch import app
from erepo.clinic.abroad.origins import Origin, origin_of
from erepo.clinic.account import load_bundles
from erepo.clinic.content import ContentStore
from erepo.clinic.fetching import (
    Desk,
    DocumentAbsent,
    FetchedDiffers,
    FetchReport,
    Place,
    RepositoryKnown,
    RepositoryNameInvalid,
    RepositoryUnknown,
    TrustUnreadable,
    Wanted,
    add_place,
    connect,
    fetch,
    read_place,
)
from erepo.clinic.fetching import service as fetching
from erepo.clinic.intake import Intake, Status
from erepo.clinic.rest import AccountClient
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_abroad import document_origin
from erepo.content import MemoryContent, digest, read_all
from erepo.errors import RetryableError
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import PESEL
from tests.support import cda_documents as cda
from tests.support.chains import another_patient
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import make_entry, make_submission, new_oid
from tests.support.documents import identity

PATIENT = CX("44051401359", PESEL)


@dataclass
class World:
    """A clinic with its own service, and the service of another provider that lets it in."""

    clinic: Clinic
    foreign: RunningCloud
    place: Place

    def fetch(self, *wanted: Wanted, place: Place | None = None) -> FetchReport:
        """Fetch as the command does."""
        return asyncio.run(self._fetch(wanted, place or self.place))

    async def _fetch(self, wanted: tuple[Wanted, ...], place: Place) -> FetchReport:
        clinic = self.clinic
        intake = Intake.at(clinic.database, clinic.settings)
        async with connect(clinic.database, clinic.settings, place) as cloud:
            return await fetch(Desk(cloud, place, clinic.database, intake, "doctor"), wanted)

    def deposit(self, octets: bytes) -> str:
        """Let the other provider's repository have a document; return its uniqueId."""
        unique_id = new_oid()

        async def provide() -> None:
            async with connect(self.clinic.database, self.clinic.settings, self.place) as cloud:
                entry = make_entry(unique_id, PATIENT)
                await cloud.provide(make_submission((entry, octets), patient=PATIENT))

        asyncio.run(provide())
        return unique_id

    def row(self, public_id: str) -> sa.Row[tuple[object, ...]]:
        """Return the row of a document."""
        with self.clinic.database.read() as connection:
            return connection.execute(sa.select(document).where(document.c.public_id == public_id)).one()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two services: the clinic has its account in one, the other knows its certificates as well."""
    folder, account = tmp_path_factory.mktemp("fetching"), "0000000000002222"
    with (
        running_cloud(folder / "own", start=False) as own,
        running_cloud(folder / "foreign", start=False) as foreign,
        new_clinic(folder / "clinic", own.add_tenant(account)) as clinic,
    ):
        # The other provider knows the authority of our certificates, and lets our account in.
        foreign.home.add_trust(own.ca.read_bytes())
        foreign.order(account)
        foreign.start()
        tls, wss = load_bundles(clinic.database, clinic.settings, account)
        address = f"{foreign.url}/services/{account}"
        with AccountClient(address, account, tls, foreign.ca.read_bytes(), clinic.settings.http) as client:
            facts = client.activate(wss.certificate_pem)
        place = Place(
            name="neighbour",
            repository_unique_id=facts.repository_unique_id,
            repository_url=f"{address}/xds/repository",
            service_url=address,
            trust_pem=foreign.ca.read_text(),
            registry_url=f"{address}/xds/registry",
        )
        with clinic.database.begin() as connection:
            add_place(connection, place, actor="staff")
        yield World(clinic, foreign, place)


@pytest.fixture
def octets() -> bytes:
    """A document that nobody has yet."""
    return cda.document().replace(identity("A1").encode(), identity(new_oid()).encode())


def test_a_foreign_document_is_kept_as_ours_are(world: World, octets: bytes) -> None:
    """It is fetched, held against its entry, durable, marked as foreign, due for archiving, and audited."""
    unique_id = world.deposit(octets)
    (one,) = world.fetch(Wanted(unique_id)).documents
    assert one.status is Status.TAKEN
    row = world.row(one.public_id)
    assert (row.origin, row.state, row.kind) == ("foreign", "local", "lab_result")
    assert row.due_at is not None
    assert row.due_at <= now()
    assert read_all(ContentStore.at(world.clinic.settings).open(row.sha256)) == octets
    with world.clinic.database.read() as connection:
        events = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.actor, audit_event.c.detail)
            .where(audit_event.c.document_id == row.id)
            .order_by(audit_event.c.id)
        ).all()
    assert [(event.event, event.actor) for event in events] == [("taken_in", "doctor"), ("fetched", "doctor")]
    assert events[1].detail == {"repository": world.place.repository_unique_id}


def test_the_origin_stands_beside_the_document(world: World, octets: bytes) -> None:
    """Where it comes from is a row of its own; what was fetched before has it from the history."""
    unique_id = world.deposit(octets)
    (one,) = world.fetch(Wanted(unique_id)).documents
    number = world.row(one.public_id).id
    migration = importlib.import_module("erepo.clinic.migrations.versions.v0017_abroad")
    with world.clinic.database.begin() as connection:
        origin = origin_of(connection, number)
        expected = Origin(world.place.repository_unique_id, unique_id, fetched_by="doctor")
        assert origin == expected
        connection.execute(document_origin.delete())
        migration._fill(connection, document_origin)
        assert origin_of(connection, number) == replace(expected, unique_id="")


def test_again_it_is_known(world: World, octets: bytes) -> None:
    """The same document again is known, also when another run asked first."""
    unique_id = world.deposit(octets)
    first, again = (world.fetch(Wanted(unique_id)).documents[0] for _ in range(2))
    assert (first.status, again.status) == (Status.TAKEN, Status.KNOWN)
    assert first.public_id == again.public_id


def test_attachments_get_the_patient_of_the_entry(world: World) -> None:
    """A document that names nobody belongs to whom its entry in the foreign registry names."""
    unique_id = world.deposit(b"%PDF-1.7 " + new_oid().encode())
    (one,) = world.fetch(Wanted(unique_id)).documents
    assert one.status is Status.TAKEN
    without = replace(world.place, registry_url="")
    unique_id = world.deposit(b"%PDF-1.7 " + new_oid().encode())
    (one,) = world.fetch(Wanted(unique_id), place=without).documents
    assert one.reason is not None
    assert one.reason.code == "patient.unknown"
    (one,) = world.fetch(Wanted(unique_id, patient=PATIENT), place=without).documents
    assert one.status is Status.TAKEN


def test_what_is_not_there_does_not_stop_the_others(world: World, octets: bytes) -> None:
    """Unknown to the registry, or to the repository alone: told for each; the others are fetched."""
    unique_id = world.deposit(octets)
    report = world.fetch(Wanted(new_oid()), Wanted(unique_id))
    assert [one.status for one in report.documents] == [Status.REFUSED, Status.TAKEN]
    assert isinstance(report.documents[0].reason, DocumentAbsent)
    assert not report.complete
    (one,) = world.fetch(Wanted(new_oid()), place=replace(world.place, registry_url="")).documents
    assert isinstance(one.reason, DocumentAbsent)
    assert "XDSDocumentUniqueIdError" in str(one.reason)


@pytest.mark.parametrize("wrong", [{"sha1": "0" * 40}, {"size": 1}])
@pytest.mark.parametrize("asked", [True, False])
def test_other_octets_than_promised(
    world: World, octets: bytes, wrong: dict[str, object], asked: bool
) -> None:
    """What differs from the promised hash or size is refused, whether the registry or the octets show it."""
    unique_id = world.deposit(octets)
    place = world.place if asked else replace(world.place, registry_url="")
    (one,) = world.fetch(Wanted(unique_id, **wrong), place=place).documents  # type: ignore[arg-type]
    assert isinstance(one.reason, FetchedDiffers)
    with world.clinic.database.read() as connection:
        sha256 = digest(MemoryContent(octets)).sha256
        found = connection.execute(sa.select(document.c.id).where(document.c.sha256 == sha256)).first()
    assert found is None


@pytest.mark.parametrize("asked", [True, False])
def test_a_document_of_somebody_else(world: World, asked: bool) -> None:
    """A repository that answers with another patient's document puts nothing among that patient's papers."""
    mine = cda.document(patient=another_patient()).replace(
        identity("A1").encode(), identity(new_oid()).encode()
    )
    unique_id = world.deposit(mine)
    place = world.place if asked else replace(world.place, registry_url="")
    (one,) = world.fetch(Wanted(unique_id, patient=PATIENT), place=place).documents
    assert isinstance(one.reason, FetchedDiffers)
    assert "patient" in str(one.reason)
    assert "02070803628" not in str(one.reason)
    if asked:
        # The entry names whom it was deposited for, the document somebody else.
        (one,) = world.fetch(Wanted(unique_id)).documents
        assert isinstance(one.reason, FetchedDiffers)
        other = CX("02070803628", PESEL)
        (one,) = world.fetch(Wanted(unique_id, patient=other), place=place).documents
        assert isinstance(one.reason, FetchedDiffers)


def test_an_answer_about_another_document(
    world: World, octets: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that answers with another document than asked for gives nothing."""
    unique_id = world.deposit(octets)
    real = fetching.DocumentRequest

    def other(repository: str, _: str, home: str) -> object:
        return real(repository, unique_id, home)

    monkeypatch.setattr(fetching, "DocumentRequest", other)
    (one,) = world.fetch(Wanted(new_oid()), place=replace(world.place, registry_url="")).documents
    assert isinstance(one.reason, DocumentAbsent)


def test_a_crash_before_the_commit_is_fetched_again(
    world: World, octets: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between content and row, nothing is there; the next run takes the document in."""
    unique_id = world.deposit(octets)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fetching.audit, "record", crash)
        with pytest.raises(KeyboardInterrupt):
            world.fetch(Wanted(unique_id))
    (one,) = world.fetch(Wanted(unique_id)).documents
    assert one.status is Status.TAKEN


def test_the_command(world: World, octets: bytes, tmp_path: Path) -> None:
    """Repositories are added, listed and removed, and documents fetched, in words and as JSON."""
    unique_id, trust = world.deposit(octets), tmp_path / "trust.pem"
    trust.write_text(world.place.trust_pem)
    environment = {**world.clinic.environment, "EREPO_LANGUAGE": "pl"}

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner(env=environment).invoke(app, arguments)
        return done.exit_code, done.output

    assert run("repositories", "remove", "neighbour") == (
        0, "Usunięto repozytorium neighbour; pobrane z niego dokumenty pozostają.\n",
    )  # fmt: skip
    options = ["--id", world.place.repository_unique_id, "--url", world.place.repository_url]
    added = run("repositories", "add", "neighbour", *options, "--trust", str(trust))
    assert added == (0, "Dodano repozytorium neighbour.\n")
    assert world.place.repository_url in run("repositories", "list")[1]
    assert "BEGIN CERTIFICATE" in run("repositories", "list", "--json")[1]
    status, told = run("documents", "neighbour", unique_id)
    assert (status, "przyjęto jako" in told) == (0, True)
    status, told = run("documents", "neighbour", unique_id, "--json")
    assert (status, '"status":"known"' in told) == (0, True)
    status, told = run("documents", "neighbour", new_oid())
    assert (status, "nie udostępnia dokumentu" in told) == (1, True)
    assert run("documents", "nobody", unique_id)[0] == 1
    assert run("documents", "neighbour", "1", "2", "--size", "3")[0] == 2


def test_a_patient_is_never_taken_from_the_arguments() -> None:
    """Whoever lists the processes would read it: refused before anything is opened, and not repeated."""
    done = CliRunner().invoke(app, ["documents", "other", "1.2.3", "--patient", "44051401359"])
    assert done.exit_code == 2
    assert "--patient -" in done.output
    assert "44051401359" not in done.output


def test_places_are_checked(world: World) -> None:
    """Names, addresses, ids and certificates of a foreign repository have their forms; each is known once."""
    good = replace(world.place, name="other", repository_unique_id=new_oid())
    wrong = [
        replace(good, name="Other One"),
        replace(good, repository_unique_id="x"),
        replace(good, repository_url="http://x/"),
        replace(good, registry_url="https://user@x/"),
        replace(good, home_community_id="1.2.3"),
    ]
    with world.clinic.database.begin() as connection:
        for one in wrong:
            with pytest.raises(RepositoryNameInvalid):
                add_place(connection, one, actor="staff")
        with pytest.raises(TrustUnreadable):
            add_place(connection, replace(good, trust_pem="nothing"), actor="staff")
        with pytest.raises(RepositoryKnown):
            add_place(connection, replace(world.place, name="twice"), actor="staff")
        with pytest.raises(RepositoryUnknown):
            read_place(connection, "nobody")


def test_nobody_answers(world: World, octets: bytes) -> None:
    """Where nobody answers, the whole run ends as one to be repeated; what was fetched stays."""
    unique_id = world.deposit(octets)
    world.foreign.kill()
    try:
        with pytest.raises(RetryableError):
            world.fetch(Wanted(unique_id))
    finally:
        world.foreign.start()
    assert world.fetch(Wanted(unique_id)).complete
