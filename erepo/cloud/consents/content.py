"""Reading a consent: every field is checked, what is not known is refused, and moments bear their zone."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from erepo.cloud.consents.decision import Kind, Reader
from erepo.cloud.consents.errors import ConsentInvalid
from erepo.identifiers import CX

#: Largest body, in bytes, and most documents of one consent.
LARGEST: Final = 256 * 1024
MOST_DOCUMENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """A consent that was read; `body` are the octets it was read from."""

    id: str
    patient: str = field(repr=False)
    """CX."""
    recipient: Reader
    valid_from: datetime
    """UTC, naive."""
    valid_until: datetime
    documents: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)


def _is_id(text: str) -> str:
    if str(uuid.UUID(text)) != text:
        raise ValueError("not in its usual form")
    return text


def _legible(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text) or not text.strip():
        raise ValueError("control characters, or nothing")
    return text


def _is_text(moment: object) -> object:
    if not isinstance(moment, str) or "T" not in moment:
        raise ValueError("not written as ISO 8601 does it")
    return moment


_Moment = Annotated[AwareDatetime, BeforeValidator(_is_text)]
_Root = Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=64)]
_Extension = Annotated[str, Field(pattern=r"^[A-Za-z0-9./_-]+$", max_length=64)]
_Text = Annotated[str, Field(max_length=500), AfterValidator(_legible)]
_UniqueId = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=256)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Patient(_Part):
    root: _Root
    extension: _Extension


class _Recipient(_Part):
    kind: Literal["patient", "person", "account"]
    root: _Root | None = None
    extension: _Extension | None = None
    account: Annotated[str, Field(pattern="^[0-9]{16}$")] | None = None
    name: _Text | None = None


class _Sent(_Part):
    id: Annotated[str, AfterValidator(_is_id)]
    patient: _Patient
    recipient: _Recipient
    validFrom: _Moment  # noqa: N815  # as it stands in the JSON
    validUntil: _Moment  # noqa: N815
    case: _Text
    documents: Annotated[list[_UniqueId], Field(min_length=1, max_length=MOST_DOCUMENTS)]


class _Revoked(_Part):
    reason: _Text
    id: str | None = None


def read_consent(body: bytes | bytearray, account: str) -> Given:
    """Check a consent that an account has signed.

    Args:
        body: the octets of `POST …/consents`.
        account: whose documents they are.

    Raises:
        ConsentInvalid: `field` names the first that is wrong.
    """
    sent = _read(_Sent, body)
    if not sent.validFrom < sent.validUntil:
        raise ConsentInvalid(field="validUntil")
    if len(set(sent.documents)) != len(sent.documents):
        raise ConsentInvalid(field="documents")
    return Given(
        sent.id,
        str(CX(sent.patient.extension, sent.patient.root)),
        _reader(sent, account),
        _utc(sent.validFrom, "validFrom"),
        _utc(sent.validUntil, "validUntil"),
        tuple(sent.documents),
        bytes(body),
    )


def read_revocation(body: bytes | bytearray, consent_id: str) -> None:
    """Check what an account has signed to revoke a consent; an `id` in it must be the consent's.

    Raises:
        ConsentInvalid: `field` names the first that is wrong.
    """
    if _read(_Revoked, body).id not in (None, consent_id):
        raise ConsentInvalid(field="id")


def _read(model: Any, body: bytes | bytearray) -> Any:
    try:
        return model.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise ConsentInvalid(field="-") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        known = first["type"] != "extra_forbidden"  # the name of an unknown field is the client's
        place = ".".join(map(str, first["loc"] if known else first["loc"][:-1])) or "-"
        raise ConsentInvalid(field=place) from None


def _reader(sent: Any, account: str) -> Reader:
    found, patient = sent.recipient, sent.patient
    named = found.root is not None and found.extension is not None
    alone = (found.root is None) == (found.extension is None)
    match found.kind:
        case Kind.ACCOUNT:
            if found.account is None or found.account == account or found.root or found.extension:
                raise ConsentInvalid(field="recipient.account")
            return Reader.account(found.account)
        case Kind.PERSON:
            if not named or found.account:
                raise ConsentInvalid(field="recipient.extension")
            return Reader.person(found.root, found.extension)
        case _:
            themselves = (found.root, found.extension) in ((None, None), (patient.root, patient.extension))
            if not alone or not themselves or found.account:
                raise ConsentInvalid(field="recipient.extension")
            return Reader.patient(patient.root, patient.extension)


def _utc(moment: datetime, name: str) -> datetime:
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # at either end of the calendar
        raise ConsentInvalid(field=name) from None
