"""A licence: a JWT signed with Ed25519 by whoever sells the module (RFC 7519, RFC 8037).

    header  {"typ": "erepo-licence+jwt", "alg": "EdDSA"}
    claims  {"iss", "jti": the licence's number, "sub": account, "name": holder,
             "nbf": first second, "exp": the second after the last, "iat"}

The key decides about the algorithm, not the text. The dates are read here and nowhere trusted from elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from erepo.clinic.licence.errors import LicenceInvalid, LicenceKeyMissing
from erepo.settings import Settings
from erepo.texts import day_words

TYPE: Final = "erepo-licence+jwt"
_LARGEST: Final = 8192
#: Seconds since 1970 up to which every zone has a calendar.
_FAR: Final = 32_503_680_000
#: An expired licence is a licence still: what to do with its dates is not decided here.
_SIGNATURE_ALONE: Final[Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    jti: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    sub: str = Field(pattern=r"^[0-9]{16}$")
    name: str = Field("", max_length=200)
    nbf: int = Field(ge=0, lt=_FAR)
    exp: int = Field(gt=0, lt=_FAR)


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence says.

    Attributes:
        id: its number.
        account: the account it is for.
        holder: to whom it was given.
        valid_from: aware, UTC.
        valid_until: aware, UTC; at this moment it is over.
        text: as signed.
    """

    id: str
    account: str
    holder: str
    valid_from: datetime
    valid_until: datetime
    text: str

    @property
    def last_day(self) -> str:
        """The last day it is valid on, in Poland."""
        return day_words(self.valid_until - timedelta(seconds=1))

    @property
    def first_day(self) -> str:
        """The first day it is valid on, in Poland."""
        return day_words(self.valid_from)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; the signed text is left out."""
        return {
            "id": self.id,
            "account": self.account,
            "holder": self.holder,
            "validFrom": self.valid_from.isoformat(),
            "validUntil": self.valid_until.isoformat(),
        }


def read_licence(text: str, key: Ed25519PublicKey) -> Licence:
    """Prove a licence and return what it says; whether it is valid today is another question.

    Raises:
        LicenceInvalid: not signed by the key, or not of the form.
    """
    text = text.strip()
    if len(text) > _LARGEST:
        raise LicenceInvalid(problem="size")
    try:
        header = jwt.get_unverified_header(text)
        claims = _Claims.model_validate(jwt.decode(text, key, ["EdDSA"], options=_SIGNATURE_ALONE))
    except jwt.InvalidSignatureError:
        raise LicenceInvalid(problem="signature") from None
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        kind = "claims" if isinstance(error, ValidationError) else "form"
        raise LicenceInvalid(problem=kind) from None
    if header.get("typ") != TYPE or header.get("crit") or claims.exp <= claims.nbf:
        raise LicenceInvalid(problem="claims")
    first, end = datetime.fromtimestamp(claims.nbf, UTC), datetime.fromtimestamp(claims.exp, UTC)
    return Licence(claims.jti, claims.sub, claims.name, first, end, text)


def licence_key(settings: Settings) -> Ed25519PublicKey:
    """Return the key that licences are checked with: the file of the setting, else the pinned one.

    Raises:
        LicenceKeyMissing: there is no such file, or no Ed25519 key in it.
    """
    file = settings.licence_key or settings.clinic_home / "trust" / "licence.pem"
    try:
        key = load_pem_public_key(_octets(file))
    except (OSError, ValueError):
        raise LicenceKeyMissing(file=str(file)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise LicenceKeyMissing(file=str(file))
    return key


def _octets(file: Path) -> bytes:
    return file.read_bytes()[:_LARGEST]
