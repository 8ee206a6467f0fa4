"""The demonstration's one shared document: given to its patient, tried by everybody else.

Nothing of it is looked up in tables: each person signs in at the portal with a code from a mail of their own,
the other account and the other provider send real messages with real certificates.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from rich.table import Table

from erepo.cda.samples.people import make_patient
from erepo.cli import demo_strangers
from erepo.cli.demo_clinic import ACCOUNT
from erepo.cli.demo_portal import Visitor
from erepo.cli.demo_strangers import Target
from erepo.cli.stack import order_account
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.clinic import inviting
from erepo.clinic.account import load_connection
from erepo.clinic.actor import actor_of
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.indexing import LAWFUL, Index, default_login
from erepo.clinic.p1 import registration
from erepo.clinic.permissions import Permission, require
from erepo.clinic.rest.patients import PatientCalls
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.states import DEPOSITED
from erepo.clinic.tables import document, now, patient
from erepo.clinic.tables_indexing import document_index
from erepo.clinic.times import WARSAW
from erepo.identifiers import CX, oids
from erepo.settings import Settings
from erepo.texts import Text, language

_DEPLOYMENT: Final = "share-documents/on-demand"

#: How long the consent counts, until the end of that day.
_SHARED_FOR: Final = timedelta(days=7)

_HEAD = (
    Text("Who looks for it", "Kto go szuka"),
    Text("how", "jak"),
    Text("sees", "widzi"),
)
_TITLE = Text("One shared document", "Jeden udostępniony dokument")
_PORTAL = Text(
    "signs in with the code from a mail, lists, opens", "loguje się kodem z e-maila, lista, odczyt"
)
_SEES = Text("it, byte for byte", "dokument, bajt po bajcie")
_WRONG = Text("NOT AS IT MUST BE ({count})", "NIE TAK, JAK POWINNO BYĆ ({count})")
_NOTHING = Text("nothing", "nic")
_TRIED: Final = {
    "patient": (Text("its patient", "jego pacjent"), _PORTAL),
    "other": (Text("another patient of the clinic", "inny pacjent placówki"), _PORTAL),
    "account": (
        Text("another account of the service", "inne konto w repozytorium"),
        Text("ITI-18 and ITI-43, its own certificates", "ITI-18 i ITI-43, własne certyfikaty"),
    ),
    "provider": (
        Text("another provider, no permit of SOZ", "inny podmiot, bez zgody SOZ"),
        Text("ITI-43 with a token of P1", "ITI-43 z tokenem P1"),
    ),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody saw who looked for the shared document.

    Attributes:
        who: key of `_TRIED`.
        count: documents that they saw, in lists or whole.
        right: whether that is what they must see.
    """

    who: str
    count: int
    right: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The document that is shared, and another patient.

    Attributes:
        public_id: opaque id.
        sha256: of its octets.
        target: what strangers look for.
        other: PESEL of the other patient.
    """

    public_id: str
    sha256: str
    target: Target
    other: str

    def __repr__(self) -> str:
        return f"Chosen({self.public_id})"


def choose(database: Database, hashes: Sequence[str], seed: int) -> Chosen | None:
    """Return one of the documents to be shared, in P1's index where any is; None where none can be.

    Args:
        database: the clinic's.
        hashes: SHA-256 of the documents to choose from.
        seed: of the demonstration; makes another patient where all documents are one patient's.
    """
    columns = (document.c.public_id, document.c.unique_id, document.c.sha256, patient.c.identifier)
    indexed = sa.case((document_index.c.state == Index.INDEXED.value, 0), else_=1)
    query = (
        sa.select(*columns)
        .join(patient, patient.c.id == document.c.patient_key)
        .outerjoin(document_index, document_index.c.document_id == document.c.id)
        .where(
            document.c.sha256.in_(hashes[:500]),
            document.c.kind.in_([kind.value for kind in LAWFUL]),
            document.c.state.in_(DEPOSITED),
            patient.c.authority == oids.PESEL,
        )
        .order_by(indexed, document.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    first = rows[0]
    others = (row.identifier for row in rows if row.identifier != first.identifier)
    other = next(others, None) or make_patient(seed + 2, 0).pesel
    found = registration(database, ACCOUNT)
    p1_id = (found.repository_unique_id if found else "") or ""
    target = Target(CX(first.identifier, oids.PESEL), first.unique_id, p1_id)
    return Chosen(first.public_id, first.sha256, target, other)


class Sharing:
    """Shares one document with its patient, and has everybody look for it.

    Args:
        around: the installation.
        settings: of it, with its secrets.
        database: the clinic's.
        chosen: the document.
        seed: of the demonstration; names the mailboxes.
    """

    def __init__(
        self, around: Surroundings, settings: Settings, database: Database, chosen: Chosen, seed: int
    ) -> None:
        self._around, self._settings, self._database = around, settings, database
        self._chosen, self._seed = chosen, seed

    def share(self, prefect: Prefect, limit: float) -> None:
        """Invite both patients to the portal, then share by the deployment.

        Raises:
            NoSuchUser, PermissionMissing: the default user may not invite or share.
            ServiceRefusal, RetryableError: the service.
            RunFailed, RunNotFinished, PrefectUnavailable: see `Prefect.run`.
        """
        with self._database.read() as connection:
            login = default_login(connection)
            user = require(connection, login, Permission.INVITE)
        account = self._owner()
        account = replace(account, actor=actor_of(user, account.account))
        with account_client(account) as client:
            portal = PatientCalls(client, account.wss)
            for name, pesel in self._people():
                wanted = inviting.Wanted.read(pesel, self._address(name), "", language())
                inviting.invite(self._database, portal, wanted, login)
        parameters = {
            "acting_user": login,
            "documents": [self._chosen.public_id],
            "valid_until": f"{now().astimezone(WARSAW) + _SHARED_FOR:%Y-%m-%d}",
        }
        prefect.run(_DEPLOYMENT, parameters, limit=limit)

    def attempts(self, tell: Callable[[int, int], None]) -> list[Attempt]:
        """Have everybody look for the document.

        Args:
            tell: told how many have looked, and how many there are.

        Raises:
            CodeNotCome, PortalRefused: the portal.
            ErepoError: the service or P1 answers neither with documents nor with a refusal.
        """
        works: dict[str, Callable[[], Attempt]] = {
            name: lambda name=name, pesel=pesel: self._visit(name, pesel)  # type: ignore[misc]
            for name, pesel in self._people()
        }
        works["account"] = self._account
        if self._around.p1_is_ours and self._chosen.target.p1_id:
            works["provider"] = self._provider
        done: list[Attempt] = []
        for work in works.values():
            tell(len(done), len(works))
            done.append(work())
        return done

    def _people(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return ("patient", self._chosen.target.patient.id), ("other", self._chosen.other)

    def _address(self, name: str) -> str:
        return f"{name}-{self._seed}@patients.example"

    def _owner(self) -> CloudConnection:
        return load_connection(self._database, self._settings)

    def _visit(self, name: str, pesel: str) -> Attempt:
        """Sign in as a patient; the one must see the document and nothing else, the other nothing."""
        trust, target = self._around.service_authority.read_bytes(), self._chosen.target
        with Visitor(self._settings, trust, self._address(name)) as visitor:
            visitor.sign_in(pesel)
            listed = visitor.listed()
            octets = visitor.octets(self._owner().account, target.unique_id)
            visitor.sign_out()
        if name == "patient":
            equal = octets is not None and hashlib.sha256(octets).hexdigest() == self._chosen.sha256
            return Attempt(name, len(listed), equal and listed == [target.unique_id])
        count = len(listed) + (octets is not None)
        return Attempt(name, count, count == 0)

    def _account(self) -> Attempt:
        credentials = self._around.home / "demo" / demo_strangers.ACCOUNT
        order_account(self._around, demo_strangers.ACCOUNT, credentials)
        count = demo_strangers.seen_by_account(self._owner(), credentials, self._chosen.target)
        return Attempt("account", count, count == 0)

    def _provider(self) -> Attempt:
        door = f"{self._owner().service_url}/p1/xds/repository"
        count = demo_strangers.seen_by_provider(self._around, self._settings, door, self._chosen.target)
        return Attempt("provider", count, count == 0)


def table(attempts: Sequence[Attempt]) -> Table:
    """Return who saw the shared document, for a person."""
    speak = language()
    shown = Table(title=_TITLE.fill(speak), title_justify="left")
    for head in _HEAD:
        shown.add_column(head.fill(speak))
    for each in attempts:
        shown.add_row(*(words.fill(speak) for words in _TRIED[each.who]), _seen(each))
    return shown


def _seen(attempt: Attempt) -> str:
    if not attempt.right:
        return _WRONG.fill(language(), count=attempt.count)
    return (_SEES if attempt.who == "patient" else _NOTHING).fill(language())


def readable(settings: Settings) -> bool:
    """Tell whether mails to patients can be read here: they are laid into a Maildir."""
    return not settings.portal.smtp_host
