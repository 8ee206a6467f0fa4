"""What the service tells of an index reaches the clinic whole: code, rule, phase, words, retryable or not."""

import json
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from erepo.clinic.rest.errors import IndexRefusal, IndexTrouble
from erepo.clinic.rest.indexing import BUSY_FOR, BUSY_PAUSE, IndexCalls
from erepo.cloud.national.indexing import errors
from erepo.cloud.national.indexing.preflight import not_ready
from erepo.cloud.web.answers import error_answer
from erepo.cloud.web.statuses import status_of
from erepo.errors import RemoteBusy

UNIQUE = "2.25.7^A/1"
PROBLEMS = [
    errors.DocumentUnknown(),
    not_ready("patient", "replaces"),
    errors.IndexRefused(phase="register", rule="REG.WER.6860"),
    errors.IndexAnswerUnusable(phase="ask"),
    errors.IndexAccessRefused(phase="token"),
    errors.IndexNotConfigured(phase="token"),
    errors.IndexClockApart(phase="ask"),
    errors.IndexLater(phase="token"),
    errors.IndexOutcomeUnknown(phase="register"),
]


class Scripted(IndexCalls):
    """A client whose channel gives these answers, one after another; the last one for ever."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self._address = "https://x.example/services/0000000000001003"
        self._answers = list(answers)
        self.asked: list[str] = []

    def _send(
        self,
        method: str,
        address: str,
        body: bytes | None,
        more: Mapping[str, str] = MappingProxyType({}),
        *,
        read: float = 0,
        named: str = "",
    ) -> tuple[int, bytes]:
        self.asked.append(f"{method} {address} {named}")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _refused(self, address: str, status: int, content: bytes) -> Exception:
        return RemoteBusy(address=address)


def told(error: errors.IndexProblem) -> tuple[int, bytes]:
    """Return an answer as the service gives it."""
    return status_of(error), bytes(error_answer(status_of(error), error).body)


@pytest.mark.parametrize("error", PROBLEMS, ids=lambda error: error.code)
def test_each_problem_keeps_what_it_says(error: errors.IndexProblem) -> None:
    """Retryable exactly where the service's own error is; the document's id is in no text."""
    with pytest.raises(IndexTrouble if error.retryable else IndexRefusal) as caught:
        Scripted(told(error)).index_document(UNIQUE, storage_year=2046)
    found = caught.value
    assert (found.data["code"], found.retryable) == (error.code, error.retryable)
    assert found.data["rule"] == (error.details["rule"] or "")
    assert found.data["phase"] == error.details["phase"]
    assert found.explain("pl") == error.explain("pl")
    assert UNIQUE not in repr(found.data)
    if isinstance(error, errors.IndexNotReady):
        assert found.data["missing"] == "patient, replaces"


def test_another_process_at_work_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """409: asked again, for three minutes at most; the path is percent-encoded, errors name the account."""
    clock = [0.0]
    monkeypatch.setattr("erepo.clinic.rest.indexing.time.monotonic", lambda: clock[0])

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    good = json.dumps({"uniqueId": UNIQUE, "state": "indexed", "entryUuid": "urn:uuid:1", "recovered": True})
    client = Scripted(told(errors.IndexBusy()), told(errors.IndexBusy()), (200, good.encode()))
    found = client.index_document(UNIQUE, storage_year=2046, sleep=sleep)
    assert (found.state, found.recovered, clock[0]) == ("indexed", True, 2 * BUSY_PAUSE)
    assert "/documents/2.25.7%5EA%2F1/index https://x.example/services/0000000000001003" in client.asked[0]
    with pytest.raises(IndexTrouble):
        Scripted(told(errors.IndexBusy())).withdraw_index(UNIQUE, sleep=sleep)
    assert BUSY_FOR - BUSY_PAUSE <= clock[0] - 2 * BUSY_PAUSE <= BUSY_FOR
