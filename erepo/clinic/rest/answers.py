"""The answers of the account's REST services, checked field by field."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

_Oid = Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=256)]
_Address = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=1000)]
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class _Answer(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True, extra="ignore", frozen=True
    )


class Activation(_Answer):
    """The technical identifiers of an account, given when it is activated (manual 1.1.2)."""

    account: str = Field(pattern=r"^[0-9]{16}$")
    repository_unique_id: _Oid
    home_community_id: _Text = ""
    source_id: _Oid
    registry: _Address
    repository: _Address
    service_signer: str = Field(max_length=100_000)
    valid_until: datetime | date | None = None
    limit_bytes: int | None = Field(None, ge=0)
    limit_documents: int | None = Field(None, ge=0)


class AccountState(Activation):
    """An account's identifiers, limits and usage (manual 1.1.2, "Dane konta")."""

    state: str = ""
    used_bytes: int = Field(ge=0)
    used_documents: int = Field(ge=0)
