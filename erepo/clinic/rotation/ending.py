"""The two ends: the old certificates are retired at the service, or the clinic goes back to them.

Either way one pair is left over at the service, and is retired there over a connection and a token of the
pair that stays. After a rollback the row of the ledger has ended, and its `retire_after` notes that this is
still to be done: a crash, or a service that is away, leaves the note, and every later run looks for it.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.rotation import holding, ledger
from erepo.clinic.rotation.deciding import Reason
from erepo.clinic.rotation.errors import NothingToRollBack, RollbackImpossible
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.stages import Stage
from erepo.clinic.rotation.switching import STRANGERS, swap
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import Text

#: How long the service goes on accepting a pair that was given back, for flows that began with it.
GRACE: Final = timedelta(days=1)
_BACK: Final = (Stage.ROLLED_BACK, Stage.ABANDONED)
_COMPROMISED = Text("they are compromised", "zostały ujawnione lub odwołane")
_RETIRING = Text("they are being retired at the service", "są właśnie wycofywane w usłudze")
_UNKNOWN = Text("the service does not accept them any more", "usługa już ich nie przyjmuje")


def published(database: Database, account: str) -> None:
    """Note that the blocks which flows read name the generation in use."""
    found = _last(database, account)
    if found is not None and found.stage in (Stage.CUT_OVER, Stage.ROLLED_BACK) and not found.published_at:
        with database.begin() as connection:
            ledger.write(connection, found, published_at=now())


def retire(database: Database, settings: Settings, account: str, *, flows: bool = True) -> bool:
    """Have the service refuse all certificates but those in use, once the overlap is over; wipe the old keys.

    Also after a rollback, of the pair that was given back.

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
    if found is None:
        return _retire_given_back(database, settings, account, flows=flows)
    if found.stage is not Stage.RETIRING:
        return False
    _retire_others(database, settings, account)
    with database.begin() as connection:
        _end(connection, found, Stage.RETIRED)
    return True


def rollback(database: Database, settings: Settings, account: str, *, flows: bool = True) -> Stage:
    """Go back to the old certificates while the service accepts them; before the cut-over, give up.

    The service is told to refuse the pair that was given back: at once, or, where flows may work with it,
    by `retire` a day later. What could not be told now is told by `retire` as well.

    Args:
        database: the clinic's.
        settings: passphrase and time-outs.
        account: 16 digits.
        flows: whether flows run for this clinic, with blocks that may name the new generation.

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
        # The service may know the new pair, also where its answer was lost; no flow has ever used it.
        known = found.stage in (Stage.RECEIVED, Stage.REGISTERED)
        with database.begin() as connection:
            _end(connection, found, Stage.ABANDONED, retire_after=now() if known else None)
        _try_to_retire(database, settings, account, flows=flows)
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
        moment = now()
        later = {"published_at": None, "retire_after": moment + GRACE if flows else moment}
        swap(connection, found, Stage.ROLLED_BACK, finished_at=moment, **gone, **later)
    _try_to_retire(database, settings, account, flows=flows)
    return Stage.ROLLED_BACK


def _retire_given_back(database: Database, settings: Settings, account: str, *, flows: bool) -> bool:
    found = _last(database, account)
    if found is None or found.stage not in _BACK or not _over(found, flows=flows):
        return False
    _retire_others(database, settings, account)
    with database.begin() as connection:
        ledger.write(connection, found, retire_after=None)
        ledger.noted(connection, found, "certificates_given_back_retired")
    return True


def _try_to_retire(database: Database, settings: Settings, account: str, *, flows: bool) -> None:
    """The way back is committed: what the service says to its last step must not make it look undone."""
    with suppress(ErepoError):
        _retire_given_back(database, settings, account, flows=flows)


def _retire_others(database: Database, settings: Settings, account: str) -> None:
    entry = holding.active(database, settings, account)
    with holding.speaking(database, settings, entry) as client:
        client.register_certificates(*entry.certificates(), retire_others=True)


def _last(database: Database, account: str) -> Rotation | None:
    with database.read() as connection:
        return ledger.find_last(connection, account)


def _over(found: Rotation, *, flows: bool) -> bool:
    known = found.published_at is not None or not flows or found.stage is Stage.ABANDONED
    return known and found.retire_after is not None and found.retire_after <= now()


def _end(connection: sa.Connection, found: Rotation, stage: Stage, **values: object) -> None:
    gone: dict[str, object] = dict.fromkeys(ledger.KEYS)
    ledger.reach(connection, found, stage, {}, finished_at=now(), **gone, **values)


def _impossible(account: str, why: Text) -> RollbackImpossible:
    return RollbackImpossible(account=account, reason_en=why.en, reason_pl=why.pl)
