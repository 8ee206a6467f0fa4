"""Which documents may be shared: each refusal names the document by its opaque id, and nothing else."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from erepo.clinic.deleting import delete_documents
from erepo.clinic.migrating import Selection, look, migrate, migrate_batch, plan
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.retention import confirm_list, execute, propose
from erepo.clinic.shared import DocumentsShared
from erepo.clinic.sharing import ConsentState, Recipient, Search, find
from erepo.clinic.sharing.errors import DocumentsUnfit, DocumentsWrong, RecipientWrong
from erepo.clinic.states import State
from erepo.clinic.tables import document, now, staff
from erepo.identifiers.hl7 import CX
from tests.support.chains import PRESCRIPTION, version
from tests.support.cloud import ACCOUNT
from tests.support.ports import free_port
from tests.support.sharing import READER
from tests.support.sharing_desk import FROM, LOGIN, OTHER_PESEL, PESEL, SharingDesk

S = ConsentState


def put(desk: SharingDesk, ids: list[str], state: State) -> None:
    """Put documents into a state as something else would."""
    with desk.clinic.database.begin() as connection:
        connection.execute(document.update().where(document.c.public_id.in_(ids)).values(state=state.value))


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.REJECTED, "rejected"),
        (State.BLOCKED, "blocked"),
        (State.MIGRATING, "migrating"),
        (State.DELETED, "deleted"),
    ],
)
def test_states_that_cannot_be_shared(desk: SharingDesk, state: State, code: str) -> None:
    """Named with what to do; the good one beside it is not blamed, and nothing is written down."""
    good, bad = desk.local(2)
    put(desk, [bad], state)
    with pytest.raises(DocumentsUnfit) as refused:
        desk.draft([good, bad])
    assert (refused.value.data["documents"], refused.value.data["codes"]) == ([bad], [code])
    assert bad in str(refused.value)
    assert good not in str(refused.value)


async def test_other_refusals(desk: SharingDesk) -> None:
    """Another patient's, a kind that is not archived, none, unknown, our own account."""
    [mine], [other] = desk.local(), desk.foreign()
    with pytest.raises(DocumentsUnfit) as refused:
        desk.draft([mine, other])
    assert refused.value.data["codes"] == ["other-patient"]
    with pytest.raises(DocumentsUnfit) as refused:
        desk.draft(desk.local(**PRESCRIPTION))
    assert refused.value.data["codes"] == ["kind-off"]
    for wrong in ([], ["0" * 32], [mine, "f" * 32]):
        with pytest.raises(DocumentsWrong):
            desk.draft(wrong)
    with pytest.raises(RecipientWrong):
        desk.draft([mine], Recipient.of_account(ACCOUNT))


async def test_what_became_unfit_between_draft_and_sending(desk: SharingDesk) -> None:
    """Before the order it stays a draft; after it the consent is refused, with the document to blame."""
    [one] = desk.local()
    name = desk.draft([one])
    put(desk, [one], State.BLOCKED)
    with pytest.raises(DocumentsUnfit):
        await desk.share(name)
    assert desk.state(name) is S.DRAFT
    put(desk, [one], State.REJECTED)
    with desk.clinic.database.begin() as connection:
        connection.execute(sa.text("UPDATE consent SET state='ordered' WHERE id=:id"), {"id": name})
    settled = await desk.settle()
    assert settled.consents == {name: "refused"}
    assert desk.row(name).reason["documents"] == {one: "rejected"}


async def test_refused_by_the_service(desk: SharingDesk) -> None:
    """It blames a document that we took for archived: refused, told by its opaque id, nothing kept there."""
    [one, two] = desk.local(2)
    put(desk, [one], State.ARCHIVED)  # it never was there
    name = desk.draft([one, two])
    done = await desk.share(name)
    assert (done.state, done.unfit, done.archived) == (S.REFUSED, {one: "not-there"}, 1)
    assert done.problem is not None
    assert desk.remote(name) is None
    put(desk, [one], State.LOCAL)


async def test_a_newer_version_is_not_shown(desk: SharingDesk) -> None:
    """After a replacement the recipient keeps the version that was chosen, and does not see the newer one."""
    [old] = desk.take_in(version(1, name="V", series="SV"))
    name = desk.draft([old])
    assert (await desk.share(name)).done
    [new] = desk.take_in(version(2, name="V", series="SV"))
    other = desk.draft([new], Recipient.patient())
    assert (await desk.share(other)).done
    assert (desk.sees(old), desk.sees(new)) == (True, False)
    with pytest.raises(DocumentsUnfit) as refused:
        desk.draft([old])
    assert refused.value.data["codes"] == ["replaced"]
    third = desk.draft([new])
    assert (await desk.share(third)).done
    assert desk.sees(new)


async def test_who_waits_keeps_nobody_waiting(desk: SharingDesk) -> None:
    """Consents whose documents wait for an older version stay ordered, without an alarm; others go on."""
    waiting = []
    for series in ("W1", "W2", "W3"):
        [older] = desk.take_in(version(1, name=series, series=series))
        with desk.clinic.database.begin() as connection:
            later = document.update().where(document.c.public_id == older)
            connection.execute(later.values(due_at=FROM + timedelta(days=30)))
        [newer] = desk.take_in(version(2, name=series, series=series))
        waiting.append(desk.draft([newer]))
        done = await desk.share(waiting[-1])
        assert done.problem is not None
        assert (done.state, done.problem.code) == (S.ORDERED, "sharing.waiting")
    ready = desk.draft(desk.local())
    assert (await desk.share(ready, free_port())).state is S.ORDERED
    settled = await desk.settle()
    assert (settled.consents, settled.open, settled.problem) == ({ready: "active"}, 3, None)
    for name in waiting:
        await desk.revoke(name)


async def test_what_is_shared_stays_in_the_repository(desk: SharingDesk) -> None:
    """Neither migrated nor deleted nor destroyed while a consent shows it; free again once it has ended."""
    name, [one] = await desk.given()
    database = desk.clinic.database
    chosen = Selection(ids=(one,))
    with pytest.raises(DocumentsShared, match="erepo consents revoke"):
        look(database, chosen, LOGIN)
    assert look(database, Selection(everything=True), LOGIN).shared >= 1
    async with desk.clinic.connection() as cloud:
        with pytest.raises(DocumentsShared):
            await migrate(cloud, database, chosen, LOGIN)
        with database.begin() as connection:  # of a kind that may be deleted
            wanted = document.c.public_id == one
            connection.execute(document.update().where(wanted).values(kind="prescription"))
        with pytest.raises(DocumentsShared):
            await delete_documents(cloud, database, [one], LOGIN)
        assert desk.sees(one)
        await desk.revoke(name)
        assert (await delete_documents(cloud, database, [one], LOGIN)).deleted == [one]


async def test_shared_after_a_migration_was_planned(desk: SharingDesk) -> None:
    """Whoever shares a document before its turn comes keeps it there; the migration leaves it out."""
    name, [one] = await desk.given()
    await desk.revoke(name)
    async with desk.clinic.connection() as cloud:
        planned = plan(desk.clinic.database, desk.clinic.settings, Selection(ids=(one,)), LOGIN)
        again = desk.draft([one])
        assert (await desk.share(again)).done
        result = await migrate_batch(cloud, desk.clinic.database, planned.batches[0])
    assert (result.migrated, result.skipped) == (0, 1)
    assert desk.sees(one)


async def test_destroyed_only_when_nobody_is_shown_it(desk: SharingDesk) -> None:
    """A shared document is not proposed, and drops out of an older list; what is destroyed leaves no name."""
    (first, [one]), (_, [two]) = await desk.given(), await desk.given()
    await desk.revoke(first)
    database, settings = desk.clinic.database, desk.clinic.settings
    with database.begin() as connection:
        connection.execute(staff.insert().values(login="druga", npwz="1234567"))
        grant(connection, "druga", Permission.DESTROY, actor="test")
        old = document.c.public_id.in_([one, two])
        connection.execute(document.update().where(old).values(destroy_after_year=2020))

    proposal = propose(database, 2024, LOGIN, now())
    assert proposal.documents == 1  # the other one is shared
    again = desk.draft([one])
    assert (await desk.share(again)).done
    async with desk.clinic.connection() as cloud:
        done = await execute(cloud, database, settings, confirm_list(database, proposal.id, "druga", now()))
        assert (done.destroyed, done.dropped) == (0, {"shared": 1})
        await desk.revoke(again)
        proposal = propose(database, 2024, LOGIN, now())
        done = await execute(cloud, database, settings, confirm_list(database, proposal.id, "druga", now()))
    assert (done.destroyed, done.dropped) == (1, {})
    for name in (first, again):
        row = desk.row(name)
        assert (row.body, row.revocation, row.matter, row.recipient_account) == (None, None, "-", None)


async def test_a_purged_document_is_shared_as_before(desk: SharingDesk) -> None:
    """Its content here may leave; a consent only needs it there, and may be given after that as well."""
    name, [one] = await desk.given()
    put(desk, [one], State.REMOTE)
    assert desk.sees(one)
    assert (await desk.share(desk.draft([one], Recipient.patient()))).done
    assert desk.state(name) is S.ACTIVE


async def test_the_register(desk: SharingDesk) -> None:
    """Search by patient, recipient, document, state and time; pages by key; nothing of a person in a list."""
    [one] = desk.foreign()
    first = desk.draft([one], Recipient.person(PESEL, "Anna Nowak"))
    second = desk.draft([one])
    assert (await desk.share(second)).done

    def ids(**wanted: object) -> list[str]:
        with desk.clinic.database.read() as connection:
            return [line.id for line in find(connection, Search(**wanted), FROM)]  # type: ignore[arg-type]

    root = "2.16.840.1.113883.3.4424.1.1.616"
    assert ids(document=one) == [second, first]
    assert set(ids(patient=CX(OTHER_PESEL, root))) >= {first, second}
    assert ids(recipient=CX(PESEL, root), document=one) == [first]
    assert ids(document=one, states=[S.ACTIVE]) == [second]
    assert ids(document=one, open=True) == [second]
    assert ids(document=one, account=READER, valid_at=FROM) == [second]
    assert ids(document=one, limit=1) == [second]
    assert ids(document=one, after=second) == [first]
    with desk.clinic.database.read() as connection:
        shown = repr(find(connection, Search(document=one), FROM))
    assert not any(text in shown for text in (PESEL, OTHER_PESEL, "Nowak", "Sprawa"))
