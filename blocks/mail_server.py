"""How the clinic sends mail to the certificate office."""

from typing import TYPE_CHECKING, ClassVar, Literal

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.looks import LOGO, documentation

if TYPE_CHECKING:
    from erepo.clinic.mail import Mailer


class MailServer(Block):
    """The outgoing mail server, used to send certificate requests to the office (manual 1.1 and 2.6).

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
        title="Host", description="Name or address of the SMTP server.", examples=["smtp.clinic.example"]
    )
    port: int = Field(587, ge=1, le=65535, title="Port", description="TCP port of the SMTP server.")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        title="Encryption",
        description="How the connection is protected; none only on the same machine.",
    )
    sender: str = Field(title="Sender", description="Address the mails come from and answers go to.")
    user: str = Field("", title="User", description="User name, empty where the server asks for none.")
    password: SecretStr = Field(
        SecretStr(""),
        title="Password",
        description="Password of the user, empty where the server asks for none.",
    )
    timeout: float = Field(
        30, gt=0, le=600, title="Time limit", description="Seconds to wait for the server."
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
