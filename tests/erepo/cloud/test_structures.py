"""The provider's structure: checked field by field, kept once, unchanged by the same content."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from erepo.cloud.structure.content import read_structure
from erepo.cloud.structure.errors import StructureInvalid
from tests.support.cloud import RunningCloud

EXAMPLE: dict[str, Any] = {
    "provider": json.loads(
        (Path(__file__).parents[3] / "docs" / "reference" / "structure-example.json").read_text("utf-8")
    )["provider"]
}


def changed(change: Callable[[Any], object]) -> dict[str, Any]:
    """Return the example with a change in its provider."""
    content = copy.deepcopy(EXAMPLE)
    change(content["provider"])
    return content


@pytest.fixture
def peer(cloud: RunningCloud) -> Iterator[httpx.Client]:
    """An HTTP client of the first account, for a member of its staff."""
    service = str(cloud.tenant.facts["service"])
    context, named = cloud.tenant.tls_context(), cloud.tenant.named()
    with httpx.Client(verify=context, base_url=service, headers=named, trust_env=False, timeout=60) as client:
        yield client


def test_what_was_sent_is_held(peer: httpx.Client) -> None:
    """Nothing at first; then what was sent, with its hash; the same in another order changes nothing."""
    none = peer.get("/structure")
    assert (none.status_code, none.json()["code"]) == (404, "structure.none")
    first = peer.put("/structure", json=EXAMPLE)
    assert first.status_code == 200, first.text
    told = first.json()
    content = {"provider": told["provider"]}
    assert content == EXAMPLE
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    assert told["sha256"] == hashlib.sha256(canonical).hexdigest()
    turned = {"provider": dict(reversed(EXAMPLE["provider"].items()))}
    spaced = json.dumps(turned, indent=4, ensure_ascii=True)
    assert peer.put("/structure", content=spaced).json() == told == peer.get("/structure").json()
    bad = changed(lambda provider: provider.pop("resort_i"))
    assert peer.put("/structure", json=bad).status_code == 400
    assert peer.get("/structure").json() == told
    renamed = peer.put("/structure", json=changed(lambda provider: provider.update(name="Nowa nazwa"))).json()
    assert renamed["provider"]["name"] == "Nowa nazwa"
    assert renamed["sha256"] != told["sha256"]
    assert peer.get("/structure").json() == renamed


_UNIT = "provider.units[0]"
_CELL = f"{_UNIT}.cells[1]"

#: What is wrong, where it is told to be.
WRONG: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "resort I": (lambda p: p.update(resort_i="12a"), "provider", "resort_i"),
    "no resort I": (lambda p: p.pop("resort_i"), "provider", "resort_i"),
    "REGON": (lambda p: p.update(regon="123456789"), "provider", "regon"),
    "no name": (lambda p: p.update(name="  "), "provider", "name"),
    "an escape in a name": (lambda p: p.update(name="X\x1b[2J"), "provider", "name"),
    "no units": (lambda p: p.update(units=[]), "provider", "units"),
    "units are none": (lambda p: p.update(units="x"), "provider", "units"),
    "a unit is none": (lambda p: p["units"].append(7), "provider.units[1]", "-"),
    "resort V": (lambda p: p["units"][0].update(resort_v="1"), _UNIT, "resort_v"),
    "number": (lambda p: p["units"][0].update(resort_v=1), _UNIT, "resort_v"),
    "no cells": (lambda p: p["units"][0].pop("cells"), _UNIT, "cells"),
    "resort VII": (lambda p: p["units"][0]["cells"][1].update(resort_vii="٣٣٣"), _CELL, "resort_vii"),
    "resort VIII": (lambda p: p["units"][0]["cells"][1].update(resort_viii=""), _CELL, "resort_viii"),
    "resort X": (lambda p: p["units"][0]["cells"][1].pop("resort_x"), _CELL, "resort_x"),
    "unknown field": (lambda p: p["units"][0]["cells"][1].update(pesel="44051401359"), _CELL, "pesel"),
    "cell twice": (
        lambda p: p["units"][0]["cells"][1].update(resort_vii="001"),
        f"{_UNIT}.cells[0]",
        "resort_vii",
    ),
    "unit twice": (lambda p: p["units"].append(copy.deepcopy(p["units"][0])), _UNIT, "resort_v"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    """Record and field are told in both languages, a value never."""
    change, record, field = WRONG[name]
    with pytest.raises(StructureInvalid) as caught:
        read_structure(orjson.dumps(changed(change)))
    assert (caught.value.data["record"], caught.value.data["field"]) == (record, field)
    texts = [caught.value.explain(language)[0] for language in ("en", "pl")]  # type: ignore[arg-type]
    assert texts[0] != texts[1]
    assert all(record in each and field in each and "44051401359" not in each for each in texts)


def test_leading_zeros_of_the_register_book_may_be_left_out() -> None:
    """Part I is kept with twelve digits, whatever came; REGON may be missing."""
    short = changed(lambda provider: (provider.update(resort_i="100300"), provider.pop("regon")))
    kept = orjson.loads(read_structure(orjson.dumps(short)).content)
    assert kept["provider"]["resort_i"] == "000000100300"
    assert kept["provider"]["regon"] == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.binary(max_size=40) | _JSON.map(json.dumps).map(str.encode))
def test_any_octets_are_refused_alike(octets: bytes) -> None:
    """Whatever comes that is no structure: the one error, never another."""
    with pytest.raises(StructureInvalid):
        read_structure(octets)


@given(_JSON, st.sampled_from(["name", "regon", "resort_i", "units"]))
def test_any_value_of_a_field_is_taken_or_refused(value: Any, field: str) -> None:
    """A field of any content either has its form or is named."""
    content = changed(lambda provider: provider.update({field: value}))
    try:
        kept = read_structure(json.dumps(content).encode())
    except StructureInvalid as error:
        words = error.explain("pl")[0]
    else:
        words = "structure"
        assert read_structure(kept.content.encode()) == kept
    assert words
