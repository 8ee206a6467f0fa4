"""`erepo office licence`: the sandbox's office issues licences of the module."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from erepo.cli.words import fail_politely
from erepo.durable import write_durably
from erepo.sandbox.office.licences import issue_licence, public_key_file
from erepo.settings import Settings


def licence(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The 16 digits of the account.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day.")],
    begin: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; without: today.")
    ] = None,
    holder: Annotated[str, typer.Option("--holder", help="To whom it is given.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write it to; without: standard output.")
    ] = None,
) -> None:
    """Issue a licence of the module for an account: a signed file for `erepo account licence load`.

    The key that clinics check it with is told on standard error: set EREPO_LICENCE_KEY to it, or copy it to
    clinic/trust/licence.pem.
    """
    if len(account) != 16 or not account.isascii() or not account.isdigit():
        raise typer.BadParameter("an account has 16 digits")
    first = begin.date() if begin else date.today()  # noqa: DTZ011 — the day on the operator's own calendar
    if until.date() < first:
        raise typer.BadParameter("--until lies before the first day")
    with fail_politely():
        home = Settings().office_home
        text = issue_licence(home, account, first, until.date(), holder)
        if out is None:
            typer.echo(text)
        else:
            write_durably(out, [text.encode(), b"\n"], 0o644)
        typer.echo(public_key_file(home), err=True)
