"""Settings of every process, read from the environment (`EREPO_…`) or a `.env` file.

`EREPO_HOME` holds all state; `EREPO_PORT_BASE` moves all ports together (design: +0 cloud, +1 P1 sandbox,
+2 office SMTP, +3 Prefect, +4 console, +5 patients, +6 API, +7 audit repository of the P1 sandbox).
"""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from erepo.passphrase import Passphrase
from erepo.settings.errors import PassphraseMissing
from erepo.settings.groups import (
    ApiSettings,
    AuditSink,
    DiagnosisLimits,
    HttpTimeouts,
    IndexingSettings,
    Limits,
    OfficeSettings,
    P1Settings,
    PanelSettings,
    PatientsOwnLimits,
    PortalSettings,
    RenderingLimits,
    RevocationSettings,
    S3Access,
    VerifySettings,
    WssLimits,
    plain_address,
)


class Settings(BaseSettings):
    """All settings; every field is `EREPO_<NAME>`, nested ones `EREPO_<GROUP>__<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="EREPO_", env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    home: Path = Field(Path("var"), description="Where all state lies.")
    port_base: int = Field(8400, ge=1024, le=65000, description="First of the block of ports.")
    host: str = Field("127.0.0.1", description="Address the services listen on.")
    public_url: str = Field(
        "", description="Address of the service that clients are told; empty: https://host:port."
    )
    key_type: Literal["ec-p256", "rsa-3072"] = Field("ec-p256", description="Key type of new CSRs.")
    key_passphrase: SecretStr | None = Field(
        None, description="Protects private keys at rest on the clinic side."
    )
    licence_key: Path | None = Field(
        None, description="PEM of the Ed25519 key that signs licences; none: home/clinic/trust/licence.pem."
    )
    key_passphrase_former: SecretStr | None = Field(
        None, description="The one before: opens what has not been encrypted anew yet."
    )
    clinic_database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite under home/clinic.")
    cloud_database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite under home/cloud.")
    cloud_blobs: str = Field(
        "", description="Large contents: empty or `file`, `file:///folder`, `s3://bucket/prefix`."
    )
    cloud_blobs_copy: str = Field("", description="A second store that holds the same; empty: none.")
    cloud_key: SecretStr | None = Field(
        None, description="Master key of the service's sealed secrets, base64; none: a file in its home."
    )
    cloud_key_previous: SecretStr | None = Field(
        None, description="The master key before, while it is being changed."
    )
    in_flight: int = Field(16, ge=1, le=256, description="Submissions sent at once by one task.")
    batch_documents: int = Field(250, ge=1, le=5000, description="Documents of one archiving task.")
    http: HttpTimeouts = HttpTimeouts()
    s3: S3Access = S3Access()
    s3_copy: S3Access | None = Field(None, description="The same for the second store; none: as the first.")
    wss: WssLimits = WssLimits()
    limits: Limits = Limits()
    audit: AuditSink = AuditSink()
    revocation: RevocationSettings = RevocationSettings()
    p1: P1Settings = P1Settings()
    office: OfficeSettings = OfficeSettings()
    panel: PanelSettings = PanelSettings()
    portal: PortalSettings = PortalSettings()
    diagnosis: DiagnosisLimits = DiagnosisLimits()
    rendering: RenderingLimits = RenderingLimits()
    stylesheets: Path | None = Field(
        None, description="Folder of official stylesheets of PIK; none: home/clinic/stylesheets."
    )
    api: ApiSettings = ApiSettings()
    verify: VerifySettings = VerifySettings()
    indexing: IndexingSettings = IndexingSettings()
    patients_own: PatientsOwnLimits = PatientsOwnLimits()

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return plain_address(value)

    @property
    def clinic_home(self) -> Path:
        """State of the clinic side: database, content, keys, inbox."""
        return self.home.absolute() / "clinic"

    @property
    def inbox(self) -> Path:
        """The drop folder that import-documents watches."""
        return self.clinic_home / "inbox"

    @property
    def stylesheet_folder(self) -> Path:
        """Where the clinic has put official stylesheets of PIK, if it has."""
        return self.stylesheets or self.clinic_home / "stylesheets"

    @property
    def opened(self) -> Path:
        """Pages of documents that people have opened; each is removed after an hour."""
        return self.clinic_home / "opened"

    @property
    def cloud_home(self) -> Path:
        """State of the service side: database, blobs, its own keys, trusted authorities."""
        return self.home.absolute() / "cloud"

    @property
    def office_home(self) -> Path:
        """State of the sandbox's certificate office."""
        return self.home.absolute() / "office"

    @property
    def p1_home(self) -> Path:
        """State of the sandbox's P1."""
        return self.home.absolute() / "p1"

    @property
    def p1_url(self) -> str:
        """Where P1 is."""
        return self.p1.url.rstrip("/") or f"https://{self.host}:{self.p1_port}"

    @property
    def p1_tls_authority(self) -> Path:
        """The authorities of P1's servers."""
        return self.p1.tls_ca or self._p1_authority

    @property
    def p1_signing_authority(self) -> Path:
        """The authorities of what P1 signs."""
        return self.p1.signing_ca or self._p1_authority

    @property
    def p1_abroad_authority(self) -> Path | None:
        """The authorities of other providers' servers beside P1's; None: the system's."""
        return self.p1.abroad_ca or (None if self.p1.url else self.cloud_home / "ca" / "ca.pem")

    @property
    def p1_abroad_private(self) -> frozenset[str]:
        """Hosts of other providers' repositories that may be on this machine or in private networks."""
        listed = (each.strip().lower() for each in self.p1.abroad_private.split(","))
        return frozenset(filter(None, (*listed, "" if self.p1.url else self.host)))

    @property
    def _p1_authority(self) -> Path:
        return self.p1.ca or self.p1_home / "ca" / "services" / "ca.pem"

    @property
    def clinic_url(self) -> str:
        """SQLAlchemy URL of the clinic's database."""
        return self.clinic_database_url or f"sqlite:///{self.clinic_home / 'clinic.db'}"

    @property
    def cloud_url(self) -> str:
        """SQLAlchemy URL of the service's database."""
        return self.cloud_database_url or f"sqlite:///{self.cloud_home / 'cloud.db'}"

    @property
    def cloud_port(self) -> int:
        """Port of the repository service (mutual TLS)."""
        return self.port_base

    @property
    def p1_port(self) -> int:
        """Port of the sandbox's P1 (mutual TLS)."""
        return self.port_base + 1

    @property
    def p1_audit_port(self) -> int:
        """Port of the audit repository of the sandbox's P1 (mutual TLS)."""
        return self.port_base + 7

    @property
    def office_port(self) -> int:
        """SMTP port of the sandbox's certificate office."""
        return self.port_base + 2

    @property
    def prefect_port(self) -> int:
        """Port of the Prefect server and its UI."""
        return self.port_base + 3

    @property
    def api_port(self) -> int:
        """Port of the REST interface for the clinic's other systems."""
        return self.api.port or self.port_base + 6

    @property
    def api_url(self) -> str:
        """Where that interface is."""
        host = f"[{self.api.host}]" if ":" in self.api.host else self.api.host
        return f"{'https' if self.api.certificate else 'http'}://{host}:{self.api_port}"

    @property
    def portal_host(self) -> str:
        """Address that the patients' side listens on."""
        return self.portal.host or self.host

    @property
    def portal_port(self) -> int:
        """Port of the patients' side (TLS)."""
        return self.port_base + 5

    @property
    def portal_url(self) -> str:
        """Where patients reach it, without a slash at its end."""
        if self.portal.public_url:
            return self.portal.public_url.rstrip("/")
        host = f"[{self.portal_host}]" if ":" in self.portal_host else self.portal_host
        return f"https://{host}:{self.portal_port}"

    @property
    def portal_mail(self) -> Path:
        """Maildir that takes the mails to patients where no SMTP server is set."""
        return self.home.absolute() / "portal" / "mail"

    @property
    def passphrase_file(self) -> Path:
        """Where the passphrase lies unless the environment gives it: one a line, former ones below."""
        return self.home.absolute() / "secrets" / "key-passphrase"

    @cached_property
    def passphrase(self) -> Passphrase:
        """The passphrase of the clinic's private keys, from the environment or `home/secrets/key-passphrase`.

        Raises:
            PassphraseMissing: neither is there.
        """
        return self.present_passphrase()

    def present_passphrase(self) -> Passphrase:
        """The same as it is now: for what runs for long, while the passphrase may be changed.

        Raises:
            PassphraseMissing: as above.
        """
        if self.key_passphrase is not None:
            former = self.key_passphrase_former
            before = (former.get_secret_value().encode(),) if former is not None else ()
            return Passphrase(self.key_passphrase.get_secret_value().encode(), before)
        file = self.passphrase_file
        if not file.exists():
            raise PassphraseMissing(file=str(file))
        return Passphrase.of_lines(file.read_bytes())
