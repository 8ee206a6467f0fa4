"""How the clinic sends mail to the certificate office."""

from typing import TYPE_CHECKING, ClassVar, Literal

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.looks import LOGO, documentation

if TYPE_CHECKING:
    from datetime import date

    from erepo.clinic.mail import ImapMailbox, Mailer


class MailServer(Block):
    """The mail server, used to send certificate requests to the office (manual 1.1 and 2.6).

    Where a mailbox is configured as well, the office's answers are read from it.

    Example:
        Load the block and get a mailer, which knows nothing of Prefect:
        ```python
        from blocks import MailServer

        mailer = MailServer.load("BLOCK_NAME").mailer()
        ```
    """

    _block_type_name: ClassVar[str] = "erepo mail server"
    _block_type_slug: ClassVar[str] = "erepo-mail-server"
    _logo_url = LOGO
    _documentation_url = documentation("mailserver")

    host: str = Field(
        title="Serwer / Host",
        description="Nazwa lub adres serwera SMTP. / Name or address of the SMTP server.",
        examples=["smtp.clinic.example"],
    )
    port: int = Field(
        587,
        ge=1,
        le=65535,
        title="Port / Port",
        description="Port TCP serwera SMTP. / TCP port of the SMTP server.",
    )
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        title="Szyfrowanie / Encryption",
        description="Jak chronione jest połączenie; none tylko na tym samym komputerze. / "
        "How the connection is protected; none only on the same machine.",
    )
    sender: str = Field(
        title="Nadawca / Sender",
        description="Adres nadawcy, na który przychodzą też odpowiedzi. / "
        "Address the mails come from and answers go to.",
    )
    user: str = Field(
        "",
        title="Użytkownik / User",
        description="Nazwa użytkownika; puste, jeśli serwer jej nie wymaga. / "
        "User name, empty where the server asks for none.",
    )
    password: SecretStr = Field(
        SecretStr(""),
        title="Hasło / Password",
        description="Hasło użytkownika; puste, jeśli serwer go nie wymaga. / "
        "Password of the user, empty where the server asks for none.",
    )
    timeout: float = Field(
        30,
        gt=0,
        le=600,
        title="Limit czasu / Time limit",
        description="Ile sekund czekać na serwer. / Seconds to wait for the server.",
    )
    imap_host: str = Field(
        "",
        title="Skrzynka: serwer / Mailbox: host",
        description="Nazwa lub adres serwera IMAP, który odbiera odpowiedzi; puste: nie są odczytywane. / "
        "Name or address of the IMAP server that receives the answers; empty: none is read.",
        examples=["imap.clinic.example"],
    )
    imap_port: int = Field(
        993,
        ge=1,
        le=65535,
        title="Skrzynka: port / Mailbox: port",
        description="Port TCP serwera IMAP. / TCP port of the IMAP server.",
    )
    imap_tls: Literal["tls", "starttls"] = Field(
        "tls",
        title="Skrzynka: szyfrowanie / Mailbox: encryption",
        description="Jak chronione jest połączenie ze skrzynką. / "
        "How the connection to the mailbox is protected.",
    )
    imap_user: str = Field(
        "",
        title="Skrzynka: użytkownik / Mailbox: user",
        description="Nazwa użytkownika; puste: ta sama co dla poczty wychodzącej. / "
        "User name, empty: the one of the outgoing mail.",
    )
    imap_password: SecretStr = Field(
        SecretStr(""),
        title="Skrzynka: hasło / Mailbox: password",
        description="Hasło; puste: to samo co dla poczty wychodzącej. / "
        "Password, empty: the one of the outgoing mail.",
    )
    imap_folder: str = Field(
        "INBOX",
        title="Skrzynka: folder / Mailbox: folder",
        description="Folder, do którego trafiają odpowiedzi. / Folder that the answers are delivered to.",
    )

    def mailer(self) -> "Mailer":
        """Return the mailer that sends through this server."""
        from erepo.clinic.mail import Mailer  # noqa: PLC0415 — showing a form must not load the clinic

        return Mailer(
            self.host,
            self.port,
            self.sender,
            self.user,
            self.password.get_secret_value(),
            self.tls,
            self.timeout,
        )

    def mailbox(self, since: "date | None" = None) -> "ImapMailbox | None":
        """Return the mailbox that the answers arrive in; None where none is configured.

        Args:
            since: letters that arrived before this day are not looked at.
        """
        from erepo.clinic.mail import ImapMailbox  # noqa: PLC0415 — showing a form must not load the clinic

        if not self.imap_host:
            return None
        return ImapMailbox(
            self.imap_host,
            self.imap_port,
            self.imap_user or self.user,
            (self.imap_password if self.imap_user else self.password).get_secret_value(),
            self.imap_folder,
            self.imap_tls,
            since,
            self.timeout,
        )
