"""The flows share-documents, revoke-consent and settle-consents, against the real service."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect.settings import PREFECT_HOME

from erepo.clinic.permissions import Permission, grant
from erepo.clinic.sharing import Recipient, Wanted, draft
from erepo.clinic.tables import document, patient, staff
from erepo.clinic.tables_sharing import consent
from flows.import_documents import import_documents
from flows.revoke_consent import revoke_consent
from flows.settle_consents import settle_consents
from flows.share_documents import share_documents
from tasks import sharing
from tests.flows.test_import_documents import newest
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.prefect import written

pytestmark = PREFECT
#: Marks that must be nowhere in Prefect.
MATTER, NAME, NUMBER = "Sprawa-Znak-Wodny", "Gzegzolka Odbiorca", "02070803628"


@pytest.fixture
def impatient_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks try again at once."""
    for one in (sharing.send_consent, sharing.deliver_revocation):
        monkeypatch.setattr(one, "retry_delay_seconds", [0] * one.retries)
        monkeypatch.setattr(one, "retry_jitter_factor", None)


async def filled(clinic: ClinicUnderTest) -> tuple[str, str]:
    """Take documents in; return the login of somebody who may share, and one document."""
    clinic.drop(13)
    await import_documents(quiet_seconds=0)
    with clinic.database.begin() as connection:
        login = str(connection.execute(sa.select(staff.c.login)).scalars().first())
        grant(connection, login, Permission.SHARE, actor="test")
        wanted = sa.select(document.c.public_id).where(document.c.kind == "lab_result")
        return login, str(connection.execute(wanted).scalars().first())


def states(clinic: ClinicUnderTest) -> dict[str, str]:
    """Return the state of every consent."""
    with clinic.database.read() as connection:
        return {row.id: row.state for row in connection.execute(sa.select(consent.c.id, consent.c.state))}


@pytest.mark.usefixtures("impatient_sharing")
async def test_shared_and_revoked_in_prefect(
    connected: ClinicUnderTest, cloud: RunningCloud, prefect_database: Path
) -> None:
    """By a consent's id and by documents; down and up again; and nothing of anybody enters Prefect."""
    login, one = await filled(connected)
    whom = Recipient.person(NUMBER, NAME)
    name = draft(connected.database, Wanted([one], whom, "", "2031-01-01", MATTER), login)
    await share_documents(login, consent=name)
    assert states(connected) == {name: "active"}
    page = await newest("share-summary")
    assert f"Consent `{name}`: **valid**." in page
    assert "| of these, archived by this run | 1 |" in page

    await share_documents(login, documents=[one], valid_until="2031-01-01")
    assert sorted(states(connected).values()) == ["active", "active"]

    cloud.stop()
    failed = await revoke_consent(login, name, return_state=True)
    assert failed.is_failed()
    assert "goes on by itself" in str(failed.message)
    assert states(connected)[name] == "revoking"
    assert (await settle_consents(return_state=True)).is_failed()
    assert "| still open | 1 |" in await newest("settle-summary")
    cloud.start()
    await settle_consents()
    assert states(connected)[name] == "revoked"
    assert "| revoked | 1 |" in await newest("settle-summary")
    await settle_consents()  # nothing is open: nobody is asked
    [other] = [key for key, state in states(connected).items() if state == "active"]
    await revoke_consent(login, other)
    assert f"Consent `{other}`: **revoked**." in await newest("revoke-summary")

    with connected.database.read() as connection:
        people = connection.execute(sa.select(patient.c.identifier, patient.c.family)).all()
        names = connection.execute(sa.select(document.c.unique_id, document.c.sha256)).all()
    marks = {text for row in [*people, *names] for text in row if len(text) > 4} | {MATTER, NAME, NUMBER}
    texts = list(written(prefect_database, PREFECT_HOME.value()))
    assert {where for one in marks for where, text in texts if one in text} == set()


async def test_only_who_may(connected: ClinicUnderTest) -> None:
    """A user without the permission is refused in words, by both flows, before anybody is asked."""
    login, one = await filled(connected)
    name = draft(connected.database, Wanted([one], Recipient.patient(), "", "2031-01-01", MATTER), login)
    with connected.database.begin() as connection:
        connection.execute(staff.insert().values(login="ktos"))
    for state in (
        await share_documents("ktos", consent=name, return_state=True),
        await revoke_consent("ktos", name, return_state=True),
    ):
        assert state.is_failed()
        assert "--permission share" in str(state.message)
    assert states(connected) == {name: "draft"}


async def test_a_consent_or_documents(connected: ClinicUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both at once, or neither, are refused in the installation's language; nothing is written down."""
    login, one = await filled(connected)
    before = states(connected)
    name = "00000000-0000-4000-8000-000000000000"
    for state in (
        await share_documents(login, return_state=True),
        await share_documents(login, consent=name, documents=[one], return_state=True),
    ):
        assert state.is_failed()
        assert "Give either the id of a consent, or documents" in str(state.message)
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    polish = await share_documents(login, return_state=True)
    assert "OneOfTwo: Podaj albo identyfikator zgody, albo dokumenty" in str(polish.message)
    assert "Wypełnij jedno z tych dwóch pól." in str(polish.message)
    assert states(connected) == before
