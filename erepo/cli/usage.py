"""What was typed wrongly, told in Polish: typer's own sentences are English and have no translation.

They are found by their form; one that is not known here is told as it is. English readers get typer's box.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import typer

from erepo.cli.words import tell_trouble

#: typer keeps its parser to itself; what can be wrong with a command line descends from this.
UsageError: Final[type[Exception]] = typer.BadParameter.__mro__[1]

_SEE: Final = "sprawdź pomoc polecenia: {command} --help"
_ABORTED: Final = "Przerwano."
_VALUE: Final = "Nieprawidłowa wartość{name}: {why}"
#: Sentences about a value, as they follow "Invalid value for …: ".
_REASONS: Final = {
    r"(?:Value error, )?(?P<it>'.*') is not one of (?P<known>.+?)\.?": "{it} nie jest żadną z: {known}.",
    r"Input should be a valid integer.*": "oczekiwano liczby całkowitej.",
    r"Input should be a valid (?:number|decimal).*": "oczekiwano liczby.",
    r"Input should be a valid boolean.*": "oczekiwano true albo false.",
    r"Input should be a valid string.*": "oczekiwano tekstu.",
    r"Input should be (?P<known>'.*')": "dozwolone są tylko: {known}.",
    r"Input should be greater than (?P<least>[^o].*)": "musi być większe niż {least}.",
    r"Input should be less than (?P<most>[^o].*)": "musi być mniejsze niż {most}.",
    r"Input should be greater than or equal to (?P<least>.+)": "musi wynosić co najmniej {least}.",
    r"Input should be less than or equal to (?P<most>.+)": "może wynosić co najwyżej {most}.",
    r"(?:Value error, )?(?P<it>'.*') does not match the formats? (?P<forms>.+?)\.?": (
        "{it} to nie data ani czas; zapisz tak: {forms}."
    ),
    r"(?P<names>.+): no such check; one of (?P<known>.+)": "nie ma sprawdzenia {names}; do wyboru: {known}.",
    r"(?P<it>'.*'): write 50kB, 20MB, or a range such as 5kB-2MB": (
        "{it}: zapisz 50kB, 20MB albo zakres, na przykład 5kB-2MB."
    ),
    r"--cell needs --unit": "opcja --cell wymaga --unit.",
    r"write each change as FIELD=VALUE": "zapisz każdą zmianę jako POLE=WARTOŚĆ.",
    r"an account has 16 digits": "konto ma 16 cyfr.",
    r"--until lies before the first day": "--until przypada przed pierwszym dniem.",
    r"give ids, or --all": "podaj identyfikatory albo --all.",
    r"give ids, or --all-safe": "podaj identyfikatory albo --all-safe.",
    r"give --class or --default": "podaj --class albo --default.",
    r"--json needs --yes": "opcja --json wymaga --yes.",
    r"--sha1 and --size go with one document": "--sha1 i --size można podać tylko przy jednym dokumencie.",
    r"write --patient - and give the identifier on the input": (
        "napisz --patient - i podaj identyfikator na standardowym wejściu."
    ),
    r"--sample and --since exclude each other": "--sample i --since wykluczają się.",
    r"\w+ (?P<path>'.*') does not exist\.": "{path}: nie ma takiego pliku ani katalogu.",
    r"\w+ (?P<path>'.*') is a file\.": "{path} jest plikiem, nie katalogiem.",
    r"\w+ (?P<path>'.*') is a directory\.": "{path} jest katalogiem, nie plikiem.",
    r"\w+ (?P<path>'.*') is not readable\.": "{path}: brak prawa odczytu.",
    r"\w+ (?P<path>'.*') is not writable\.": "{path}: brak prawa zapisu.",
}
_SENTENCES: Final = {
    r"Missing argument '(?P<name>.+?)…?'\.": "Brakuje argumentu {name}.",
    r"Missing option '(?P<name>.+?)'\.": "Brakuje opcji {name}.",
    r"Missing command\.": "Brakuje polecenia.",
    r"No such command '(?P<name>.+)'\.": "Nie ma polecenia {name}.",
    r"No such option: (?P<name>\S+)": "Nie ma opcji {name}.",
    r"No such option: (?P<name>\S+) \(Possible options: (?P<like>.+)\)": (
        "Nie ma opcji {name}; podobne: {like}."
    ),
    r"Option '(?P<name>.+)' requires an argument\.": "Opcja {name} wymaga wartości.",
    r"Option '(?P<name>.+)' does not take a value\.": "Opcja {name} nie przyjmuje wartości.",
    r"Got unexpected extra argument(?:\(s\)|s)? \((?P<extra>.+)\)": "Zbędne argumenty: {extra}.",
}
_OF: Final = re.compile(r"Invalid value(?: for (?P<name>.+?))?: (?P<why>.*)", re.DOTALL)


def in_polish(app: Callable[..., Any]) -> None:
    """Run the command line; what was typed wrongly is told in Polish, with status 2 as ever.

    Raises:
        SystemExit: always.
    """
    try:
        status = app(prog_name="erepo", standalone_mode=False)
    except typer.Abort:
        typer.echo(_ABORTED, err=True)
        raise SystemExit(1) from None
    except UsageError as error:
        _tell(error)
        raise SystemExit(2) from None
    raise SystemExit(status if isinstance(status, int) else 0)


def _tell(error: Any) -> None:
    if type(error).__name__ == "NoArgsIsHelpError":  # nothing is wrong: the help was asked for
        error.show()
        return
    command = error.ctx.command_path if error.ctx else "erepo"
    tell_trouble(sentence(error.format_message()), _SEE.format(command=command))


def sentence(english: str) -> str:
    """Return what typer says in Polish, or as it is where the form is not known."""
    if found := _OF.fullmatch(english):
        name, why = found["name"], reason(found["why"])
        return _VALUE.format(name=f" {name}" if name else "", why=why)
    return _known(_SENTENCES, english)


def reason(english: str) -> str:
    """Return what is said of a value in Polish, or as it is where the form is not known."""
    return _known(_REASONS, english)


def _with_letters(words: str) -> str:
    """Return a sentence with the signs of a date's form as people write them."""
    for sign, letters in (("%Y", "RRRR"), ("%m", "MM"), ("%d", "DD"), ("%H", "GG"), ("%M", "MM")):
        words = words.replace(sign, letters)
    return words


def _known(forms: dict[str, str], english: str) -> str:
    for form, polish in forms.items():
        if found := re.fullmatch(form, english, re.DOTALL):
            return _with_letters(polish.format(**found.groupdict()))
    return english
