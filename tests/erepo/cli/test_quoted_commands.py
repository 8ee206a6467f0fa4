"""Commands that texts tell people to run: each exists, with the options that are quoted with it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erepo.cli.root import COMMANDS, LazyCommands

ROOT = Path(__file__).parents[3]
SOURCES = ("blocks", "deployments", "erepo", "flows", "tasks")
#: What a service prints once it is ready stands in marks as well, and is no command.
QUOTED = re.compile(r"`(erepo\s(?![a-z0-9-]+ ready)[^`]*)`")
#: A command in running text, without the marks around it.
BARE = re.compile(r"(?<![\w`./-])erepo ((?:[a-z][a-z0-9-]*)(?: [a-z][a-z0-9-]*)*)")
ELLIPSIS = "…"


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield every string of a piece of code, the f-strings with braces where values will stand."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(one.value if isinstance(one, ast.Constant) else "{x}" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def parsed(path: Path) -> ast.Module:
    """Return the tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def spoken(path: Path) -> Iterator[str]:
    """Yield what a module says to people: the strings of each `Text(…)`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
            yield from texts(node)


def quoted() -> dict[str, str]:
    """Return each command that the code or the documentation quotes, with the first file that does."""
    found: dict[str, str] = {}
    for top in SOURCES:
        for path in sorted((ROOT / top).rglob("*.py")):
            for text in texts(parsed(path)):
                for one in QUOTED.findall(text):
                    found.setdefault(" ".join(one.split()), str(path.relative_to(ROOT)))
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for one in QUOTED.findall(path.read_text(encoding="utf-8")):
            found.setdefault(" ".join(one.split()), str(path.relative_to(ROOT)))
    return found


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    """Every command by its name, with all below it."""
    return {name: LazyCommands().get_command(None, name) for name in COMMANDS}


def problem(quote: str, commands: dict[str, Any]) -> str | None:
    """Return what is wrong with a quoted command; None where it can be run as it stands."""
    words = quote.partition(" | ")[0].split()[1:]
    below, command = commands, None
    while words and below and not words[0].startswith(("-", ELLIPSIS)):
        names = words.pop(0).removesuffix(ELLIPSIS).split("|")
        missing = [name for name in names if name not in below]
        if missing:
            return f"no command {missing[0]}"
        command = below[names[-1]]
        below = getattr(command, "commands", {})
    return _wrong_option(words, command) if command else None


def _wrong_option(words: list[str], command: Any) -> str | None:
    options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    given = [word.strip("[]()") for word in words]
    for word in given:
        name = word.partition("=")[0].removesuffix(ELLIPSIS)
        if name.startswith("--") and name not in {*options, "--", "--help"}:
            return f"no option {name}"
    takes = any(one.param_type_name == "argument" for one in command.params)
    if given and not takes and not given[0].startswith(("-", ELLIPSIS)):
        return f"takes no argument {given[0]}"
    return None


def test_every_quoted_command_exists(commands: dict[str, Any]) -> None:
    """`erepo …` in a cause, a cure, a help, a page or a guide can be typed as it stands."""
    wrong = {f"{quote} ({place})": problem(quote, commands) for quote, place in quoted().items()}
    assert {quote: why for quote, why in wrong.items() if why} == {}


def test_commands_in_running_text_exist(commands: dict[str, Any]) -> None:
    """A command without marks around it: as far as its words are commands, they exist."""
    wrong = []
    for path in (path for top in SOURCES for path in sorted((ROOT / top).rglob("*.py"))):
        for found in BARE.findall("\n".join(spoken(path))):
            words = found.split()
            group = getattr(commands.get(words[0]), "commands", {})
            if len(words) > 1 and group and words[1] not in group:
                wrong.append((str(path.relative_to(ROOT)), found))
    assert wrong == []


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        ("erepo migrate list --blocked", None),
        ("erepo account p1 register … --start-over", None),
        ("erepo structure send|remote", None),
        ("erepo migrate back", "no command back"),
        ("erepo migrate list --blocking", "no option --blocking"),
        ("erepo migrate stop NOW", "takes no argument NOW"),
    ],
)
def test_the_check_finds_what_is_wrong(commands: dict[str, Any], quote: str, why: str | None) -> None:
    """Names, options and arguments that no command has are told."""
    assert problem(quote, commands) == why
