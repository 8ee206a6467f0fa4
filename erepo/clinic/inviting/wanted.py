"""Whom to invite, and where the person is reached: checked before anything is kept or sent."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Final

import orjson

from erepo.clinic.inviting.errors import InvitationUnusable
from erepo.identifiers import CX
from erepo.identifiers.oids import PESEL
from erepo.identifiers.pesel import Pesel
from erepo.texts import Language

#: As the service takes them (its OpenAPI description, `PatientInvited`).
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])", re.ASCII
)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An invitation that may be sent."""

    patient: CX = field(repr=False)
    email: str = field(repr=False)
    """Empty: none."""
    phone: str = field(repr=False)
    language: Language = "pl"

    @classmethod
    def read(cls, patient: str, email: str, phone: str, language: Language) -> "Wanted":
        """Check what a person typed.

        Raises:
            InvitationUnusable: `field` names what is wrong.
        """
        number, mailbox = patient.strip(), email.strip()
        telephone = re.sub(r"[\s-]", "", phone)
        if not Pesel.is_valid(number):
            raise InvitationUnusable(field="patient")
        if mailbox and not _EMAIL.fullmatch(mailbox):
            raise InvitationUnusable(field="email")
        if telephone and not _PHONE.fullmatch(telephone):
            raise InvitationUnusable(field="phone")
        if not mailbox and not telephone:
            raise InvitationUnusable(field="contact")
        return cls(CX(number, PESEL), mailbox, telephone, language)

    def body(self, invitation_id: str) -> bytes:
        """Return the octets that are signed and sent, each time the same for one invitation."""
        return orjson.dumps(
            {
                "id": invitation_id,
                "patient": {"root": self.patient.authority_oid, "extension": self.patient.id},
                "email": self.email or None,
                "phone": self.phone or None,
                "language": self.language,
            }
        )


def new_id() -> str:
    """Return the id of a new invitation: random, it names nobody."""
    return str(uuid.uuid4())
