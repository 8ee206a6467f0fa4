"""Which numbers link a user to staff, and of which register they are (manual 1.1.5, 2.4)."""

from collections.abc import Mapping
from typing import Final, Protocol

from erepo.acting import known_person
from erepo.identifiers import oids

#: Which pool a licence number belongs to, by profession (polish-domain: function and pool must agree).
_POOLS: Final[Mapping[str, str]] = {
    "FARM": oids.NPWZ_PHARMACIST, "TFARM": oids.NPWZ_PHARMACIST, "PIEL": oids.NPWZ_NURSE,
    "POL": oids.NPWZ_NURSE, "DLAB": oids.NPWZ_LABORATORY, "FIZJO": oids.NPWZ_PHYSIOTHERAPIST,
}  # fmt: skip


class Linked(Protocol):
    """Whoever has a profession and numbers."""

    @property
    def profession(self) -> str:
        """As in PIK documents."""

    @property
    def pesel(self) -> str:
        """Empty if there is none."""

    @property
    def npwz(self) -> str:
        """Empty if there is none."""


def npwz_pool(profession: str) -> str:
    """Return the register that a profession's licence numbers belong to."""
    return _POOLS.get(profession, oids.NPWZ_DOCTOR)


def number_of(user: Linked) -> tuple[str, str] | None:
    """Return (register, number) under which the service and P1 know a user; None without a valid one.

    The form of an NPWZ says too little: that of a doctor has a check digit, that of a nurse has not.
    """
    numbers = ((npwz_pool(user.profession), user.npwz), (oids.PESEL, user.pesel))
    return known_person(pair for pair in numbers if pair[1])
