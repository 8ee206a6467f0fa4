"""Steps 4 and 5: the service accepts old and new; the new are proven; the clinic uses the new only."""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.onboarding.certificates import prove
from erepo.clinic.onboarding.ledger import GENERATION, Entry, Generation
from erepo.clinic.onboarding.ledger import find as find_entry
from erepo.clinic.onboarding.ledger import write as write_entry
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.rest import Certificates
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.rotation import holding, ledger
from erepo.clinic.rotation.deciding import Reason
from erepo.clinic.rotation.errors import AccountNotActive, NewNotProven, OldRefused
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.soap.errors import AddressUnknown, ForbiddenAnswer, SecureChannelFailed

#: How a service shows that it does not know a certificate.
STRANGERS: Final = (AddressUnknown, ForbiddenAnswer, SecureChannelFailed)

#: What the service says to those whose certificates were revoked.
REVOKED: Final = frozenset({"certificates.revoked", "certificates.signer-revoked"})

_NO_PINS = Pins()


def register(database: Database, settings: Settings, account: str, pins: Pins = _NO_PINS) -> None:
    """Have the service accept the new certificates beside the old ones, unless that is done.

    Where the service refuses the old ones (expired, revoked), its operator may have registered the new ones:
    then they speak for themselves.

    Raises:
        CertificateRefused: a certificate is not good any more.
        OldRefused: the service knows neither the old nor the new ones.
        NewNotProven: it does not name the new ones as accepted.
        ServiceRefusal, RemoteUnavailable, RemoteBusy, RemoteTimeout, AnswerInvalid: as `AccountClient`.
        StepTaken: another process was faster.
    """
    found = ledger.under_way(database, account)
    if found is None or found.stage is not Stage.RECEIVED:
        return
    prove(found, *found.certificates(), found.chain, pins)
    entry = holding.active(database, settings, account)
    try:
        with holding.speaking(database, settings, entry) as client:
            answer = client.register_certificates(*found.certificates())
    except (*STRANGERS, ServiceRefusal) as refusal:
        if isinstance(refusal, ServiceRefusal) and refusal.data["code"] not in REVOKED:
            raise
        answer = _known_already(database, settings, found, refusal)
    _accepted(answer, found)
    with database.begin() as connection:
        ledger.reach(connection, found, Stage.REGISTERED, {}, registered_at=now())


def _known_already(
    database: Database, settings: Settings, found: Rotation, refusal: ErepoError
) -> Certificates:
    try:
        with holding.speaking(database, settings, found) as client:
            return client.certificates()
    except (*STRANGERS, ServiceRefusal):
        raise OldRefused(account=found.account, reason=refusal.code) from None


def cut_over(database: Database, settings: Settings, account: str, overlap: timedelta) -> None:
    """Prove the new pair by a request made with it, then use it alone; the old one is kept for the way back.

    The request travels on a channel of the new TLS pair and carries a token that the new WSS key signed.

    Args:
        database: the clinic's.
        settings: passphrase and time-outs.
        account: 16 digits.
        overlap: how long the service goes on accepting the old ones, for what is under way; none if they are
            compromised.

    Raises:
        NewNotProven: the service does not accept the new ones; the old ones stay in use.
        ServiceRefusal, RemoteUnavailable, RemoteBusy, RemoteTimeout, AnswerInvalid: as `AccountClient`.
        StepTaken: another process was faster.
    """
    found = ledger.under_way(database, account)
    if found is None or found.stage is not Stage.REGISTERED:
        return
    try:
        with holding.speaking(database, settings, found) as client:
            _accepted(client.certificates(), found)
    except STRANGERS as refusal:
        raise NewNotProven(account=account, reason=refusal.code) from None
    moment = now()
    wait = timedelta(0) if found.reason is Reason.COMPROMISED else overlap
    with database.begin() as connection:
        swap(connection, found, Stage.CUT_OVER, cut_over_at=moment, retire_after=moment + wait)


def swap(connection: sa.Connection, found: Rotation, target: Stage, **values: Any) -> Entry:
    """Let the ledger's row and the rotation's row exchange their generations; the caller's transaction.

    Returns:
        The generation that was in use.
    """
    entry = find_entry(connection, found.account)
    if entry is None:
        raise AccountNotActive(account=found.account)
    ledger.reach(connection, found, target, {}, **{**_columns(entry), **values})
    write_entry(connection, found.account, **_columns(found))
    return entry


def _columns(generation: Generation) -> dict[str, bytes]:
    return {name: getattr(generation, name) for name in GENERATION}


def _accepted(answer: Certificates, found: Generation) -> None:
    if not answer.accepts(found.fingerprints):
        raise NewNotProven(account=found.account, reason="not listed as active")
