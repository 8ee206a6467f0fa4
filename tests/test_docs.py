"""The documentation is held against the program: what exists is described, what is described exists."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

import blocks
from deployments.register import catalogue
from erepo.api.tokens import Scope
from erepo.blobs import errors as blob_errors
from erepo.cda.kinds import KINDS
from erepo.cli.root import COMMANDS, LazyCommands
from erepo.clinic.permissions import Permission
from erepo.clinic.sharing import ConsentState
from erepo.cloud import errors as cloud_errors
from erepo.cloud.consents import errors as consent_errors
from erepo.cloud.national import errors as national_errors
from erepo.cloud.national.indexing import errors as index_errors
from erepo.cloud.national.searching import errors as abroad_errors
from erepo.cloud.outside import errors as outside_errors
from erepo.cloud.patients import errors as patient_errors
from erepo.cloud.patients_own import errors as own_document_errors
from erepo.cloud.structure import errors as structure_errors
from erepo.cloud.tenancy import errors as tenancy_errors
from erepo.cloud.vault import errors as vault_errors
from erepo.errors import ErepoError
from erepo.portal import errors as portal_errors
from erepo.settings import Settings
from erepo.xds.vocabulary import Xds

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

#: Variables that are read, but are no settings.
BESIDE = {"EREPO_LANGUAGE", "EREPO_SOAK", "EREPO_FUZZ_SECONDS", "EREPO_SUPERVISED_BY", "EREPO_"}
#: Written by `make bench`; not there before its first run.
GENERATED = {REFERENCE / "benchmarks.md"}


def page(name: str) -> str:
    """Return a page of the reference."""
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def sections(name: str, level: int) -> dict[str, str]:
    """Return the chapters of a page by their headings, without the marks of code."""
    parts = re.split(rf"^{'#' * level} (.+)$", page(name), flags=re.MULTILINE)
    return {heading.replace("`", ""): text for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def rows(text: str) -> dict[str, str]:
    """Return the rows of all tables by what stands as code in their first cell."""
    found = re.findall(r"^\| (`[^|]+`) \|(.*)$", text, flags=re.MULTILINE)
    return {name: rest for cell, rest in found for name in re.findall(r"`([^`]+)`", cell)}


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its full name."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    if command.invoke_without_command:
        yield path, command
    for name, below in command.commands.items():
        yield from leaves(below, f"{path} {name}")


@cache
def commands() -> dict[str, set[str]]:
    """Return the long options of every command, by its full name."""
    group, found = LazyCommands(), {}
    for name in COMMANDS:
        for path, command in leaves(group.get_command(None, name), f"erepo {name}"):
            options = {one for parameter in command.params for one in parameter.opts if one.startswith("--")}
            found[path] = options - {"--help"}
    return found


def test_commands_are_those_of_the_program() -> None:
    """Every command has a chapter of its own, and no chapter describes a command that is not there."""
    assert set(sections("commands", 3)) == set(commands())


@pytest.mark.parametrize("command", sorted(sections("commands", 3)))
def test_options_are_those_of_the_command(command: str) -> None:
    """The table of a command lists exactly its options."""
    described = {one for one in rows(sections("commands", 3)[command]) if one.startswith("--")}
    assert described == commands()[command]


@pytest.mark.parametrize(
    ("chapter", "option", "values"),
    [
        ("erepo api token add", "--scope", [one.value for one in Scope]),
        ("erepo structure user set", "--permission", [one.value for one in Permission]),
        ("erepo consents list", "--state", [one.value for one in ConsentState]),
    ],
)
def test_what_an_option_takes_is_that_of_the_program(chapter: str, option: str, values: list[str]) -> None:
    """The row of such an option names every value it takes, and no other."""
    row = rows(sections("commands", 3)[chapter])[option]
    named = re.findall(r"`([a-z:-]+)`", row)
    assert sorted(named) == sorted(values)


def test_make_targets_are_described() -> None:
    """Every target that `make help` shows stands in the list of targets."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, flags=re.MULTILINE)) - {"help", "lock"}
    assert {f"make {target}" for target in targets} <= set(rows(page("commands")))


def fields(model: type[BaseModel], prefix: str = "EREPO_") -> Iterator[tuple[str, Any]]:
    """Yield every setting's variable and default."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from fields(type(field.default), f"{prefix}{name.upper()}__")
        else:
            default = field.default
            # A page may show that a secret is empty by default; it could never show a real one.
            secret = isinstance(default, SecretStr)
            yield f"{prefix}{name.upper()}", default.get_secret_value() if secret else default


def test_settings_are_those_of_the_program() -> None:
    """Every setting has a row with its default, and no row describes a setting that is not there."""
    described, real = rows(page("settings")), dict(fields(Settings))
    variables = {name for name in described if name.startswith("EREPO_")}
    assert variables - BESIDE == set(real)
    for name, default in real.items():
        words = {None: "*(none)*", "": "*(empty)*"}.get(default, f"`{default}`").replace("False", "false")
        assert described[name].split("|")[0].strip() == words.replace(".0`", "`"), name


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_variables_named_anywhere_exist(file: Path) -> None:
    """No page names a variable that nothing reads."""
    named = set(re.findall(r"\bEREPO_[A-Z_]*[A-Z]\b", file.read_text(encoding="utf-8")))
    assert named - set(dict(fields(Settings))) <= BESIDE


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry["flow_name"])
def test_deployments_are_described(entry: dict[str, Any]) -> None:
    """Each deployment has a chapter with its schedule, its collision rule and exactly its parameters."""
    text = sections("deployments", 2)[f"{entry['flow_name']}/{entry['name']}"]
    assert f"`{entry['concurrency_limit']['collision_strategy']}`" in text
    for schedule in entry.get("schedules", []):
        assert f"`{schedule['slug']}`: `{schedule['cron']}`, {schedule['timezone']}" in text
    module, _, name = entry["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    table = rows(text.partition("| parameter |")[2].partition("\n\n")[0])
    parameters = inspect.signature(flow.fn).parameters
    assert set(table) == set(parameters)
    for parameter in parameters.values():
        default = "*(required)*" if parameter.default is parameter.empty else f"`{parameter.default}`"
        assert table[parameter.name].split("|")[0].strip().replace('`""`', "``") == default, parameter.name


def test_artifacts_are_described() -> None:
    """Every artifact that a flow leaves is named."""
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "flows").glob("*.py"))
    keys = set(re.findall(r'"([a-z]+-(?:progress|summary))"', sources))
    assert len(keys) >= 3
    assert {key for key in keys if f"`{key}`" not in page("deployments")} == set()


@pytest.mark.parametrize("block", blocks.ALL, ids=lambda block: block.__name__)
def test_blocks_are_described(block: Any) -> None:
    """Each block has the chapter its documentation link leads to, with its slug and exactly its fields."""
    text = sections("blocks", 2)[block.__name__]
    assert block.get_block_type_slug() in text
    assert set(rows(text)) == set(block.model_fields)
    assert str(block._documentation_url).endswith(f"docs/reference/blocks.md#{block.__name__.lower()}")


def test_kinds_are_those_of_the_program() -> None:
    """Every document kind has a row with its names in both languages and what it starts with."""
    described = {name: rest for name, rest in rows(page("kinds")).items() if name in KINDS}
    assert set(described) == set(KINDS)
    for kind, info in KINDS.items():
        switch = "on" if info.auto_archive_default else "off"
        deletable = "yes" if info.deletable else "no"
        assert described[kind].startswith(f" {info.label.en} | {info.label.pl} | {switch} | {deletable} | ")


def test_error_codes_of_the_service_are_described() -> None:
    """Every XDS code that the service can answer, and every code of its REST errors, has a row."""
    sources = [*(ROOT / "erepo" / "cloud").glob("*.py")]
    xds = ROOT / "erepo" / "xds"
    sources += [*xds.glob("iti*.py"), *xds.glob("ebrim*.py"), xds / "submitting.py"]
    used = {name for file in sources for name in re.findall(r"\bXds\.([A-Z_]+)", file.read_text("utf-8"))}
    described = set(rows(page("service")))
    assert {Xds[name].value for name in used} <= described
    told = set(
        re.findall(
            r"`((?:cloud|certificates|structure|consent|p1|index|outside|patients|own-document)\.[a-z0-9-]+)`",
            page("service"),
        )
    )
    rooms = (
        tenancy_errors,
        structure_errors,
        consent_errors,
        patient_errors,
        own_document_errors,
        national_errors,
        index_errors,
        abroad_errors,
        outside_errors,
    )
    answered = codes_of(*rooms) - {"index.problem", "outside.misconfigured", "p1.abroad-problem"}
    assert answered <= told <= answered | codes_of(cloud_errors, vault_errors, blob_errors)


def test_error_codes_of_the_portal_are_described() -> None:
    """Every code that patients may hear, or the operator of the portal, has its place."""
    told = set(re.findall(r"`(portal\.[a-z0-9-]+)`", page("portal")))
    assert told == codes_of(portal_errors) | {"portal.no-carrier"}


def codes_of(*modules: ModuleType) -> set[str]:
    """Return the codes of the errors that modules define."""
    return {
        one.code
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ErepoError) and one.__module__ == module.__name__
    }


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of all functions in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_tests_named_anywhere_exist(file: Path) -> None:
    """A page that names a test or a test file names one that is there."""
    text = file.read_text(encoding="utf-8")
    missing = []
    for path, _, name in re.findall(r"`(tests/[\w/.-]+)(::(\w+))?`", text):
        found = ROOT / path
        if not found.exists() or (name and name not in names_in(found)):
            missing.append(f"{path}::{name}")
    known = {found.name for found in (ROOT / "tests").rglob("test_*.py")}
    missing += [name for name in re.findall(r"`(test_\w+\.py)`", text) if name not in known]
    assert missing == []


def slug(heading: str) -> str:
    """Return the anchor that the repository's pages give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_relative_links_lead_somewhere(file: Path) -> None:
    """Every link to a file of the repository finds it, and every anchor its heading."""
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if target in GENERATED and not target.exists():
            continue
        if not target.exists():
            broken.append(link)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            broken += [link] if anchor not in map(slug, headings) else []
    assert broken == []
