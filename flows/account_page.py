"""The page of one check of the account: table, forecast, warnings, and a chart of the last weeks."""

import base64

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.usage import Report
from erepo.clinic.usage.chart import chart
from erepo.clinic.usage.words import RESOURCE_WORDS, outlook, until, use, warnings
from erepo.texts import Language, Text, language

_TITLE = Text("Account {account}", "Konto {account}")
_HEAD = Text("| what | state |\n|---|---|", "| co | stan |\n|---|---|")
_UNTIL = Text("valid until", "ważne do")
_FORECAST = Text("Forecast", "Prognoza")
_CHART = Text("Use of the account", "Wykorzystanie konta")


async def report_account(found: Report) -> None:
    """Leave the page of one check."""
    await acreate_markdown_artifact(account_page(found, language()), "account-summary")


def account_page(found: Report, speak: Language) -> str:
    """Return the page as Markdown; the chart is an SVG inside it, for Prefect keeps no files."""
    rows = [f"| {_UNTIL.fill(speak)} | {until(found.check.valid_until, speak)} |"]
    rows += [
        f"| {words.fill(speak)} | {use(found.check, resource, speak)} |"
        for resource, words in RESOURCE_WORDS.items()
    ]
    drawing = base64.b64encode(chart(found.history, speak).encode()).decode("ascii")
    return "\n\n".join(
        [
            f"## {_TITLE.fill(speak, account=found.check.account)}",
            *(f"**{words}**" for words in warnings(found, speak)),
            "\n".join([_HEAD.fill(speak), *rows]),
            f"### {_FORECAST.fill(speak)}",
            "\n".join(f"* {outlook(one, speak)}" for one in found.forecasts),
            f"![{_CHART.fill(speak)}](data:image/svg+xml;base64,{drawing})",
        ]
    )
