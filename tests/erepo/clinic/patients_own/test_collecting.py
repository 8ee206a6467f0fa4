"""Documents of patients on their way into the clinic: over a real service, ended at every step."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.attachments import embedded_files
from erepo.cda.header import read_header
from erepo.cda.media import PDF
from erepo.clinic.content import ContentStore
from erepo.clinic.patients_own import collect, collecting, ledger
from erepo.clinic.rest import AccountClient
from erepo.clinic.states import State, move
from erepo.clinic.tables import audit_event, document, patient
from erepo.clinic.tables_chain import chain_link
from erepo.errors import RetryableError
from erepo.identifiers.oids import PESEL
from tests.support import cda_documents as cda
from tests.support.crashing import Crash, fail_at
from tests.support.documents import identity
from tests.support.patients_own import OTHER, PATIENT, Site, World, jpeg, pdf, png
from tests.support.ports import free_port

#: Every step of a collection that leaves something behind, or sends something.
STEPS: tuple[tuple[Any, str], ...] = (
    (AccountClient, "own_documents"),
    (AccountClient, "own_document"),
    (ContentStore, "put_all"),
    (ledger, "keep"),
    (ContentStore, "check"),
    (AccountClient, "settle_own_document"),
    (ledger, "note_settled"),
)
STEPS_ASIDE = (*STEPS[:2], (collecting, "write_durably"), *(STEPS[place] for place in (3, 5, 6)))


@pytest.mark.parametrize("make", [pdf, jpeg, png])
def test_a_file_becomes_a_document_of_the_patient(world: World, make: Any) -> None:
    """A PDF or picture lies inside a PIK document of the right kind and patient; the patient sees so."""
    octets = make()
    told = world.portal.give(octets, clinic=world.one.account, title="Morfologia z maja")
    assert told["state"] == "given"
    done = world.one.collect()
    assert (done.taken, done.refused, done.failed, done.told) == (1, 0, 0, 1)
    row, kept = world.one.became(told["id"])
    assert (row.kind, row.title, row.origin) == ("own_patient_document", "Morfologia z maja", "patient")
    assert row.state == "local"
    assert row.due_at is not None
    assert [one.octets for one in embedded_files(kept, len(kept))] == [octets]
    assert read_header(kept).warnings == ()
    assert world.portal.state(told["id"]) == "taken"
    assert world.one.collect().as_json()["told"] == 0


def test_a_medical_document_stays_as_it_is(world: World) -> None:
    """A CDA document is kept octet for octet; what it says of the patient changes nothing that we know."""
    octets = cda.document().replace(identity("A1").encode(), identity("own-1").encode())
    octets = octets.replace("Próbny".encode(), b"Przemalowany")
    with world.one.clinic.database.begin() as connection:
        known = {"identifier": PATIENT.id, "authority": PESEL}
        mine = (patient.c.identifier == PATIENT.id) & (patient.c.authority == PESEL)
        if connection.execute(sa.select(patient.c.id).where(mine)).first() is None:
            connection.execute(patient.insert().values(**known, family=""))
        connection.execute(patient.update().where(mine).values(given="Jan", family="Kowalski"))
    told = world.portal.give(octets, clinic=world.one.account)
    assert world.one.collect().taken == 1
    row, kept = world.one.became(told["id"])
    assert (kept, row.kind) == (octets, "own_patient_document")
    with world.one.clinic.database.read() as connection:
        assert (
            connection.scalar(sa.select(patient.c.family).where(patient.c.id == row.patient_key))
            == "Kowalski"
        )
    # Wrapped ones name the patient as the clinic does.
    told = world.portal.give(pdf(), clinic=world.one.account)
    world.one.collect()
    assert read_header(world.one.became(told["id"])[1]).patient.family == "Kowalski"


def test_each_clinic_gets_its_own(world: World) -> None:
    """What is given to one clinic is neither shown to the other nor given to it by its id."""
    for_one = world.portal.give(pdf(), clinic=world.one.account)
    same = pdf()
    for_both = [world.portal.give(same, clinic=site.account) for site in (world.one, world.two)]
    with world.two.collector() as desk:
        assert [each.id for each in desk.client.own_documents().documents] == [for_both[1]["id"]]
        for foreign in (for_one["id"], for_both[0]["id"]):
            with pytest.raises(Exception, match="no document of this id"):
                desk.client.own_document(foreign, lambda _: None)
            with pytest.raises(Exception, match="no document of this id"):
                desk.client.settle_own_document(foreign, sha256(same).hexdigest())
    assert (world.two.collect().taken, world.one.collect().taken) == (1, 2)
    assert {world.portal.state(each["id"]) for each in (for_one, *for_both)} == {"taken"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_loses_and_doubles_nothing(world: World, when: str) -> None:
    """Wherever the process ends, the next run has the document once, and the service is told then."""
    crashes = 0
    for moment in range(1, 20):
        before, octets = world.one.count(), pdf()
        told = world.portal.give(octets, clinic=world.one.account)
        ended = crashed(world.one, moment, when, STEPS)
        entry = world.one.entry(told["id"])
        if entry is None:  # not here for sure: then it must still be there
            assert world.portal.state(told["id"]) in ("given", "offered")
        world.one.collect()
        assert world.one.count() == before + 1
        _, kept = world.one.became(told["id"])
        assert embedded_files(kept, len(kept))[0].octets == octets
        assert world.one.entry(told["id"]).settled_at is not None
        assert world.portal.state(told["id"]) == "taken"
        if not ended:
            break
        crashes += 1
    assert crashes >= len(STEPS) - 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_one_is_put_aside(world: World, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused one is put aside durably before the service lets it go, wherever the process ends."""
    crashes = 0
    for moment in range(1, 20):
        octets = pdf()
        told = world.portal.give(octets, clinic=world.one.account)
        monkeypatch.setattr(collecting, "prepare", refuse)
        ended = crashed(world.one, moment, when, STEPS_ASIDE)
        if world.one.entry(told["id"]) is None:
            assert world.portal.state(told["id"]) in ("given", "offered")
        world.one.collect()
        assert (aside(world.one) / told["id"]).read_bytes() == octets
        seen = world.portal.seen()[told["id"]]
        assert (seen["state"], seen["reason"]["pl"] != "") == ("refused", True)
        if not ended:
            break
        crashes += 1
    assert crashes >= len(STEPS_ASIDE) - 1


def crashed(site: Site, moment: int, when: str, steps: Any) -> bool:
    """Collect in a process that ends at a step; tells whether it did."""
    with pytest.MonkeyPatch.context() as patch:
        fell = fail_at(moment, when, patch, steps)
        try:
            site.collect()
        except Crash:
            return True
        return fell()


def refuse(*_: object) -> Any:
    """Stand for a check that is stricter here than at the service."""
    raise collecting.InvalidInput


def aside(site: Site) -> Path:
    """Return where refused ones lie."""
    return site.clinic.settings.clinic_home / "patients-own" / "refused"


def test_a_hostile_service_is_not_believed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service lets through is judged again and put aside; the patient reads why in general terms."""
    monkeypatch.setattr("erepo.cloud.patients_own.giving.given_type", lambda *_: PDF)
    hostile = {
        b"PK\x03\x04 an archive": "unsupported",
        pdf(b"<< /S /JavaScript >>"): "unsupported",
        b"%PDF-1.4 half": "unreadable",
        png(60_000, 60_000): "too-large",
        cda.document(): "another-patient",
    }
    given = {}
    for octets, reason in hostile.items():
        patient_of = OTHER if reason == "another-patient" else PATIENT
        given[world.portal.give(octets, clinic=world.one.account, patient=patient_of)["id"]] = (
            octets,
            reason,
        )
    fine = world.portal.give(pdf(), clinic=world.one.account)
    before = world.one.count()
    done = world.one.collect()
    assert (done.taken, done.refused, done.failed) == (1, len(hostile), 0)
    assert world.one.count() == before + 1
    seen = world.portal.seen()
    assert seen[fine["id"]]["state"] == "taken"
    for document_id, (octets, reason) in given.items():
        assert (aside(world.one) / document_id).read_bytes() == octets
        entry = world.one.entry(document_id)
        assert (entry.state, entry.reason, bool(entry.code)) == ("refused", reason, True)
        assert seen[document_id]["state"] == "refused"


def test_other_octets_than_announced_confirm_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that changes on its way is left where it is, and does not stop the others."""
    broken, fine = (world.portal.give(pdf(), clinic=world.one.account) for _ in range(2))
    real = AccountClient.own_document

    def garbled(client: AccountClient, document_id: str, pour: Any) -> None:
        real(client, document_id, (lambda _: pour(b"x")) if document_id == broken["id"] else pour)

    with monkeypatch.context() as patch:
        patch.setattr(AccountClient, "own_document", garbled)
        done = world.one.collect()
    assert (done.taken, done.failed, done.reasons["patients-own.differs"]) == (1, 1, 1)
    assert (world.portal.state(broken["id"]), world.portal.state(fine["id"])) == ("offered", "taken")
    assert world.one.collect().taken == 1


def test_a_rotten_copy_is_not_confirmed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has been read back equal the service keeps it; whole again, it is confirmed."""
    told = world.portal.give(pdf(), clinic=world.one.account)
    with monkeypatch.context() as patch:
        patch.setattr(AccountClient, "settle_own_document", lost)
        with pytest.raises(RetryableError):
            world.one.collect()
    row, octets = world.one.became(told["id"])
    path = ContentStore.at(world.one.clinic.settings).path(row.sha256)
    path.chmod(0o600)
    path.write_bytes(octets[:-1] + b" ")
    assert world.one.collect().failed == 1
    assert world.portal.state(told["id"]) == "offered"
    path.write_bytes(octets)
    done = world.one.collect()
    assert (done.told, done.taken, done.failed) == (1, 0, 0)
    assert world.portal.state(told["id"]) == "taken"


def lost(*_: object, **__: object) -> None:
    """Stand for an answer that never came."""
    raise RetryableError


def test_two_at_once_make_one(world: World) -> None:
    """Another process that collects in the same moment makes no second document."""
    told = world.portal.give(pdf(), clinic=world.one.account)
    before = world.one.count()
    with world.one.collector() as desk, pytest.MonkeyPatch.context() as patch:
        real = collecting.prepare

        def slowly(*given: Any) -> Any:
            patch.undo()
            assert collect(desk).taken == 1
            return real(*given)

        patch.setattr(collecting, "prepare", slowly)
        assert world.one.collect().known == 1
    assert world.one.count() == before + 1
    assert world.portal.state(told["id"]) == "taken"


def test_nobody_answers(world: World) -> None:
    """Without the service nothing changes here; later it goes on."""
    told = world.portal.give(pdf(), clinic=world.one.account)
    port = world.service.settings.cloud_port
    world.one.clinic.reach_through(free_port())
    try:
        with pytest.raises(RetryableError):
            world.one.collect()
    finally:
        world.one.clinic.reach_through(port)
    assert world.portal.state(told["id"]) == "given"
    assert world.one.collect().taken == 1


def test_the_history_tells_who_brought_it(world: World) -> None:
    """The document's history and the ledger's event bear no number and no title of the patient."""
    told = world.portal.give(pdf(), clinic=world.one.account, title="Tajny tytuł")
    world.one.collect()
    with world.one.clinic.database.read() as connection:
        rows = connection.execute(sa.select(audit_event).where(audit_event.c.actor == "patient")).all()
    assert {row.event for row in rows} >= {"taken_in", "own_document_taken"}
    assert told["id"] in str(rows)
    assert "Tajny" not in str(rows)
    assert PATIENT.id not in str(rows)


def test_a_patient_replaces_nothing_of_the_clinics(world: World) -> None:
    """A CDA document that says it replaces the clinic's own is no newer version of it."""
    own = cda.document().replace(identity("A1").encode(), identity("clinic-1").encode())
    world.one.clinic.take_in([own], world.one.clinic.settings.clinic_home / "in")
    parent = identity("clinic-1")
    related = f'<relatedDocument typeCode="RPLC"><parentDocument>{parent}</parentDocument></relatedDocument>'
    newer = cda.document(rest=related).replace(identity("A1").encode(), identity("patient-1").encode())
    told = world.portal.give(newer, clinic=world.one.account)
    assert world.one.collect().taken == 1
    row, _ = world.one.became(told["id"])
    with world.one.clinic.database.read() as connection:
        wanted = chain_link.c.document_id == row.id
        (link,) = connection.execute(sa.select(chain_link).where(wanted)).all()
    assert link.predecessor_id is None


def test_a_patient_takes_no_number_of_the_clinics(world: World) -> None:
    """A CDA document under the number that the clinic gives next is neither it nor an older version."""
    taken, related = identity("clinic-7"), "<parentDocument>{}</parentDocument></relatedDocument>"
    first = cda.document().replace(identity("A1").encode(), taken.encode())
    forged = first.replace(b"<title>Wynik</title>", b"<title>Podrobiony</title>")
    told = world.portal.give(forged, clinic=world.one.account)
    assert world.one.collect().taken == 1
    newer = cda.document(rest='<relatedDocument typeCode="RPLC">' + related.format(taken))
    newer = newer.replace(identity("A1").encode(), identity("clinic-8").encode())
    world.one.clinic.take_in([newer, first], world.one.clinic.settings.clinic_home / "in")
    row, kept = world.one.became(told["id"])
    assert (kept, row.unique_id.startswith("2.25.")) == (forged, True)
    with world.one.clinic.database.read() as connection:
        wanted = sa.select(document).where(document.c.sha256 == sha256(first).hexdigest())
        real = connection.execute(wanted).one()
        link = sa.select(chain_link.c.predecessor_id).where(
            chain_link.c.parent_unique_id == real.unique_id, chain_link.c.predecessor_id.is_not(None)
        )
        assert connection.execute(link).scalars().all() == [real.id]
    assert real.unique_id.endswith("clinic-7")


def test_what_was_removed_is_not_called_received(world: World) -> None:
    """A patient gives a document that the clinic has removed: it is put aside, and the patient is told so."""
    octets = cda.document().replace(identity("A1").encode(), identity("removed-1").encode())
    world.one.clinic.take_in([octets], world.one.clinic.settings.clinic_home / "in")
    digest = sha256(octets).hexdigest()
    with world.one.clinic.database.begin() as connection:
        (row,) = connection.scalars(sa.select(document.c.id).where(document.c.sha256 == digest)).all()
        move(connection, [row], State.LOCAL, State.DELETED, "removed")
    told = world.portal.give(octets, clinic=world.one.account)
    assert world.one.collect().reasons["patients-own.removed"] == 1
    assert (aside(world.one) / told["id"]).read_bytes() == octets
    assert world.portal.state(told["id"]) == "refused"


def test_what_was_collected_is_archived(world: World) -> None:
    """The registry takes a wrapped file as the kind it is, with the patient as its author."""
    told = world.portal.give(pdf(), clinic=world.two.account)
    world.two.collect()
    asyncio.run(world.two.clinic.send_all())
    row, kept = world.two.became(told["id"])
    assert (row.state, row.reason_code) == ("archived", None)
    assert row.sha256 == sha256(kept).hexdigest()
