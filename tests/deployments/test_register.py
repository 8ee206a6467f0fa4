"""The catalogue of deployments and what gets into Prefect."""

from typing import Any

import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule

from deployments.descriptions import POLISH
from deployments.register import CATALOGUE, build, catalogue
from erepo.clinic.indexing import DUTIES

#: Design §6: names that tests from outside rely on.
NAMES = [
    "onboard-clinic/on-demand",
    "watch-onboarding/quarter-hourly",
    "import-documents/scheduled",
    "archive-documents/scheduled",
    "index-documents/scheduled",
    "verify-archive/nightly",
    "check-account/hourly",
    "sync-structure/daily",
    "register-p1/on-demand",
    "revoke-p1/on-demand",
    "maintenance-window/on-demand",
    "rotate-certificates/daily",
    "diagnose/on-demand",
    "migrate-documents/on-demand",
    "share-documents/on-demand",
    "revoke-consent/on-demand",
    "settle-consents/every-10-minutes",
    "watch-runs/every-10-minutes",
]

ENTRIES = pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry["flow_name"])


def fields(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the form of a deployment: name to description of each field."""
    found: dict[str, dict[str, Any]] = build(entry)._parameter_openapi_schema.properties
    return found


def test_the_names_are_the_contract() -> None:
    """Every promised deployment is in the catalogue."""
    assert [build(entry).full_name for entry in catalogue()] == NAMES


@ENTRIES
def test_every_field_has_words_for_people(entry: dict[str, Any]) -> None:
    """Title, description and place in the form; the title is no name of a variable."""
    for name, field in fields(entry).items():
        assert field["description"], name
        assert field["title"] != name
        assert field["title"][0].isupper()
        assert "position" in field


@ENTRIES
def test_the_words_under_every_field_are_polish_and_english(entry: dict[str, Any]) -> None:
    """A field whose words are new or have changed, and have no Polish yet, is named with them."""
    assert [one["description"] for one in fields(entry).values() if " / " not in one["description"]] == []


@ENTRIES
def test_what_a_deployment_does_is_told_in_polish_and_english(entry: dict[str, Any]) -> None:
    """The tab „Description” has a paragraph for each, the Polish one first."""
    polish, english = entry["description"].split("\n\n")
    assert set(polish) & set("ąćęłńóśźż")
    assert not set(english.split("„")[0]) & set("ąćęłńóśźż")


def test_no_description_is_left_over() -> None:
    """Polish of words that stand under no field any more is named."""
    shown = {one["description"] for entry in catalogue() for one in fields(entry).values()}
    assert [english for english in POLISH if not any(one.endswith(f" / {english}") for one in shown)] == []


@ENTRIES
def test_no_field_takes_a_secret_or_a_patient(entry: dict[str, Any]) -> None:
    """Parameters lie in Prefect in clear: none is a password, a key, a person, a file."""
    forbidden = ("password", "secret", "passphrase", "pkcs12", "pesel", "patient", "file")
    for name, field in fields(entry).items():
        assert field.get("format") != "password"
        assert not any(word in name for word in forbidden)


@ENTRIES
def test_no_field_makes_an_ugly_form(entry: dict[str, Any]) -> None:
    """No unions and no Optional: Prefect's UI shows them as riddles."""
    assert [name for name, field in fields(entry).items() if "anyOf" in field or "type" not in field] == []


def test_kinds_are_chosen_from_a_list_that_people_can_read() -> None:
    """Ids go into the parameters; beside the list stand their names in both languages."""
    [entry] = [one for one in catalogue() if one["flow_name"] == "archive-documents"]
    field = fields(entry)["kinds"]
    assert (field["type"], field["default"]) == ("array", [])
    assert "prescription: Recepta / Prescription" in field["description"]


def test_only_kinds_that_may_be_indexed_are_offered() -> None:
    """Others would be chosen in vain: P1 keeps them itself, or has no type for them."""
    [entry] = [one for one in catalogue() if one["flow_name"] == "index-documents"]
    offered = fields(entry)["kinds"]["items"]["enum"]
    assert set(offered) == {kind.value for kind, duty in DUTIES.items() if duty.possible}
    assert "prescription" not in fields(entry)["kinds"]["description"]


@ENTRIES
def test_one_run_at_a_time_by_a_declared_rule(entry: dict[str, Any]) -> None:
    """Two runs of one deployment never work side by side; what happens to the second is written down."""
    deployment = build(entry)
    assert deployment.concurrency_limit == 1
    assert deployment.concurrency_options is not None


@ENTRIES
def test_schedules_follow_warsaw(entry: dict[str, Any]) -> None:
    """Clinics live by Polish time, summer and winter; each schedule has a name of its own."""
    for schedule in build(entry).schedules or []:
        assert isinstance(schedule.schedule, CronSchedule)
        assert schedule.schedule.timezone == "Europe/Warsaw"
        assert schedule.slug


def test_entrypoints_are_modules() -> None:
    """An installed package needs no working directory and no pull step."""
    assert all(":" not in entry["entrypoint"] for entry in catalogue())
    assert yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["pull"] == []


def test_the_fingerprint_changes_with_the_entry() -> None:
    """A change in the file is seen, the same file is not a change."""
    entry = catalogue()[1]
    assert build(entry).version == build(catalogue()[1]).version
    assert build({**entry, "description": "another"}).version != build(entry).version


def test_a_wrong_flow_name_is_noticed() -> None:
    """The catalogue's name of a flow and the flow's own must not drift apart."""
    with pytest.raises(ValueError, match="onboard-clinic"):
        build({**catalogue()[0], "flow_name": "another"})
