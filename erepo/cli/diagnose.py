"""`erepo diagnose`: why something does not work, and what to do about it."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cli.bars import bar
from erepo.cli.surroundings import POOL, Surroundings
from erepo.cli.vault import Vault
from erepo.cli.words import fail_politely
from erepo.clinic.diagnosis import CHECKS, Diagnosis, Finding, Ground, PrefectPlace, Verdict, diagnose
from erepo.clinic.mail import Mailer
from erepo.settings import Settings
from erepo.texts import Language, Text, language

#: A sign a program and a colour-blind reader can tell apart, a style, and the word.
_LOOKS = {
    Verdict.OK: ("✓", "green", Text("ok", "w porządku")),
    Verdict.NOT_APPLICABLE: ("·", "dim", Text("not applicable", "nie dotyczy")),
    Verdict.WARNING: ("!", "yellow", Text("warning", "ostrzeżenie")),
    Verdict.UNASKED: ("?", "yellow", Text("could not be asked", "nie udało się sprawdzić")),
    Verdict.PROBLEM: ("✗", "bold red", Text("problem", "problem")),
}
_CURE = Text("What to do: ", "Co zrobić: ")
_CHECKING = Text("Checking", "Sprawdzanie")
_TOTAL = Text(
    "Checks: {all}; problems: {problems}, warnings: {warnings}, not asked: {unasked}.",
    "Sprawdzenia: {all}; problemy: {problems}, ostrzeżenia: {warnings}, niesprawdzone: {unasked}.",
)
_ONLY = typer.Option(help="Only this check; may be repeated. One of: " + ", ".join(CHECKS) + ".")
_MAIL = typer.Option(metavar="ADDRESS", help="Send a test mail to this address, not only connect.")


def command(
    *,
    only: Annotated[list[str] | None, _ONLY] = None,
    send_test_mail: Annotated[str, _MAIL] = "",
    connection: Annotated[str, typer.Option(help="Name of the clinic's blocks in Prefect.")] = "clinic",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look for the causes of trouble and say what to do, in the order of chapter 2 of the manual.

    Nothing is changed. Exit code 0 only if nothing is wrong (warnings are
    allowed), 1 if something is, 2 if only something could not be asked.

    Examples:
      erepo diagnose

      erepo diagnose --only mail --send-test-mail it@clinic.example

      erepo diagnose --json | jq '.findings[] | select(.verdict == "problem")'
    """
    wanted = only or []
    if unknown := sorted(set(wanted) - set(CHECKS)):
        raise typer.BadParameter(f"{', '.join(unknown)}: no such check; one of {', '.join(CHECKS)}")
    with fail_politely():
        settings = Settings()
        ground = ground_of(settings, connection, send_test_mail)
        with bar(quiet=as_json) as progress:
            task = progress.add_task(_CHECKING.fill(language()), total=len(wanted or CHECKS))
            found = diagnose(ground, wanted, lambda _: progress.advance(task))
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        show(found, Console(), language())
    raise typer.Exit(found.exit_code)


def ground_of(settings: Settings, connection: str, test_mail: str) -> Ground:
    """Return this installation; the mail server is that of the block in its Prefect."""
    around = Surroundings(settings)
    try:
        login = around.prefect_login()
    except FileNotFoundError:
        login = ""

    def mailer() -> Mailer:
        with Vault(around.prefect_url, login) as vault:
            return vault.mailer(connection)

    return Ground(settings, PrefectPlace(around.prefect_api, login, POOL), mailer, test_mail)


def show(found: Diagnosis, console: Console, speak: Language) -> None:
    """Print one line a check, and under it what to do where something is to be done."""
    for one in found.findings:
        _show(one, console, speak)
    counts = {verdict: sum(each.verdict is verdict for each in found.findings) for verdict in Verdict}
    words = _TOTAL.fill(
        speak,
        all=len(found.findings),
        problems=counts[Verdict.PROBLEM],
        warnings=counts[Verdict.WARNING],
        unasked=counts[Verdict.UNASKED],
    )
    console.print(words, markup=False, highlight=False)


def _show(one: Finding, console: Console, speak: Language) -> None:
    sign, style, verdict = _LOOKS[one.verdict]
    cause, cure = one.words(speak)
    chapter = f" ({one.symptom})" if one.symptom else ""
    line = f"{sign} {one.check}{chapter}: {verdict.fill(speak)}. {cause}"
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    if one.verdict not in (Verdict.OK, Verdict.NOT_APPLICABLE):
        console.print(f"  {_CURE.fill(speak)}{cure}", markup=False, highlight=False, soft_wrap=True)
