"""Waiting for people: questions, refusals, reminders, giving up; the office by hand."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from erepo.clinic import onboarding
from erepo.clinic.mail import Mailer
from erepo.clinic.mail.errors import MailUnavailable
from erepo.clinic.onboarding import Step, errors
from erepo.clinic.onboarding.ledger import Entry, require
from erepo.clinic.tables import audit_event
from erepo.clinic.tables import onboarding as table
from erepo.pki.errors import KeyMismatch
from erepo.sandbox.office import desk
from erepo.sandbox.office.service import Office
from tests.erepo.clinic.onboarding.conftest import Clinic
from tests.support.office import CLINIC

RUN, OTHER = "run-1", "run-2"


def entry(clinic: Clinic) -> Entry:
    """The account's row."""
    return require(clinic.database, clinic.account)


def test_a_question_stays_the_same_until_it_is_answered(clinic: Clinic) -> None:
    """Each run has its own question under a key that changes only with an answer."""
    clinic.request()
    ask = onboarding.ask
    first = ask(clinic.database, clinic.account, RUN, connection="clinic", folder="/box")
    assert first == ask(clinic.database, clinic.account, RUN, connection="clinic", folder="/box")
    assert ask(clinic.database, clinic.account, OTHER) == first
    onboarding.answered(clinic.database, clinic.account, RUN)
    onboarding.answered(clinic.database, clinic.account, RUN)
    assert entry(clinic).waiting.runs == {OTHER: first}
    assert entry(clinic).waiting.round == 1
    assert ask(clinic.database, clinic.account, RUN) == "certificates-2"


def test_a_refusal_is_kept_in_words_until_certificates_pass(clinic: Clinic) -> None:
    """Whoever is asked next reads in either language why; what passes ends it."""
    clinic.request()
    clinic.mail()
    onboarding.refuse(clinic.database, clinic.account, KeyMismatch())
    kept = entry(clinic).refusal
    assert kept is not None
    assert (kept.explain("pl"), kept.explain("en")) == (
        KeyMismatch().explain("pl"),
        KeyMismatch().explain("en"),
    )
    assert [each.account for each in onboarding.open_accounts(clinic.database)] == [clinic.account]
    clinic.collect()
    assert entry(clinic).refusal is None
    assert onboarding.open_accounts(clinic.database) == []


def test_a_received_account_stays_open_while_a_run_sleeps(clinic: Clinic) -> None:
    """Whoever brought the certificates may have been unable to wake the run: somebody else will."""
    clinic.request()
    clinic.mail()
    onboarding.ask(clinic.database, clinic.account, RUN)
    clinic.collect()
    assert len(onboarding.open_accounts(clinic.database)) == 1
    onboarding.answered(clinic.database, clinic.account, RUN)
    assert onboarding.open_accounts(clinic.database) == []


def let_pass(clinic: Clinic, days: float) -> None:
    """Move what was mailed and reminded into the past."""
    row = entry(clinic)
    earlier = {"mailed_at": row.mailed_at, "reminded_at": row.reminded_at}
    moved = {name: value - timedelta(days=days) for name, value in earlier.items() if value}
    with clinic.database.begin() as connection:
        connection.execute(sa.update(table).where(table.c.account == clinic.account).values(moved))


def test_the_office_is_reminded_once_per_interval(clinic: Clinic) -> None:
    """Not before its time, once, and again after as long; a failed reminder is tried again."""
    office = clinic.world.office
    clinic.request()
    remind = lambda mailer: onboarding.remind(clinic.database, clinic.account, mailer, timedelta(days=3))  # noqa: E731
    assert remind(office.mailer()) is None
    clinic.mail()
    answers = office.answers()
    assert remind(office.mailer()) is None
    let_pass(clinic, 3.1)
    with pytest.raises(MailUnavailable):
        remind(Mailer("127.0.0.1", 1, CLINIC, tls="none", timeout=2))
    assert entry(clinic).reminders == 0
    assert remind(office.mailer()) is not None
    assert remind(office.mailer()) is None
    assert office.answers() == answers + 1
    let_pass(clinic, 3.1)
    assert remind(office.mailer()) is not None
    assert entry(clinic).reminders == 2
    clinic.collect()
    let_pass(clinic, 99)
    assert remind(office.mailer()) is None


def test_an_office_that_works_by_hand(clinic: Clinic) -> None:
    """A request waits, a reminder does not double it, a refusal comes with its reason, then it is issued."""
    office = Office.open(clinic.world.office.home)
    desk.set_mode(office.home, "manual")
    try:
        clinic.request()
        clinic.mail()
        let_pass(clinic, 4)
        onboarding.remind(clinic.database, clinic.account, clinic.world.office.mailer(), timedelta(days=3))
        (waiting,) = [each for each in desk.waiting(office.home) if each.account == clinic.account]
        assert (waiting.sender, waiting.organisation) == (CLINIC, "Przychodnia Testowa")
        with pytest.raises(errors.CertificatesAwaited):
            clinic.collect()
        letter = waiting.letter
        office.refuse_pending(waiting.number, "Konto nie zostało opłacone.")
        with pytest.raises(errors.RefusedByOffice):
            clinic.collect()
        office.answer(letter)
        office.issue_pending(clinic.account)
        assert clinic.account not in [each.account for each in desk.waiting(office.home)]
        clinic.collect()
        assert entry(clinic).step is Step.RECEIVED
    finally:
        desk.set_mode(office.home, "automatic")


def test_the_answer_was_lost(clinic: Clinic) -> None:
    """The first answer vanishes; the reminder brings the same certificates again."""
    box = clinic.world.office.mailbox()
    clinic.request()
    clinic.mail()
    for letter in box.letters():
        box.done(letter.key)
    with pytest.raises(errors.CertificatesAwaited):
        clinic.collect()
    let_pass(clinic, 4)
    onboarding.remind(clinic.database, clinic.account, clinic.world.office.mailer(), timedelta(days=3))
    clinic.collect()
    assert clinic.activate().account == clinic.account


def test_giving_up_destroys_the_keys(clinic: Clinic) -> None:
    """The row goes, the history stays, and a new beginning makes other keys."""
    before = clinic.request()
    clinic.mail()
    onboarding.ask(clinic.database, clinic.account, RUN)
    left = onboarding.abandon(clinic.database, clinic.account)
    assert left.waiting.runs == {RUN: "certificates-1"}
    assert onboarding.progress(clinic.database, clinic.account) is None
    with pytest.raises(errors.NotRequested):
        onboarding.abandon(clinic.database, clinic.account)
    assert clinic.request().tls_csr != before.tls_csr
    with clinic.database.read() as connection:
        events = connection.execute(sa.select(audit_event.c.event).order_by(audit_event.c.id)).scalars().all()
    assert events == ["account_requested", "account_mailed", "account_abandoned", "account_requested"]


def test_an_active_account_is_not_given_up(clinic: Clinic) -> None:
    """Its keys are needed."""
    clinic.onboard()
    with pytest.raises(errors.AccountInUse):
        onboarding.abandon(clinic.database, clinic.account)
    assert entry(clinic).step is Step.ACTIVE
