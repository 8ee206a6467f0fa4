"""SOZ's decisions: whether documents may be given to the bearer of a token."""

from collections.abc import Iterable
from enum import StrEnum


class Decision(StrEnum):
    """What XACML knows; nothing but Permit lets anything out."""

    PERMIT = "Permit"
    DENY = "Deny"
    NOT_APPLICABLE = "NotApplicable"
    INDETERMINATE = "Indeterminate"

    @property
    def permitted(self) -> bool:
        """Whether the documents may be given."""
        return self is Decision.PERMIT


def together(results: Iterable[str]) -> Decision:
    """Return the one decision that several results are: Permit only if each is, and is known."""
    known = [Decision(each) if each in set(Decision) else Decision.INDETERMINATE for each in results]
    for worst in (Decision.DENY, Decision.INDETERMINATE, Decision.NOT_APPLICABLE):
        if worst in known:
            return worst
    return Decision.PERMIT if known else Decision.INDETERMINATE
