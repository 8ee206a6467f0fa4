"""Reading what a clinic says of a patient: every field is checked, what is not known is refused."""

import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from erepo.cloud.patients.errors import PatientInvalid, PatientUnreachable
from erepo.identifiers import CX
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from erepo.identifiers.pesel import Pesel

#: Largest body, in bytes.
LARGEST: Final = 8 * 1024
Channel = Literal["email", "sms"]

#: One mailbox as people have them; quoted local parts and comments are nobody's.
EMAIL: Final = r"^[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])$"
#: E.164.
PHONE: Final = r"^\+[1-9][0-9]{7,14}$"


@dataclass(frozen=True, slots=True)
class Contact:
    """Where codes reach a person."""

    channel: Channel
    address: str = field(repr=False)

    @property
    def name(self) -> str:
        """The same for the same mailbox: a domain has no capital letters, what stands before it may have."""
        local, at, domain = self.address.rpartition("@")
        return f"{local}{at}{domain.lower()}"


@dataclass(frozen=True, slots=True)
class Invited:
    """A person whom a clinic has identified; `body` are the octets it was read from."""

    id: str
    patient: CX = field(repr=False)
    contact: Contact
    language: Literal["pl", "en"]
    body: bytes = field(repr=False)


def _is_id(text: str) -> str:
    if str(uuid.UUID(text)) != text:
        raise ValueError("not in its usual form")
    return text


def _is_pesel(text: str) -> str:
    if not Pesel.is_valid(text):
        raise ValueError("no PESEL")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Patient(_Part):
    root: Literal["2.16.840.1.113883.3.4424.1.1.616"]
    extension: Annotated[str, AfterValidator(_is_pesel)]


class _Sent(_Part):
    id: Annotated[str, AfterValidator(_is_id)]
    patient: _Patient
    email: Annotated[str, Field(pattern=EMAIL, max_length=254)] | None = None
    phone: Annotated[str, Field(pattern=PHONE)] | None = None
    language: Literal["pl", "en"] = "pl"


class _Removed(_Part):
    id: str
    reason: Annotated[str, Field(min_length=1, max_length=500)]


def read_invited(body: bytes | bytearray, *, sms: bool) -> Invited:
    """Check an invitation that a clinic has signed.

    Args:
        body: the octets of `POST …/patients`.
        sms: whether this service can send text messages.

    Raises:
        PatientInvalid: `field` names the first that is wrong.
        PatientUnreachable: no code would ever reach the person.
    """
    sent = _read(_Sent, body)
    if sent.email is not None:
        contact = Contact("email", sent.email)
    elif sent.phone is not None and sms:
        contact = Contact("sms", sent.phone)
    else:
        raise PatientUnreachable
    person = CX(sent.patient.extension, PESEL_ROOT)
    return Invited(sent.id, person, contact, sent.language, bytes(body))


def read_removed(body: bytes | bytearray, link_id: str) -> None:
    """Check what a clinic has signed to end an invitation; its `id` must be that of the path.

    Raises:
        PatientInvalid: `field` names the first that is wrong.
    """
    if _read(_Removed, body).id != link_id:
        raise PatientInvalid(field="id")


def _read(model: Any, body: bytes | bytearray) -> Any:
    try:
        return model.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise PatientInvalid(field="-") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        known = first["type"] != "extra_forbidden"  # the name of an unknown field is the client's
        place = ".".join(map(str, first["loc"] if known else first["loc"][:-1])) or "-"
        raise PatientInvalid(field=place) from None
