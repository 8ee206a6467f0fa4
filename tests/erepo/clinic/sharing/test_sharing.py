"""Sharing against the real service: who sees what, from when until when, and until somebody revokes it."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from erepo.clinic.permissions import NoSuchUser, PermissionMissing
from erepo.clinic.sharing import ConsentState, Recipient, Wanted, draft, ledger, settling
from erepo.clinic.sharing.errors import ConsentFixed, ConsentUnknown, DocumentsWaiting, ValidityWrong
from erepo.clinic.tables import audit_event, document, staff
from tests.support.sharing_desk import (
    END,
    FROM,
    LOGIN,
    MATTER,
    OTHER_PESEL,
    PESEL,
    SECOND,
    SharingDesk,
)

S = ConsentState


async def test_a_chosen_document_is_archived_sent_seen_and_revoked(desk: SharingDesk) -> None:
    """What was not archived goes first; the recipient sees that one alone; after the revocation nothing."""
    shown, hidden = desk.local(2)
    name = desk.draft([shown])
    assert (desk.state(name), desk.remote(name)) == (S.DRAFT, None)
    done = await desk.share(name)
    assert (done.state, done.documents, done.archived, done.problem) == (S.ACTIVE, 1, 1, None)
    assert desk.sees(shown)
    assert not desk.sees(hidden)
    assert not desk.sees(shown, desk.world.bystander)
    assert json.loads(desk.row(name).body)["case"] == MATTER
    assert (await desk.share(name)).state is S.ACTIVE
    assert (await desk.revoke(name)).state is S.REVOKED
    assert not desk.sees(shown)
    told = desk.remote(name)
    assert told is not None
    assert told["state"] == "revoked"
    assert (await desk.revoke(name)).state is S.REVOKED
    assert desk.events(name) == [
        "consent_drafted",
        "consent_ordered",
        "consent_sealed",
        "consent_confirmed",
        "consent_revocation_ordered",
        "consent_revoked",
    ]
    with desk.clinic.database.read() as connection:
        about = sa.select(audit_event.c.event).join(document, document.c.id == audit_event.c.document_id)
        events = connection.execute(about.where(document.c.public_id == shown).order_by(audit_event.c.id))
        assert [one for one in events.scalars() if one.startswith("shar")] == [
            "sharing_ordered",
            "shared",
            "sharing_revoked",
        ]


async def test_the_patient_sees_own_documents_alone(desk: SharingDesk) -> None:
    """A consent for the patient needs no number: the documents say whose they are."""
    name, [shown] = await desk.given(recipient=Recipient.patient())
    assert desk.unique_id(shown) in desk.patient_sees(PESEL)
    assert desk.patient_sees(OTHER_PESEL) == set()
    assert not desk.sees(shown)
    await desk.revoke(name)
    assert desk.unique_id(shown) not in desk.patient_sees(PESEL)


@pytest.mark.parametrize(
    ("moment", "state", "sees"),
    [
        (FROM - SECOND, S.SCHEDULED, False),
        (FROM, S.ACTIVE, True),
        (END - SECOND, S.ACTIVE, True),
        (END, S.EXPIRED, False),
    ],
)
async def test_to_the_second(desk: SharingDesk, moment: object, state: S, sees: bool) -> None:
    """One second before, at and after either end: both sides say the same, written down or not."""
    desk.at(FROM - timedelta(hours=1))
    name, [shown] = await desk.given()
    assert desk.row(name).state == S.SCHEDULED
    desk.at(moment)  # type: ignore[arg-type]
    assert (desk.state(name), desk.sees(shown)) == (state, sees)
    told = desk.remote(name)
    assert told is not None
    assert told["state"] == state
    await desk.settle()
    assert desk.row(name).state == state


async def test_only_who_may_and_only_what_can_be(desk: SharingDesk) -> None:
    """No permission, no such consent, a time that is over, a consent that has ended: each in words."""
    ids = desk.local(1)
    with desk.clinic.database.begin() as connection:
        connection.execute(staff.insert().values(login="ktos"))
    wanted = Wanted(ids, Recipient.patient(), "", "2031-06-01", MATTER)
    with pytest.raises(PermissionMissing, match="--permission share"):
        draft(desk.clinic.database, wanted, "ktos")
    with pytest.raises(NoSuchUser):
        draft(desk.clinic.database, wanted, "nikt")
    with pytest.raises(ConsentUnknown):
        await desk.share("00000000-0000-4000-8000-000000000000")
    name = desk.draft(ids)
    desk.at(END)
    with pytest.raises(ValidityWrong, match="over"):
        await desk.share(name)
    desk.at(FROM)
    assert (await desk.revoke(name)).state is S.REVOKED  # never sent: nothing to ask the service for
    with pytest.raises(ConsentFixed, match="revoked"):
        await desk.share(name)
    assert desk.remote(name) is None
    other, _ = await desk.given()
    desk.at(END)
    await desk.settle()
    with pytest.raises(ConsentFixed, match="expired"):
        await desk.revoke(other)
    assert LOGIN


async def test_what_is_kept_back_keeps_no_other_waiting(
    desk: SharingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call takes care of some consents: those that wait for something do not fill every call."""
    monkeypatch.setattr(settling, "MOST", 1)
    kept, fresh = (desk.draft(desk.local(1)) for _ in range(2))
    for name in (kept, fresh):
        ledger.order(desk.clinic.database, name, LOGIN, desk.moment)
    ledger.note_problem(desk.clinic.database, kept, DocumentsWaiting(count=1))
    assert (await desk.settle()).sent == 1
    assert (desk.state(kept), desk.state(fresh)) == (S.ORDERED, S.ACTIVE)
    assert (await desk.settle()).sent == 1
    assert desk.state(kept) is S.ACTIVE
