"""What a document's time is made of: samples into layers, floors, and their section."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench.breakdown_report import Found, section, spread
from tests.bench.floors import Messages, Rows, floors
from tests.bench.layers import CRYPTO, DATABASE, LAYERS, NETWORK, OTHER, PREFECT, START, XML, shares

SAMPLES = """\
process 1:"a";run (asyncio/runners.py:1);send (erepo/clinic/pipeline.py:9);sign (erepo/soap/signing.py:150) 3
run (asyncio/runners.py:1);call (erepo/soap/client.py:60);canonical_octets (erepo/xmlsig/canonical.py:20) 2
run (asyncio/runners.py:1) 4
work (threading.py:1);plan (erepo/clinic/archiving/planning.py:50);execute (sqlalchemy/engine/base.py:1) 1
"""
PAYLOAD = b'<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body/></soap:Envelope>'


def test_a_sample_belongs_to_its_innermost_known_frame() -> None:
    """Signing inside the pipeline is cryptography; a loop that only waits for sockets is network."""
    found = shares(SAMPLES)
    told = {layer: found[layer] for layer in LAYERS if found[layer]}
    assert told == pytest.approx({CRYPTO: 0.3, XML: 0.2, NETWORK: 0.4, DATABASE: 0.1})


def test_the_start_of_a_process_is_not_what_a_document_costs() -> None:
    """Shares are taken of what is left, and stray frames of Prefect go to the rest."""
    spent = spread({START: 0.5, CRYPTO: 0.25, PREFECT: 0.25}, 8.0)
    assert spent == {CRYPTO: 4.0, OTHER: 4.0}


def test_floors_are_measured_on_the_octets_that_are_given() -> None:
    """More octets cost more; both sides have a floor in every layer that has one."""
    small = floors(Messages(b"x" * 1_000, PAYLOAD, PAYLOAD))
    large = floors(Messages(b"x" * 1_000_000, PAYLOAD, PAYLOAD))
    assert small.keys() == large.keys()
    assert all(large[layer] > small[layer] for layer in (CRYPTO, NETWORK))


def test_the_floor_of_a_database_writes_the_new_rows(tmp_path: Path) -> None:
    """What was there before is not written again, and what is new is."""
    path, copy = tmp_path / "a.db", tmp_path / "b.db"
    with closing(sqlite3.connect(path)) as source:
        source.execute("CREATE TABLE document (name TEXT)")
        source.execute("INSERT INTO document VALUES ('old')")
        source.commit()
        rows = Rows(path, copy)
        source.execute("INSERT INTO document VALUES ('new')")
        source.commit()
    assert rows.cost(1) > 0
    with closing(sqlite3.connect(copy)) as target:
        assert target.execute("SELECT name FROM document ORDER BY rowid").fetchall() == [("old",), ("new",)]


def test_the_section_sums_up() -> None:
    """Client and service are summed, floors beside them."""
    found = Found(10, 50, {CRYPTO: (1.0, 2.0), XML: (0.5, 0.25)}, {CRYPTO: (0.5, 0.5)}, (0.25, 0.5), 0.01)
    text = section(found, "command", "2026-01-02", {"CPU": "one", "Memory": "1 GB", "Disk": "ext4"}, 250)
    assert "| **together** | 1.50 | 0.50 | 2.25 | 0.50 |" in text
