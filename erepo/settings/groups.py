"""Groups of settings, each with its bounds."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

#: A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port; paths begin below it.
_PUBLIC = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def plain_address(value: str) -> str:
    """Return an address without the slash at its end, empty where nothing is given; else refuse it."""
    address = value.strip().rstrip("/")
    if address and not _PUBLIC.fullmatch(address):
        raise ValueError("it is not of the form https://name or https://name:port")
    return address


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
    abroad_ca: Path | None = Field(
        None,
        description="PEM file of the authorities of other providers' servers, beside P1's own; none: the"
        " system's; with the sandbox the service's.",
    )
    abroad_private: str = Field(
        "",
        description="Hosts of other providers' repositories that may be on this machine or in private"
        " networks, with commas between; with the sandbox `host` is one.",
    )
    abroad_bytes: int = Field(
        128 * 1024**2, gt=0, description="Largest document that is fetched from another provider."
    )
    abroad_seconds: float = Field(
        120, gt=0, description="Longest time of fetching one document from another provider."
    )
    public_url_key: str = Field(
        "urn:csioz:p1:daneDostepowe:adresUslugi", description="SZAR's key of a repository's public address."
    )
    token_issuer: str = Field(
        "", description="Issuer of its SAML tokens; empty: other providers are not let in."
    )
    token_ca: Path | None = Field(
        None,
        description="PEM file of the certificates that sign its tokens, or of their authorities; none:"
        " `signing_ca`.",
    )
    providers_tls_ca: Path | None = Field(
        None, description="PEM file of the authorities of providers' TLS certificates; none: `providers_ca`."
    )
    providers_wss_ca: Path | None = Field(
        None, description="PEM file of the authorities of providers' WSS certificates; none: `providers_ca`."
    )
    provider_number: str = Field(
        "(?<![0-9])[0-9]{12}(?![0-9])",
        description="Regular expression of resort code part I in the subject of a provider's certificate.",
    )
    audit_sink: str = Field("", description="Its audit repository, `syslog+tls://host:port`.")
    door_url: str = Field(
        "", description="Address of the service for other providers; empty: the one that clients are told."
    )
    door_certificate: Path | None = Field(
        None, description="PEM file of the server's certificate at `door_url`; none: the service's own."
    )
    door_key: Path | None = Field(None, description="PEM file of its key, not encrypted.")

    @field_validator("door_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return plain_address(value)

    @field_validator("provider_number")
    @classmethod
    def _is_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error:
            raise ValueError("it is no regular expression") from None
        return value


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


class PatientsOwnLimits(BaseModel):
    """What patients may give to their clinics, each patient to each clinic."""

    document: int = Field(20 * 1024**2, gt=0, le=128 * 1024**2, description="Largest file, in bytes.")
    waiting: int = Field(20, ge=1, description="Most files that the clinic has not taken yet.")
    waiting_bytes: int = Field(100 * 1024**2, gt=0, description="Most bytes of them together.")
    daily: int = Field(30, ge=1, description="Most files within 24 hours.")
    days: int = Field(90, ge=1, le=3650, description="Days that a file waits for the clinic.")


class PortalSettings(BaseModel):
    """The patients' side of the service: its address, how long a sign-in counts, how codes are mailed."""

    host: str = Field("", description="Address it listens on; empty: the service's.")
    public_url: str = Field("", description="Address that people are told; empty: https://host:port.")
    certificate: Path | None = Field(
        None, description="PEM file of its certificate and chain; none: one of the service's own authority."
    )
    key: Path | None = Field(None, description="PEM file of the certificate's key, not encrypted.")
    code_seconds: int = Field(600, ge=60, le=600, description="Seconds for which a code counts.")
    idle: int = Field(900, ge=60, description="Longest time without a request, in seconds.")
    life: int = Field(28_800, ge=300, description="Longest time after the sign-in, in seconds.")
    asks: int = Field(30, ge=1, description="Codes that one address may ask for in 15 minutes.")
    failures: int = Field(20, ge=1, description="Wrong codes of one address in 15 minutes.")
    smtp_host: str = Field("", description="SMTP server of the mails to patients; empty: a Maildir.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its TCP port.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How it is protected.")
    smtp_user: str = Field("", description="User; empty: no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of the user.")
    smtp_ca: Path | None = Field(
        None, description="PEM file of authorities trusted for it; none: the system's."
    )
    sms: bool = Field(default=False, description="Whether an adapter for text messages is installed.")
    sender: str = Field("erepo@localhost", description="Address that the mails come from.")


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


class IndexingSettings(BaseModel):
    """How documents get into P1's index."""

    at_once: int = Field(4, ge=1, le=32, description="Documents on their way to P1 at once.")
    warn_hours: int = Field(
        12, ge=1, le=47, description="Hours before its deadline from which a document counts as nearly late."
    )


class VerifySettings(BaseModel):
    """How the archive is read back, a share each night."""

    days: int = Field(90, ge=1, le=3650, description="Every document is read back within so many days.")
    night_minutes: int = Field(180, ge=1, le=1440, description="Longest time of one night's share.")
    night_bytes: int = Field(0, ge=0, description="Most bytes of one night's share; 0: no limit.")
