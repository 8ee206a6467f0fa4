"""The arithmetic and the page of the comparison, on made-up figures."""

from tests.bench.meter import Timed
from tests.bench.report import Setting, page
from tests.bench.results import WAYS, Results, Spread, rate


def timed(documents: int, seconds: float, **more: float) -> Timed:
    """Return a stretch with fixed CPU times."""
    return Timed(documents, seconds, {"client": 2.0, "service": 3.0, "prefect": 0.5}, 0.01, more)


def results(*speeds: float) -> Results:
    """Each round: (a) at 100 documents a second, (a') and (e) at 200, the others at `speeds` times 100."""
    rounds = []
    for speed in speeds:
        one = {way: timed(1000, 10 / speed) for way in WAYS}
        one |= {"a": timed(1000, 10), "a'": timed(1000, 5), "e": timed(1000, 5)}
        one["c"] = timed(1000, 99, wall=10 / speed, inside=9 / speed, before=3, tasks=6)
        rounds.append(one)
    return Results(
        rounds,
        long=timed(10_000, 40, wall=30, inside=29.1, before=3, tasks=42),
        empty=Timed(1, 4, {"client": 1.5, "service": 0.0, "prefect": 0.2}, 0.0, {"wall": 0.4, "before": 3.0}),
    )


def test_a_spread_is_median_least_and_most() -> None:
    """One disturbed round does not move the figure shown."""
    assert Spread.of([5.0, 1.0, 4.0]) == Spread(4.0, 1.0, 5.0)


def test_a_flow_run_counts_from_its_start() -> None:
    """The start of the flow's process is told apart from its speed."""
    assert rate(timed(1000, 99, wall=10)) == 100


def test_ratios_are_taken_round_by_round() -> None:
    """What slows a whole round down does not change the ratio."""
    found = results(5.0, 7.0, 6.5)
    assert found.ratio("b", "a").median == 6.5
    assert found.ratio("c", "b") == Spread(1.0, 1.0, 1.0)


def test_the_start_of_the_process_is_no_cost_of_a_document() -> None:
    """The client's CPU time of (c) is that of its tree less what an empty run takes."""
    found = results(5.0)
    assert found.cpu("c", "client").median == 0.5
    assert found.cpu("d", "client").median == 2.0


def test_aims_are_judged_honestly() -> None:
    """Met and missed aims are told apart, and both stand on the page."""
    found = results(6.0)
    assert [aim.met for aim in found.aims()] == [False, True, True, True]
    setting = Setting("python -m tests.bench", "2026-01-02", {"CPU": "one"}, 50_000, 1000, 100, 16)
    text = page(found, setting)
    assert "| (b) : (a) | ≥ 6.3 | 6.00 (6.00 to 6.00) | **not met** |" in text
    assert "| (b) : (a') |  | 3.00 (3.00 to 3.00) | no aim: the script is spared its metadata |" in text
    assert "| (c) : (e) |  | 3.00 (3.00 to 3.00) | no aim: the same security on both sides" in text
    assert "**3.0 %**, are Prefect's" in text
    assert "python -m tests.bench" in text
    assert "Measure again" not in text


def test_a_disturbed_measurement_says_so() -> None:
    """A page made while others used the machine tells its reader."""
    found = results(6.0)
    found.rounds[0]["b"].strangers = 0.4
    setting = Setting("", "", {}, 50_000, 1000, 100, 16)
    assert "40 % of the machine during any stretch: ratios" in page(found, setting)
