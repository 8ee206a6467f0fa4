"""The two ends: the old certificates are retired at the service, or the clinic goes back to them."""

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.rotation import holding, ledger
from erepo.clinic.rotation.deciding import Reason
from erepo.clinic.rotation.errors import NothingToRollBack, RollbackImpossible
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.rotation.switching import STRANGERS, swap
from erepo.clinic.tables import now
from erepo.settings import Settings
from erepo.texts import Text

_COMPROMISED = Text("they are compromised", "zostały ujawnione lub odwołane")
_RETIRING = Text("they are being retired at the service", "są właśnie wycofywane w usłudze")
_UNKNOWN = Text("the service does not accept them any more", "usługa już ich nie przyjmuje")


def published(database: Database, account: str) -> None:
    """Note that the blocks which flows read name the generation in use."""
    found = ledger.under_way(database, account)
    if found is not None and found.stage is Stage.CUT_OVER and found.published_at is None:
        with database.begin() as connection:
            ledger.write(connection, found, published_at=now())


def retire(database: Database, settings: Settings, account: str, *, flows: bool = True) -> bool:
    """Have the service refuse all certificates but those in use, once the overlap is over; wipe the old keys.

    Args:
        database: the clinic's.
        settings: passphrase and time-outs.
        account: 16 digits.
        flows: whether flows run for this clinic: then their blocks must name the new generation first.

    Returns:
        Whether the old ones are retired now.

    Raises:
        ServiceRefusal, AddressUnknown, SecureChannelFailed, RemoteUnavailable, RemoteBusy, RemoteTimeout,
            AnswerInvalid: as `AccountClient`; the step can be repeated.
        StepTaken: another process was faster.
    """
    found = ledger.under_way(database, account)
    if found is not None and found.stage is Stage.CUT_OVER and _over(found, flows=flows):
        with database.begin() as connection:
            # From here on nobody can roll back: the service may refuse the old ones any moment.
            ledger.reach(connection, found, Stage.RETIRING, {})
        found = ledger.under_way(database, account)
    if found is None or found.stage is not Stage.RETIRING:
        return False
    entry = holding.active(database, settings, account)
    with holding.speaking(database, settings, entry) as client:
        client.register_certificates(*entry.certificates(), retire_others=True)
    with database.begin() as connection:
        _end(connection, found, Stage.RETIRED)
    return True


def rollback(database: Database, settings: Settings, account: str) -> Stage:
    """Go back to the old certificates while the service accepts them; before the cut-over, give up.

    Returns:
        `rolled back`, or `abandoned` where the old ones were in use still.

    Raises:
        NothingToRollBack: no rotation is under way.
        RollbackImpossible: the old ones are compromised, retired, or refused by the service.
        RemoteUnavailable, RemoteBusy, RemoteTimeout: try again later.
        StepTaken: another process was faster.
    """
    found = ledger.under_way(database, account)
    if found is None:
        raise NothingToRollBack(account=account)
    if found.stage.before_cut_over:
        with database.begin() as connection:
            _end(connection, found, Stage.ABANDONED)
        return Stage.ABANDONED
    if found.stage is Stage.RETIRING or found.reason is Reason.COMPROMISED:
        raise _impossible(account, _RETIRING if found.stage is Stage.RETIRING else _COMPROMISED)
    try:
        with holding.speaking(database, settings, found) as client:
            if not client.certificates().accepts(found.fingerprints):
                raise _impossible(account, _UNKNOWN)
    except STRANGERS:
        raise _impossible(account, _UNKNOWN) from None
    with database.begin() as connection:
        gone: dict[str, object] = dict.fromkeys(ledger.KEYS)
        swap(connection, found, Stage.ROLLED_BACK, finished_at=now(), **gone)
    return Stage.ROLLED_BACK


def _over(found: Rotation, *, flows: bool) -> bool:
    known = found.published_at is not None or not flows
    return known and found.retire_after is not None and found.retire_after <= now()


def _end(connection: sa.Connection, found: Rotation, stage: Stage) -> None:
    gone: dict[str, object] = dict.fromkeys(ledger.KEYS)
    ledger.reach(connection, found, stage, {}, finished_at=now(), **gone)


def _impossible(account: str, why: Text) -> RollbackImpossible:
    return RollbackImpossible(account=account, reason_en=why.en, reason_pl=why.pl)
