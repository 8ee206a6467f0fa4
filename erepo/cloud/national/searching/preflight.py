"""Everything that P1 would miss, found before it is asked; each missing thing has a name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from erepo.acting.actor import Actor
from erepo.cloud.national.indexing import preflight as indexing
from erepo.cloud.national.indexing.codes import ROLES
from erepo.cloud.national.indexing.port import Acting
from erepo.cloud.national.keeping import Registration
from erepo.cloud.national.searching.errors import AbroadNotReady
from erepo.cloud.national.searching.port import EMERGENCY
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX
from erepo.identifiers.pesel import Pesel
from erepo.texts import Text

MISSING: Final[Mapping[str, Text]] = MappingProxyType(
    {
        **indexing.MISSING,
        "reason": Text(
            "the reason of an emergency is not stated in words of its own (three at least)",
            "nie podano własnymi słowami (co najmniej trzema) powodu dostępu ratunkowego",
        ),
    }
)
#: What a reason has at least: a full stop or a row of letters tells nobody anything.
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS: Final = 3
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose documents are asked for, and why.

    Attributes:
        patient: whose.
        purpose: TREAT, CONTT or BTG.
        reason: of an emergency, in words; may name the patient.
    """

    patient: CX
    purpose: str
    reason: str = field(default="", repr=False)

    @property
    def emergency(self) -> bool:
        """Whether a life is in danger."""
        return self.purpose == EMERGENCY


@dataclass(frozen=True, slots=True)
class Ready:
    """What passed."""

    registration: Registration
    acting: Acting


def check(
    asked: Asked,
    registration: Registration | None,
    provider: Mapping[str, Any] | None,
    actor: Actor,
    now: datetime,
) -> Ready:
    """Return how P1 is asked.

    Args:
        asked: see there.
        registration: of the account in P1, the present one.
        provider: `provider` of the account's structure.
        actor: who asks.
        now: aware.

    Raises:
        AbroadNotReady: with every missing thing.
    """
    keys = [*indexing.provider_gaps(registration, provider, now), *indexing.acting_gaps(actor, asked.purpose)]
    if asked.patient.authority_oid == oids.PESEL and not Pesel.is_valid(asked.patient.id):
        keys.append("patient")
    if asked.emergency and not is_reason(asked.reason):
        keys.append("reason")
    if keys:
        raise AbroadNotReady(missing={key: MISSING[key] for key in dict.fromkeys(keys)}, phase="preflight")
    assert registration is not None
    assert provider is not None
    cell = next(cell for unit in provider["units"] for cell in unit["cells"])
    acting = Acting(
        organisation=str(provider["resort_i"]),
        place=f"{provider['resort_i']}-{cell['resort_vii']}",
        user=(actor.id_root, actor.id),
        role=ROLES[actor.role.code],
        purpose=asked.purpose,
        patient=(asked.patient.authority_oid, asked.patient.id),
    )
    return Ready(registration, acting)


def is_reason(text: str) -> bool:
    """Tell whether a text states a reason: a few words, and no novel."""
    return len(text) <= LONGEST_REASON and len(_WORD.findall(text)) >= _FEWEST_WORDS
