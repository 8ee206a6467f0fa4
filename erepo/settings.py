"""Settings of every process, read from the environment (`EREPO_…`) or a `.env` file.

`EREPO_HOME` holds all state; `EREPO_PORT_BASE` moves all ports together (design: +0 cloud, +1 P1 sandbox,
+2 office SMTP, +3 Prefect, +4 console, +5 portal, +6 API).
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from erepo.errors import ConfigurationError
from erepo.passphrase import Passphrase
from erepo.texts import Text

#: A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port; paths begin below it.
_PUBLIC = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class PassphraseMissing(ConfigurationError):
    """No passphrase protects the private keys."""

    code = "configuration.passphrase-missing"
    cause = Text("There is no passphrase for the private keys.", "Brak hasła chroniącego klucze prywatne.")
    cure = Text(
        "Set EREPO_KEY_PASSPHRASE, or put the passphrase into {file}.",
        "Ustaw EREPO_KEY_PASSPHRASE albo zapisz hasło w pliku {file}.",
    )


class DatabaseAddressWrong(ConfigurationError):
    """A setting names no database that can be used here."""

    code = "configuration.database-address"
    cause = Text(
        "EREPO_{side}_DATABASE_URL names no database that can be used here.",
        "EREPO_{side}_DATABASE_URL nie wskazuje bazy danych, której można tu użyć.",
    )
    cure = Text(
        "Write it as sqlite:////folder/file.db or postgresql://user:password@host/database, or leave it"
        " empty: SQLite under EREPO_HOME. For other databases no driver is installed.",
        "Zapisz adres jako sqlite:////katalog/plik.db lub postgresql://użytkownik:hasło@serwer/baza albo"
        " pozostaw pusty: SQLite w EREPO_HOME. Dla innych baz nie ma zainstalowanego sterownika.",
    )


class S3Access(BaseModel):
    """How an S3-compatible service is reached; what is empty comes from the environment (`AWS_…`)."""

    endpoint: str = Field("", description="Its address; empty: Amazon's for the region.")
    region: str = Field("", description="Its region.")
    key_id: str = Field("", description="Access key id.")
    secret_key: SecretStr = Field(SecretStr(""), description="Secret access key.")
    allow_http: bool = Field(
        default=False, description="Whether the endpoint may be plain HTTP on another machine."
    )

    @property
    def http_allowed(self) -> bool:
        """Whether plain HTTP is allowed: to this machine always."""
        return self.allow_http or urlsplit(self.endpoint).hostname in {"127.0.0.1", "::1", "localhost"}

    @property
    def usable(self) -> bool:
        """Whether the endpoint, if given, is an address that may be used."""
        scheme = urlsplit(self.endpoint).scheme
        return not self.endpoint or scheme == "https" or (scheme == "http" and self.http_allowed)


class HttpTimeouts(BaseModel):
    """Limits of one HTTP exchange, in seconds (manual 2.2)."""

    connect: float = Field(10, gt=0, description="Name look-up, TCP and TLS handshake.")
    read: float = Field(60, gt=0, description="Longest silence while an answer is awaited or read.")
    write: float = Field(60, gt=0, description="Longest stall while a request is written.")
    pool: float = Field(120, gt=0, description="Longest wait for a free connection.")
    total: float = Field(900, gt=0, description="The whole exchange, so that a trickle cannot last for ever.")


class WssLimits(BaseModel):
    """Freshness of signed messages, in seconds (manual 2.2)."""

    life: float = Field(
        300, gt=0, description="Created to Expires of our own Timestamp, and the longest accepted."
    )
    skew: float = Field(60, ge=0, description="How far the other clock may be off.")


class XmlLimits(BaseModel):
    """Bounds of one received XML document; each is checked before it can cost anything."""

    tags: int = Field(400_000, gt=0, description="Most start and end tags together.")
    attributes: int = Field(200_000, ge=0, description="Most attributes and namespace declarations together.")
    bytes_per_tag: int = Field(
        16,
        gt=0,
        description="Bytes a document must have for each tag beyond 5,000; twice as many for each attribute.",
    )
    element_attributes: int = Field(128, gt=0, description="Most attributes of one element.")
    namespaces: int = Field(64, gt=0, description="Most namespace declarations in force at one place.")
    depth: int = Field(100, gt=0, le=250, description="Most elements within each other.")
    name: int = Field(1000, gt=0, description="Longest name of an element or attribute.")
    value: int = Field(12_000, gt=0, description="Longest attribute value.")
    text: int = Field(288 * 1024**2, gt=0, description="Longest text, a document in base64 included.")


class Limits(BaseModel):
    """Sizes in bytes and counts; all bounded, none infinite."""

    document: int = Field(256 * 1024**2, gt=0, description="Largest single document.")
    message: int = Field(288 * 1024**2, gt=0, description="Largest HTTP body accepted.")
    soap_part: int = Field(16 * 1024**2, gt=0, description="Largest SOAP part of a multipart message.")
    message_documents: int = Field(1000, gt=0, description="Most attachments in one message.")
    part_headers: int = Field(32, gt=0, description="Most header fields of one part of a multipart message.")
    part_header: int = Field(16 * 1024, gt=0, description="Most bytes of all header fields of one part.")
    xml: XmlLimits = XmlLimits()
    large_body: int = Field(1024**2, gt=0, description="Bodies above this are handled off the event loop.")
    memory_budget: int = Field(
        160 * 1024**2, gt=0, description="Large bodies held in memory at once, in total."
    )


class AuditSink(BaseModel):
    """The operator's audit repository (IHE ITI-20): syslog over TLS."""

    sink: str = Field("", description="`syslog+tls://host:port`; empty: nothing is sent.")
    ca: Path | None = Field(None, description="PEM file of the authorities trusted for the repository.")
    certificate: Path | None = Field(None, description="PEM file of our certificate, where it asks for one.")
    key: Path | None = Field(None, description="PEM file of its key, not encrypted.")


class RevocationSettings(BaseModel):
    """How it is found out whether a certificate was revoked (CRL, OCSP)."""

    crl: Path | None = Field(None, description="A revocation list, or a folder of them; none: as published.")
    max_age: int = Field(
        259_200, ge=60, description="Seconds a list counts since it was fetched; never beyond its own end."
    )
    refresh: int = Field(14_400, ge=5, description="Seconds between two fetchings of the lists at hand.")
    seconds: float = Field(10, gt=0, le=60, description="Longest time of asking about one certificate.")
    crl_bytes: int = Field(16 * 1024**2, ge=1024, description="Largest list that is fetched.")
    local_addresses: bool = Field(
        default=False, description="Whether this machine and private networks may be asked."
    )


class P1Settings(BaseModel):
    """P1, the national system."""

    url: str = Field("", description="Its address, `https://…`; empty: the sandbox's on port_base + 1.")
    ca: Path | None = Field(
        None, description="PEM file of the authorities of its servers and signatures; none: the sandbox's."
    )
    tls_ca: Path | None = Field(None, description="PEM file of the authorities of its servers; none: `ca`.")
    signing_ca: Path | None = Field(
        None, description="PEM file of the authorities of what it signs; none: `ca`."
    )
    providers_ca: Path | None = Field(
        None, description="PEM file of the authorities of providers' certificates; none: not checked."
    )
    public_url_key: str = Field(
        "urn:csioz:p1:daneDostepowe:adresUslugi", description="SZAR's key of a repository's public address."
    )


class OfficeSettings(BaseModel):
    """How the sandbox's certificate office mails its answers, beside the Maildirs on this machine."""

    smtp_host: str = Field("", description="SMTP server that answers go out by; empty: none are mailed.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its TCP port.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How it is protected.")
    smtp_user: str = Field("", description="User; empty: no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of the user.")
    crl_url: str = Field(
        "", description="`http://host:port/name` of its revocation list; empty: certificates name none."
    )


class PanelSettings(BaseModel):
    """How long somebody stays logged in to an account's panel, in seconds."""

    idle: int = Field(900, ge=60, description="Longest time without a click.")
    life: int = Field(28_800, ge=300, description="Longest time after the login, whatever is clicked.")


class ApiSettings(BaseModel):
    """REST for the clinic's other systems."""

    host: str = Field("127.0.0.1", description="Address it listens on; beyond this machine only with TLS.")
    port: int = Field(0, ge=0, le=65535, description="TCP port; 0: port_base + 6.")
    certificate: Path | None = Field(None, description="PEM file of its certificate and chain.")
    key: Path | None = Field(None, description="PEM file of the certificate's key, not encrypted.")
    key_days: int = Field(7, ge=1, le=365, description="Days that Idempotency-Keys are remembered.")
    failures: int = Field(20, ge=1, description="Wrong tokens a minute from one address.")
    webhook_private: bool = Field(
        default=False, description="Whether webhooks may lead into private networks, and there by plain http."
    )
    webhook_ca: Path | None = Field(
        None, description="PEM file of authorities trusted for webhooks; none: the system's."
    )
    webhook_attempts: int = Field(12, ge=1, le=50, description="Attempts before a delivery is given up.")
    webhook_delay: float = Field(5, gt=0, description="Seconds to the second attempt; four times more each.")


class DiagnosisLimits(BaseModel):
    """When `erepo diagnose` warns."""

    seconds: float = Field(20, gt=0, le=600, description="Longest time of one check.")
    days: int = Field(30, ge=0, description="Days before an end of validity that are a warning.")
    disk_warning: int = Field(5 * 1024**3, ge=0, description="Free bytes below which it warns.")
    disk_problem: int = Field(512 * 1024**2, ge=0, description="Free bytes below which it is a problem.")


class RenderingLimits(BaseModel):
    """Bounds of showing one document as a page, in a process of its own."""

    seconds: int = Field(5, ge=1, le=120, description="Most seconds of processor time.")
    start: float = Field(
        5, gt=0, le=120, description="Seconds of waiting on top of twice that, for the start."
    )
    memory: int = Field(768 * 1024**2, ge=128 * 1024**2, description="Most bytes of address space.")
    document: int = Field(64 * 1024**2, gt=0, description="Largest document that is shown.")
    page: int = Field(64 * 1024**2, gt=0, description="Largest page.")


class VerifySettings(BaseModel):
    """How the archive is read back, a share each night."""

    days: int = Field(90, ge=1, le=3650, description="Every document is read back within so many days.")
    night_minutes: int = Field(180, ge=1, le=1440, description="Longest time of one night's share.")
    night_bytes: int = Field(0, ge=0, description="Most bytes of one night's share; 0: no limit.")


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
    diagnosis: DiagnosisLimits = DiagnosisLimits()
    rendering: RenderingLimits = RenderingLimits()
    stylesheets: Path | None = Field(
        None, description="Folder of official stylesheets of PIK; none: home/clinic/stylesheets."
    )
    api: ApiSettings = ApiSettings()
    verify: VerifySettings = VerifySettings()

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        address = value.strip().rstrip("/")
        if address and not _PUBLIC.fullmatch(address):
            raise ValueError("it is not of the form https://name or https://name:port")
        return address

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
    def passphrase_file(self) -> Path:
        """Where the passphrase lies unless the environment gives it: one a line, former ones below."""
        return self.home.absolute() / "secrets" / "key-passphrase"

    @cached_property
    def passphrase(self) -> Passphrase:
        """The passphrase of the clinic's private keys, from the environment or `home/secrets/key-passphrase`.

        Raises:
            PassphraseMissing: neither is there.
        """
        if self.key_passphrase is not None:
            former = self.key_passphrase_former
            before = (former.get_secret_value().encode(),) if former is not None else ()
            return Passphrase(self.key_passphrase.get_secret_value().encode(), before)
        file = self.passphrase_file
        if not file.exists():
            raise PassphraseMissing(file=str(file))
        return Passphrase.of_lines(file.read_bytes())
