"""What a batch's problem becomes."""

import pytest

from erepo.clinic.archiving import Problem
from erepo.errors import AccessRefused, RemoteUnavailable
from tasks.archiving import stopped


@pytest.mark.parametrize(
    ("error", "again"), [(RemoteUnavailable(address="https://x"), True), (AccessRefused(), False)]
)
def test_only_a_passing_problem_is_tried_again(error: Exception, again: bool) -> None:
    """The service being away is retryable, its refusal is not; cause and cure are carried over."""
    problem = Problem.of(error)
    raised = stopped(problem, "b1")
    assert raised.retryable is again
    assert problem.cause_en in str(raised)
    assert problem.cure_pl in " ".join(raised.explain("pl"))
