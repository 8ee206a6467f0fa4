"""Finding documents of other providers in P1, and fetching chosen ones into the local base.

    interrupted                         left behind                        the same command again
    before P1 is asked                  the search, an emergency's alarm   asks under a new search
    P1 answered, list not written       the same                           the same
    fetched, content not durable        a draft, swept later               fetches again
    content durable, row not committed  content without a row              fetches again, the octets are one
    **row, origin, mark committed**     the document                       says: known

Everything abroad only reads, so nothing has to be asked about afterwards. A document is refused where its
octets, or the patient whom it names, are not what P1's index promised.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.header import is_cda, read_header
from erepo.cda.kinds import KINDS, Kind
from erepo.clinic import audit
from erepo.clinic.abroad import ledger
from erepo.clinic.abroad.asking import CODES, Why
from erepo.clinic.abroad.emergencies import note_emergency
from erepo.clinic.abroad.errors import AbroadDiffers, DaysWrong, KindNotInP1
from erepo.clinic.abroad.ledger import Listed, Search, choose, read_search, settle
from erepo.clinic.abroad.origins import Origin, keep_origin
from erepo.clinic.account import load_connection
from erepo.clinic.actor import actor_of
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.database import Database
from erepo.clinic.intake import Beside, Intake, Outcome, Received, Receiver, Status
from erepo.clinic.intake.patients import PatientFacts
from erepo.clinic.permissions import Permission, require
from erepo.clinic.rest.abroad import AbroadClient, abroad_client
from erepo.clinic.rest.errors import AnswerInvalid, ServiceRefusal, ServiceTrouble
from erepo.clinic.tables import document
from erepo.errors import AccessRefused, ConfigurationError, ErepoError, PermanentError
from erepo.identifiers.hl7 import CX
from erepo.settings import Settings
from erepo.soap.errors import BadRequestAnswer

#: Refusals of one document; whatever else the service says is about all of them.
_OF_ONE: Final = frozenset(
    f"p1.abroad-{name}"
    for name in (
        "denied", "refused", "answer-unusable", "repository-unknown", "address-refused", "absent", "differs",
        "too-large", "repository-later",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one document of a search.

    Attributes:
        number: in its list.
        status: taken in, known before, or refused.
        public_id: opaque id here; empty if refused.
        reason: why it was refused.
    """

    number: int
    status: Status
    public_id: str = ""
    reason: ErepoError | None = None


@dataclass(frozen=True)
class Desk:
    """What the work is done with; `client` speaks for the account and the acting person."""

    client: AbroadClient
    database: Database
    settings: Settings


def opening(database: Database, settings: Settings, login: str) -> AbroadClient:
    """Return a client that speaks for the acting person; to be closed.

    Raises:
        NoSuchUser, PermissionMissing: this person may not.
        StaffUnlinked: the person has neither a valid NPWZ nor a valid PESEL: P1 would refuse.
        AccountMissing, PassphraseMissing, WrongPassphrase: see `load_connection`.
    """
    with database.read() as reading:
        user = require(reading, login, Permission.ABROAD)
    connection = load_connection(database, settings)
    return abroad_client(replace(connection, actor=actor_of(user, connection.account)))


def look(database: Database, search_id: str, login: str) -> Search:
    """Return a search to who made it, and may still do so; P1 is not asked.

    Raises:
        NoSuchUser, PermissionMissing: this person may not.
        SearchUnknown: there is none, it is over, or somebody else's.
    """
    with database.read() as connection:
        require(connection, login, Permission.ABROAD)
        return read_search(connection, search_id, login)


def find(
    desk: Desk,
    why: Why,
    *,
    kinds: Sequence[Kind] = (),
    since: date | None = None,
    until: date | None = None,
) -> Search:
    """Ask P1's index for a patient's documents and keep the list for a day.

    Args:
        desk: see there.
        why: whose, who asks, and why.
        kinds: only of these kinds.
        since: created on this Polish day or later.
        until: created on this Polish day or earlier.

    Raises:
        KindNotInP1: P1 has no code for a kind.
        DaysWrong: the last day is before the first.
        ServiceRefusal, ServiceTrouble, ErepoError: see `AbroadClient.search`.
    """
    codes = [_code_of(kind) for kind in kinds]
    if since and until and until < since:
        raise DaysWrong
    with desk.database.begin() as connection:
        search_id = ledger.begin(connection, why)
        if why.emergency:
            note_emergency(connection, why, search_id)
        detail = {"purpose": CODES[why.purpose]}
        audit.note(
            connection, "abroad_searched", subject="abroad_search", subject_id=search_id, actor=why.login,
            detail=detail,
        )  # fmt: skip
    found = desk.client.search(why.as_sent(), sorted(set(codes)) or None, since, until)
    with desk.database.begin() as connection:
        ledger.keep(connection, search_id, found)
        return read_search(connection, search_id, why.login)


def _code_of(kind: Kind) -> str:
    code = KINDS[kind].class_code
    if not code:
        raise KindNotInP1(kind=kind.value)
    return code


def fetch(
    desk: Desk,
    search_id: str,
    login: str,
    numbers: Sequence[int] = (),
    progress: Callable[[Fetched], None] | None = None,
) -> list[Fetched]:
    """Fetch documents of a search, one after the other, each committed before the next; may be repeated.

    Args:
        desk: see there.
        search_id: as `find` gave it.
        login: who made the search.
        numbers: of its list; none: all that are not here.
        progress: told each outcome after it is committed.

    Raises:
        NoSuchUser, PermissionMissing, SearchUnknown, NumberUnknown: there is nothing to fetch.
        ServiceRefusal, RetryableError, ErepoError: of all documents alike; what was fetched before stays.
        OSError: our own disk refused.
    """
    search = look(desk.database, search_id, login)
    intake, done = Intake.at(desk.database, desk.settings), []
    for one in choose(search, numbers):
        try:
            outcome = _fetched(desk, intake, search, one)
        except (PermanentError, ServiceTrouble) as error:
            if not _is_of_one(error):
                raise
            outcome = Fetched(one.number, Status.REFUSED, reason=error)
            code = str(error.data.get("code") or error.code)
            with desk.database.begin() as connection:
                settle(connection, search.id, one.number, "refused", code=code)
        done.append(outcome)
        if progress:
            progress(outcome)
    return done


def _is_of_one(error: ErepoError) -> bool:
    """Tell whether an error is about one document, so that others may still come."""
    if isinstance(error, (ServiceRefusal, ServiceTrouble)):
        return error.data["code"] in _OF_ONE
    return not isinstance(error, (AccessRefused, ConfigurationError, AnswerInvalid, BadRequestAnswer))


def _fetched(desk: Desk, intake: Intake, search: Search, one: Listed) -> Fetched:
    if known := _known(desk.database, one):
        with desk.database.begin() as connection:
            settle(connection, search.id, one.number, "known", public_id=known)
        return Fetched(one.number, Status.KNOWN, known)
    if not one.sha1:
        raise AbroadDiffers(what="no hash")
    why, limit = search.why, desk.settings.limits.document
    store = ContentStore.at(desk.settings)
    receiver = Receiver(store, limit if one.size is None else min(limit, one.size))
    wanted = {
        **why.as_sent(),
        "repositoryUniqueId": one.repository_unique_id,
        "uniqueId": one.unique_id,
        "hash": one.sha1,
        "size": one.size,
    }
    try:
        desk.client.fetch(wanted, receiver.write, limit)
        content, digests = receiver.finish()
    finally:
        receiver.abandon()
    facts = PatientFacts(why.patient.id, why.patient.authority_oid)
    received = Received(content, digests, Beside(facts), actor=why.login, origin="foreign")
    try:
        _expect_promised(received, one, why.patient, limit)
    except ErepoError:
        if isinstance(content, Draft):
            store.discard(content)
        raise
    return _taken(desk.database, intake, search, one, received)


def _known(database: Database, one: Listed) -> str:
    """Return the document of this hash and size that is here; empty where there is none."""
    if not one.sha1 or one.size is None:
        return ""
    with database.read() as connection:
        return ledger.here(connection, {one.sha1}).get((one.sha1, one.size), "")


def _expect_promised(received: Received, one: Listed, patient: CX, limit: int) -> None:
    """Hold octets against P1's index, and the patient whom a CDA names against the one who was asked for.

    Raises:
        AbroadDiffers: they differ; a CDA that does not name the patient by the same register proves nothing.
    """
    if received.digests.sha1 != one.sha1:
        raise AbroadDiffers(what="hash")
    if one.size is not None and received.digests.size != one.size:
        raise AbroadDiffers(what="size")
    with received.loaded().octets() as octets:
        if not is_cda(octets):
            return
        named = read_header(octets, limit=limit).patient.ids
    if (patient.authority_oid, patient.id) not in {(each.root, each.extension) for each in named}:
        raise AbroadDiffers(what="patient")


def _taken(database: Database, intake: Intake, search: Search, one: Listed, received: Received) -> Fetched:
    why = search.why
    origin = Origin(
        repository_unique_id=one.repository_unique_id,
        unique_id=one.unique_id,
        institution=one.institution,
        institution_id=one.institution_id,
        purpose=CODES[why.purpose],
        fetched_by=why.login,
    )

    def note(connection: sa.Connection, public_ids: Mapping[str, str]) -> None:
        names = list(public_ids.values())
        keep_origin(connection, names, origin)
        ids = connection.execute(sa.select(document.c.id).where(document.c.public_id.in_(names))).scalars()
        detail: dict[str, Any] = {"repository": one.repository_unique_id, "purpose": CODES[why.purpose]}
        audit.record(connection, "fetched", list(ids), actor=why.login, detail=detail)
        for name in names:
            settle(connection, search.id, one.number, "taken", public_id=name)

    outcome: Outcome = intake.take_received(received, also=note)
    if outcome.status is Status.KNOWN:
        with database.begin() as connection:
            settle(connection, search.id, one.number, "known", public_id=outcome.public_id)
    if outcome.status is Status.REFUSED and outcome.reason is not None:
        raise outcome.reason
    return Fetched(one.number, outcome.status, outcome.public_id)
