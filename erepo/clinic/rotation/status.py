"""How the certificates in use stand, and how far their replacement has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from erepo.clinic.database import Database
from erepo.clinic.onboarding.ledger import Entry
from erepo.clinic.rotation import ledger
from erepo.clinic.rotation.deciding import Decision
from erepo.clinic.rotation.ledger import Rotation
from erepo.clinic.rotation.requesting import decision
from erepo.clinic.tables import now
from erepo.pki import CertificatePurpose
from erepo.pki.pem import read_certificate


@dataclass(frozen=True)
class InUse:
    """One certificate in use."""

    purpose: CertificatePurpose
    serial: str
    """Serial number in upper-case hex, as in the name of its file."""
    not_before: datetime
    not_after: datetime

    @property
    def days_left(self) -> int:
        """Whole days until it expires; negative after that."""
        return (self.not_after - now()).days


@dataclass(frozen=True)
class Status:
    """All that is to be told about an account's certificates; nothing in it is secret."""

    account: str
    generation: str
    """Name of the generation in use, as its block has it."""
    in_use: tuple[InUse, ...]
    decision: Decision
    rotation: Rotation | None
    """Under way, or the last one."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "account": self.account,
            "generation": self.generation,
            "certificates": [
                {
                    "purpose": one.purpose.value,
                    "serial": one.serial,
                    "not_before": one.not_before,
                    "not_after": one.not_after,
                    "days_left": one.days_left,
                }
                for one in self.in_use
            ],
            "reason": self.decision.reason.value,
            "next": self.decision.next,
            "rotation": _as_json(self.rotation) if self.rotation else None,
        }


def read_status(database: Database, entry: Entry) -> Status:
    """Return how the generation in use stands.

    Raises:
        NotReceived: there are no certificates.
    """
    found = [read_certificate(pem) for pem in entry.certificates()]
    in_use = tuple(
        InUse(purpose, f"{one.serial_number:X}", one.not_valid_before_utc, one.not_valid_after_utc)
        for purpose, one in zip((CertificatePurpose.TLS, CertificatePurpose.WSS), found, strict=True)
    )
    with database.read() as connection:
        last = ledger.find_last(connection, entry.account)
    generation = f"{entry.account}-{entry.fingerprints[0][:12]}"
    return Status(entry.account, generation, in_use, decision(database, entry), last)


def _as_json(rotation: Rotation) -> dict[str, Any]:
    return {
        "id": rotation.id,
        "stage": rotation.stage.value,
        "reason": rotation.reason.value,
        "requested_at": rotation.requested_at,
        "mailed_at": rotation.mailed_at,
        "received_at": rotation.received_at,
        "registered_at": rotation.registered_at,
        "cut_over_at": rotation.cut_over_at,
        "retire_after": rotation.retire_after,
        "published_at": rotation.published_at,
        "finished_at": rotation.finished_at,
    }
