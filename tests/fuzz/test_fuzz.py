"""Octets from outside, bent at random: whatever they are, they are read or refused with an error of ours.

Short here; `make soak` gives each target an hour (`EREPO_FUZZ_SECONDS`). What was found lies in `.fuzz/`.
"""

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erepo.soap.mtom import unpack
from erepo.soap.verifying import read_unsigned
from tests.fuzz import seeds
from tests.fuzz.targets import TARGETS
from tests.support.actors import expected_of
from tests.support.soap_messages import LIMITS, receive_soap

ROOT = Path(__file__).parents[2]
FOUND = ROOT / ".fuzz"
needs_atheris = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris here")
targets = pytest.mark.parametrize("name", TARGETS)


def test_seeds_are_good() -> None:
    """The fuzzers start from what is accepted, or they would never get past the first look."""
    verifier = seeds.signer().verifier(clock=lambda: seeds.NOW)
    for octets in seeds.envelopes()[:-1]:
        assert verifier.verify(receive_soap(octets)).action
    for octets in seeds.packages():
        content_type, _, body = octets.partition(b"\n")
        assert unpack(content_type.decode(), body, LIMITS).multipart
    for octets in seeds.payloads():
        assert read_unsigned(receive_soap(seeds.around(octets))).action
    message = read_unsigned(receive_soap(next(iter(seeds.asserted()))))
    assert seeds.read_assertion(message, expected_of(seeds.signer())).actor


@cache
def good(name: str) -> list[bytes]:
    """Return the seeds of a target, the same each time."""
    return list(TARGETS[name].seeds())


@targets
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_damaged_octets_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Cutting, doubling, exchanging and inserting in something good ends in nothing but a typed error."""
    target = TARGETS[name]
    octets = bytearray(data.draw(st.sampled_from(good(name))))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(octets)))
        stop = data.draw(st.integers(start, min(len(octets), start + 60)))
        octets[start:stop] = data.draw(
            st.binary(max_size=20) | st.sampled_from((*target.words, bytes(octets[start:stop]) * 2, b""))
        )
    target.run(bytes(octets))


@targets
@given(octets=st.binary(max_size=400))
@settings(max_examples=30, deadline=None)
def test_any_octets_are_read_or_refused(name: str, octets: bytes) -> None:
    """Octets that are nothing at all end in nothing but a typed error."""
    TARGETS[name].run(octets)


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Run a fuzzer in a process of its own; a crash or a hang fails the test and is kept."""
    command = [sys.executable, "-m", "tests.fuzz.run", name, str(seconds), str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds * 2 + 120, check=False
    )
    found = [file.name for file in (folder / "crashes").glob("*")] if folder.exists() else []
    assert done.returncode == 0, f"{name}: {found}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"


@needs_atheris
@targets
def test_the_fuzzer_finds_nothing_at_once(name: str, tmp_path: Path) -> None:
    """A few seconds guided by coverage find nothing."""
    fuzz(name, 5, tmp_path)


@needs_atheris
@pytest.mark.soak
@targets
def test_the_fuzzer_finds_nothing_in_an_hour(name: str) -> None:
    """An hour guided by coverage, on top of what earlier runs learned, finds nothing."""
    if not os.environ.get("EREPO_SOAK"):
        pytest.skip("the long form: make soak")
    fuzz(name, int(os.environ.get("EREPO_FUZZ_SECONDS", "3600")), FOUND / name)


@targets
def test_what_was_found_stays_mended(name: str) -> None:
    """Whatever a fuzzer once found is tried again."""
    for file in sorted((Path(__file__).parent / "found" / name).glob("*")):
        TARGETS[name].run(file.read_bytes())
