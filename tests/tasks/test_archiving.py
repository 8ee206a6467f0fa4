"""What a batch's problem becomes."""

import pytest

from erepo.clinic.archiving import BatchResult, Problem, summary
from erepo.errors import AccessRefused, RemoteUnavailable


@pytest.mark.parametrize(
    ("error", "again"), [(RemoteUnavailable(address="https://x"), True), (AccessRefused(), False)]
)
def test_only_a_passing_problem_is_tried_again(error: Exception, again: bool) -> None:
    """The service being away is retryable, its refusal is not; cause and cure are carried over."""
    problem = Problem.of(error)
    raised = problem.error("b1")
    assert raised.retryable is again
    assert problem.cause_en in str(raised)
    assert problem.cure_pl in " ".join(raised.explain("pl"))


def test_a_batch_that_was_tried_again_counts_once() -> None:
    """What the first attempt left over and the second delivered waits no more."""
    problem = Problem.of(RemoteUnavailable(address="https://x"))
    first = BatchResult("b1", 5, archived=2, retry_later=3, problem=problem)
    total = summary([first, BatchResult("b1", 3, archived=3), BatchResult("b2", 1, archived=1)])
    assert (total.batches, total.documents, total.archived, total.retry_later) == (2, 6, 6, 0)
    assert total.complete
