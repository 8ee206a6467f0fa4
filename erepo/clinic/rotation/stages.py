"""Stages of a rotation and the only moves between them.

requested ─► mailed ─► received ─► registered ─► cut over ─► retiring ─► retired
    │   └──────┼─────────▲ │            │            │
    └──────────┴───────────┴────────────┘            ▼
                   ▼                            rolled back
               abandoned
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from erepo.clinic.rotation.errors import IllegalStep


class Stage(StrEnum):
    """How far a rotation has come."""

    REQUESTED = "requested"
    """New keys and requests are made."""
    MAILED = "mailed"
    """The office has the requests."""
    RECEIVED = "received"
    """Certificates have come and passed every check."""
    REGISTERED = "registered"
    """The service accepts old and new."""
    CUT_OVER = "cut_over"
    """The clinic uses the new ones only; the old ones are accepted until the overlap ends."""
    RETIRING = "retiring"
    """The service is being told to refuse the old ones: no way back."""
    RETIRED = "retired"
    """Done: the old ones are refused, their keys are gone."""
    ROLLED_BACK = "rolled_back"
    """The clinic went back to the old ones."""
    ABANDONED = "abandoned"
    """Given up before the cut-over."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return not MOVES[self]

    @property
    def before_cut_over(self) -> bool:
        """Whether the clinic still uses the old keys, and may just give up."""
        return Stage.ABANDONED in MOVES[self]


#: From each stage, the stages that may follow.
MOVES: Final[Mapping[Stage, frozenset[Stage]]] = MappingProxyType(
    {
        # Certificates may be given as files before the mail was sent.
        Stage.REQUESTED: frozenset({Stage.MAILED, Stage.RECEIVED, Stage.ABANDONED}),
        Stage.MAILED: frozenset({Stage.RECEIVED, Stage.ABANDONED}),
        Stage.RECEIVED: frozenset({Stage.REGISTERED, Stage.ABANDONED}),
        Stage.REGISTERED: frozenset({Stage.CUT_OVER, Stage.ABANDONED}),
        Stage.CUT_OVER: frozenset({Stage.RETIRING, Stage.ROLLED_BACK}),
        Stage.RETIRING: frozenset({Stage.RETIRED}),
        Stage.RETIRED: frozenset(),
        Stage.ROLLED_BACK: frozenset(),
        Stage.ABANDONED: frozenset(),
    }
)


def check_step(source: Stage, target: Stage) -> None:
    """Check that a rotation may go from one stage to another.

    Raises:
        IllegalStep: the table has no such move.
    """
    if target not in MOVES[source]:
        raise IllegalStep(source=source.value, target=target.value)
