"""The answers of the account's REST services, checked field by field."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AliasGenerator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic.alias_generators import to_camel

_Oid = Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=256)]
_Address = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=1000)]
_WARSAW = ZoneInfo("Europe/Warsaw")


def _last_moment(value: Any) -> Any:
    """A bare day lasts until its end, as people in Poland see it."""
    return f"{value}T23:59:59" if isinstance(value, str) and len(value) == len("2027-01-31") else value


_Moment = Annotated[
    datetime,
    BeforeValidator(_last_moment),
    AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=_WARSAW)),
]
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Answer(BaseModel):
    """What every answer is: fields named as on the wire, unknown ones ignored."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True, extra="ignore", frozen=True
    )


class Activation(Answer):
    """The technical identifiers of an account, given when it is activated (manual 1.1.2)."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    repository_unique_id: _Oid
    home_community_id: _Text = ""
    source_id: _Oid
    registry: _Address
    repository: _Address
    service_signer: str = Field(max_length=100_000)
    valid_until: _Moment | None = None
    limit_bytes: int | None = Field(None, ge=0)
    limit_documents: int | None = Field(None, ge=0)


class AccountState(Activation):
    """An account's identifiers, limits and usage (manual 1.1.2, "Dane konta")."""

    state: str = ""
    used_bytes: int = Field(ge=0)
    used_documents: int = Field(ge=0)


class RemoteStructure(Answer):
    """The structure as the service holds it (manual 1.1.4)."""

    provider: dict[str, Any]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    updated_at: _Moment


class P1Certificate(Answer):
    """One of the provider's P1 certificates as the service has read it."""

    serial: str = Field(max_length=64)
    subject: str = Field("", max_length=1000)
    not_before: _Moment
    not_after: _Moment


class P1State(Answer):
    """How far the registration in the national domain is (manual 1.3).

    `none`: no certificates; `stored`: certificates, but no repository id (manual 2.1); `registered`: both.
    """

    account: str = Field(pattern=r"^[0-9]{16}$")
    state: Literal["none", "stored", "registered"]
    repository_id: Annotated[str, BeforeValidator(lambda value: value or "")] = Field(
        "", pattern=r"^([0-2](\.(0|[1-9][0-9]*))+)?$", max_length=256
    )
    tls: P1Certificate | None = None
    wss: P1Certificate | None = None
    registered_at: _Moment | None = None


class Administrator(Answer):
    """The first login of the account's panel (manual 1.1.6)."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    login: str = Field(max_length=64)
    must_change: bool


class RegisteredCertificate(Answer):
    """One certificate that the service knows of the account."""

    purpose: Literal["TLS", "WSS"]
    fingerprint: Annotated[str, AfterValidator(str.lower)] = Field(pattern=r"^[0-9a-fA-F]{64}$")
    serial: str = Field(pattern=r"^[0-9A-F]+$", max_length=64)
    not_before: AwareDatetime
    not_after: AwareDatetime
    state: Literal["active", "retired"]


class Certificates(Answer):
    """All certificates that the service knows of the account."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    certificates: tuple[RegisteredCertificate, ...]

    def accepts(self, fingerprints: tuple[str, str]) -> bool:
        """Tell whether a TLS and a WSS certificate (SHA-256, in this order) are both accepted."""
        active = {(one.purpose, one.fingerprint) for one in self.certificates if one.state == "active"}
        return {("TLS", fingerprints[0]), ("WSS", fingerprints[1])} <= active
