"""What the checks look at: read once, shared by all of them, each piece only when somebody asks for it."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from erepo.acting import Tokens
from erepo.clinic.account import keys_folder
from erepo.clinic.actor import actor_of
from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.database import Database, open_database
from erepo.clinic.diagnosis.asking import Asker, Visit, bounded
from erepo.clinic.diagnosis.errors import MailNotConfigured, ServiceNotTrusted
from erepo.clinic.mail import Mailer
from erepo.clinic.occupancy import CLOUD, repository_in_use
from erepo.clinic.structure import User, read_archiving_user
from erepo.clinic.tables import onboarding
from erepo.errors import ErepoError
from erepo.pki import Bundle
from erepo.settings import Settings
from erepo.soap.errors import SecureChannelFailed

_T = TypeVar("_T")


class Once(Generic[_T]):
    """Work that is done by whoever asks first; all others get the same answer, or the same error."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work, self._lock = work, threading.Lock()
        self._answers: list[_T] = []
        self._error: Exception | None = None

    def __call__(self) -> _T:
        """Return the answer.

        Raises:
            Exception: what the work raised.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            if not self._answers:
                try:
                    self._answers.append(self._work())
                except Exception as error:
                    self._error = error
                    raise
            return self._answers[0]


@dataclass(frozen=True)
class PrefectPlace:
    """Where Prefect is.

    Attributes:
        api: address of its API, `http://…/api`.
        login: `user:password`; empty where it asks for none.
        pool: the work pool that the deployments run in.
    """

    api: str
    login: str = field(default="", repr=False)
    pool: str = "erepo"


@dataclass(frozen=True)
class Credentials:
    """The account's certificates and encrypted keys as they are kept, in PEM; nothing of it is judged yet."""

    tls: bytes = field(repr=False)
    tls_key: bytes = field(repr=False)
    wss: bytes = field(repr=False)
    wss_key: bytes = field(repr=False)
    chain: bytes = field(default=b"", repr=False)

    def pairs(self) -> tuple[tuple[str, bytes, bytes], ...]:
        """Return (purpose, certificate, key) of both."""
        return ("TLS", self.tls, self.tls_key), ("WSS", self.wss, self.wss_key)


def _no_mail_server() -> Mailer:
    raise MailNotConfigured(what="erepo-mail-server/clinic")


class Ground:
    """One installation under examination; to be closed.

    Args:
        settings: of the installation.
        prefect: where Prefect is; None where it is not used.
        mailer: returns the outgoing mail server, or raises why there is none.
        test_mail: address to send a test mail to; empty sends none.
    """

    def __init__(
        self,
        settings: Settings,
        prefect: PrefectPlace | None = None,
        mailer: Callable[[], Mailer] = _no_mail_server,
        test_mail: str = "",
    ) -> None:
        self.settings, self.prefect, self.test_mail = settings, prefect, test_mail
        self.mailer = Once(mailer)
        self.database = Once(self._database)
        self.account = Once(self._account)
        self.user = Once(self._user)
        self.credentials = Once(self._credentials)
        self.visit = Once(self._visit)

    def close(self) -> None:
        """Close the database."""
        try:
            database = self.database()
        except ErepoError:
            return
        if database is not None:
            database.close()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for others."""
        address = sa.make_url(self.settings.clinic_url)
        return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None

    def asker(self) -> Asker:
        """Return a client of the account's services, not opened yet.

        Raises:
            AccountMissing, KeyMismatch, WrongPassphrase, PassphraseMissing…: the keys cannot be used.
            ServiceNotTrusted: the authority of the service cannot be read.
        """
        row, keys = self._known(), self.credentials()
        passphrase = self.settings.passphrase
        tls = Bundle.from_pem(keys.tls, keys.tls_key, passphrase, keys.chain)
        wss = Bundle.from_pem(keys.wss, keys.wss_key, passphrase, keys.chain)
        try:
            user = self.user()
            token = Tokens(actor_of(user, row.account), wss, row.service_url) if user else None
        except ErepoError:
            token = None  # a check of its own tells
        limits = bounded(self.settings.http, self.settings.diagnosis.seconds * 0.6)
        try:
            return Asker(row.service_url, row.account, tls, row.trust_pem.encode(), limits, token)
        except (ssl.SSLError, UnicodeError) as error:
            # The authority kept here is no certificate at all.
            reason = getattr(error, "reason", None) or type(error).__name__
            raise ServiceNotTrusted(address=row.service_url, reason=reason) from None

    def _known(self) -> Any:
        row = self.account()
        if row is None:
            raise AccountMissing(what="account")
        return row

    def _database(self) -> Database | None:
        """Open it without bringing it up to date, and without making one where there is none."""
        if self.file is not None and not self.file.exists():
            return None
        return open_database(self.settings.clinic_url)

    def _account(self) -> Any:
        database = self.database()
        if database is None:
            return None
        with database.read() as connection:
            return repository_in_use(connection, CLOUD)

    def _user(self) -> User | None:
        database = self.database()
        if database is None:
            return None
        with database.read() as connection:
            return read_archiving_user(connection)

    def _credentials(self) -> Credentials:
        name = self._known().account
        database = self.database()
        assert database is not None
        with database.read() as connection:
            kept = connection.execute(sa.select(onboarding).where(onboarding.c.account == name)).first()
        if kept is not None and kept.tls_certificate and kept.wss_certificate:
            return Credentials(
                kept.tls_certificate,
                kept.tls_key_pem,
                kept.wss_certificate,
                kept.wss_key_pem,
                kept.chain or b"",
            )
        folder = keys_folder(self.settings, name)
        try:
            tls, wss = ((folder / f"{one}.pem").read_bytes() for one in ("tls", "wss"))
            tls_key, wss_key = ((folder / f"{one}.key").read_bytes() for one in ("tls", "wss"))
        except FileNotFoundError as error:
            raise AccountMissing(what=Path(error.filename).name) from None
        return Credentials(tls, tls_key, wss, wss_key)

    def _visit(self) -> Visit:
        try:
            asker = self.asker()
        except SecureChannelFailed as error:
            return Visit(None, error, 0.0, None)
        with asker:
            return asker.visit()
