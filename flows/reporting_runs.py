"""The page of watch-runs: what was put right, and what a person should look at."""

from prefect.artifacts import acreate_markdown_artifact

from erepo.texts import Language, Text, language, moment_words
from tasks.watching import Told, Watched

_TITLE = Text("Runs", "Uruchomienia")
_WELL = Text("Nothing had to be done.", "Nie trzeba było nic robić.")
_ALIVE = Text("Runs that go on: {count}.", "Trwające uruchomienia: {count}.")
_HEAD = Text("| run | state | since |\n|---|---|---|", "| uruchomienie | stan | od |\n|---|---|---|")
_PARTS = (
    (
        "ended",
        Text("Ended: their process is gone", "Zakończono: ich proces już nie działa"),
        Text(
            "Nothing is lost: the next run of the same deployment goes on. Their slots are free.",
            "Nic nie zginęło: następne uruchomienie tego wdrożenia będzie kontynuować pracę. Ich miejsca"
            " zwolniono.",
        ),
    ),
    (
        "doubtful",
        Text("Silent, but left alone", "Bez oznak życia, pozostawiono"),
        Text(
            "No heartbeat of any run arrives, so silence proves nothing. If the next page says the same, look"
            " whether PREFECT_FLOWS_HEARTBEAT_FREQUENCY is set for the worker.",
            "Nie dociera sygnał życia żadnego uruchomienia, więc cisza niczego nie dowodzi. Jeśli następna"
            " strona powie to samo, sprawdź, czy PREFECT_FLOWS_HEARTBEAT_FREQUENCY jest ustawione.",
        ),
    ),
    (
        "late",
        Text("Late by more than an hour", "Spóźnione o ponad godzinę"),
        Text(
            "Does a worker of the pool erepo run? `erepo up` starts one.",
            "Czy działa worker puli erepo? Uruchamia go `erepo up`.",
        ),
    ),
)
_FREED = Text("Slots freed that no run held", "Zwolnione miejsca, których nie zajmowało żadne uruchomienie")


async def report_watching(found: Watched) -> None:
    """Leave the page of one look."""
    await acreate_markdown_artifact(watching_page(found, language()), "runs-summary")


def watching_page(found: Watched, speak: Language) -> str:
    """Return the page as Markdown: names of runs and deployments, states and times."""
    lines = [f"## {_TITLE.fill(speak)}", _ALIVE.fill(speak, count=found.alive)]
    for name, title, words in _PARTS:
        if told := getattr(found, name):
            table = "\n".join([_HEAD.fill(speak), *map(_row, told)])
            lines += [f"### {title.fill(speak)}", words.fill(speak), table]
    if found.freed:
        names = "\n".join(f"* `{name}`" for name in found.freed)
        lines += [f"### {_FREED.fill(speak)}", names]
    if len(lines) == 2:
        lines.append(_WELL.fill(speak))
    return "\n\n".join(lines)


def _row(one: Told) -> str:
    return f"| {one.name} | {one.state} | {moment_words(one.since)} |"
