"""Where the clinic keeps its documents and their states."""

from typing import TYPE_CHECKING, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.looks import LOGO, documentation

if TYPE_CHECKING:
    from erepo.clinic.database import Database


class ClinicDatabase(Block):
    """The clinic's own database: documents, their states, the structure of the provider and the audit trail.

    Example:
        Load the block and open the database:
        ```python
        from blocks import ClinicDatabase

        block = ClinicDatabase.load("BLOCK_NAME")
        with block.open().begin() as connection:
            ...
        ```
    """

    _block_type_name: ClassVar[str] = "erepo clinic database"
    _block_type_slug: ClassVar[str] = "erepo-clinic-database"
    _logo_url = LOGO
    _documentation_url = documentation("clinicdatabase")

    url: SecretStr = Field(
        title="Adres / Address",
        description="Adres bazy danych w postaci SQLAlchemy, z użytkownikiem i hasłem, jeśli ich wymaga. / "
        "SQLAlchemy address of the database, with user and password where it needs them.",
        examples=[
            "postgresql+psycopg://erepo:…@db.clinic.example/erepo",
            "sqlite:////srv/erepo/clinic/clinic.db",
        ],
    )

    def open(self) -> "Database":
        """Open the database; its tables are brought up to date by `erepo up` or the onboarding, not here."""
        from erepo.clinic.database import open_database  # noqa: PLC0415 — showing a form must not load the clinic

        return open_database(self.url.get_secret_value())
