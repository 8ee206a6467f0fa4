"""Replay (M41): an identical signed message is taken once, also by a second process and after a restart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from lxml import etree

from tests.interop.kit import expect, metadata, saml, wire, wss
from tests.interop.kit.metadata import Entry, Submission
from tests.interop.kit.wss import Style
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.interop.kit.wire import Peer

QUERY = metadata.query("GetDocuments", [("$XDSDocumentEntryUniqueId", expect.quoted("1.2.3"))])


def test_replayed(clinic: Peer, clinic_rsa: Peer) -> None:
    """The same octets twice: the second is refused; so with unsigned white space or headers changed."""
    for peer in (clinic, clinic_rsa):
        tree = wss.message(peer, 18, QUERY)
        expect.success(wss.post(peer, 18, tree))
        for text in (
            etree.tostring(tree),
            etree.tostring(tree).replace(b"</s:Header>", b'<x:T xmlns:x="urn:x"/></s:Header>'),
            etree.tostring(tree).replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>\n"),
        ):
            again = wss.post(peer, 18, text)
            assert again.fault.startswith("Sender"), again.status
            wss.check(peer, again)


def test_replayed_submission(clinic: Peer) -> None:
    """A replayed submission is a fault and not a duplicate, in another packing as well."""
    patient = metadata.patient()
    given = Submission(patient, [Entry(patient, b"once")])
    tree = wss.message(clinic, 41, wire.inline_body(given))
    text = etree.tostring(tree)
    expect.success(wss.post(clinic, 41, text))
    parts = wss.optimise(tree)
    assert wss.post(clinic, 41, tree, parts).fault.startswith("Sender")
    assert wss.post(clinic, 41, text).fault.startswith("Sender")


def test_replayed_at_once(clinic: Peer) -> None:
    """Twenty times at the same moment: one is answered."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    text = etree.tostring(wss.message(clinic, 18, QUERY))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: wss.post(clinic, 18, text), range(20)))
    assert sum(not answer.fault for answer in answers) == 1


def test_same_signed_id_new_message(clinic: Peer) -> None:
    """A MessageID used twice in two honestly signed messages: refused or answered, never a server's fault."""
    heads = {"message_id": "urn:uuid:" + metadata.oid()}
    expect.success(wss.send(clinic, 18, QUERY, heads=heads))
    again = wss.send(clinic, 18, QUERY, heads=heads, created=-5)
    assert not again.fault or again.fault.startswith("Sender")


def test_second_process_and_restart(service: Any, clinic: Peer) -> None:
    """What one process answered, another refuses (shared store), and the same one after its restart."""
    import socket  # noqa: PLC0415

    anywhere = Style(assertion=saml.usual(clinic, audience=str(clinic.account["homeCommunityId"])))
    text = etree.tostring(wss.message(clinic, 18, QUERY, anywhere))
    expect.success(wss.post(clinic, 18, text))
    port = free_port()
    log = (service.home / "second.log").open("ab")
    second = subprocess.Popen(
        [sys.executable, "-m", "erepo", "cloud", "serve", "--port", str(port)],
        env=service.environment,
        stdout=log,
        stderr=log,
    )
    log.close()
    moved = str(clinic.account["registry"]).replace(f":{service.port}/", f":{port}/")
    other = clinic.copy(registry=moved)
    try:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        assert wss.post(other, 18, text).fault.startswith("Sender")
        assert not wss.send(other, 18, QUERY, anywhere).fault
        twice = etree.tostring(wss.message(clinic, 18, QUERY, anywhere))
        expect.success(wss.post(other, 18, twice))
        assert wss.post(clinic, 18, twice).fault.startswith("Sender")
    finally:
        other.close()
        os.kill(second.pid, signal.SIGTERM)
        second.wait(120)
    service.stop()
    clinic.close()
    service.start()
    assert wss.post(clinic, 18, text).fault.startswith("Sender")
    expect.success(wss.send(clinic, 18, QUERY))
