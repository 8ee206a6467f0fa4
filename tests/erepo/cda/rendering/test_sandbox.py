# ruff: noqa: E501 (fragments of markup read better whole)
"""The locked process: what a hostile stylesheet (X6) or document gets out of it, and what ends it."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from erepo.cda.rendering import sandbox
from erepo.cda.rendering.errors import (
    RenderingFailed,
    RenderingTooLarge,
    RenderingTooSlow,
    StylesheetUnusable,
)
from erepo.cda.rendering.transforming import transform as transform_here
from erepo.settings import RenderingLimits
from tests.support import cda_documents as cda
from tests.support.pages import LIMITS, sheet

DOCUMENT = cda.document()
SECRET = "tajemnica-szpitala"
LOOP = (
    '<xsl:template name="a"><xsl:param name="n"/><xsl:if test="$n &gt; 0">'
    + '<xsl:call-template name="a"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>' * 2
    + "</xsl:if></xsl:template>"
)
CALL = '<xsl:call-template name="a"><xsl:with-param name="n" select="{n}"/></xsl:call-template>'


def run(
    stylesheet: bytes, document: bytes = DOCUMENT, limits: RenderingLimits = LIMITS
) -> sandbox.Transformed:
    """Apply a stylesheet in the locked process."""
    return sandbox.transform("test.xsl", stylesheet, document, limits)


def test_all_walls_stand_on_linux() -> None:
    """Limits, no new privileges and the filter of system calls stand before anything hostile is read."""
    made = run(sheet('<p><xsl:value-of select="//h:title"/></p>'))
    assert b"<p>Wynik</p>" in made.markup
    assert made.walls == ("limits", "no-new-privileges", "system-calls")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-2", "windows-1250"])
def test_documents_in_the_encodings_of_poland(encoding: str) -> None:
    """Encodings are read without a file being opened, and the page is UTF-8 whatever the stylesheet says."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><ClinicalDocument xmlns="urn:hl7-org:v3">Zażółć</ClinicalDocument>'
    latin = sheet(
        '<p><xsl:value-of select="."/></p>', head='<xsl:output method="html" encoding="ISO-8859-2"/>'
    )
    assert "Zażółć" in run(latin, text.encode(encoding)).markup.decode()


@pytest.mark.parametrize("where", ["{path}", "file://{path}", "/etc/passwd", "../../../etc/passwd"])
def test_document_reads_no_file(where: str, tmp_path: Path) -> None:
    """document() is refused, whatever the form of the address."""
    secret = tmp_path / "secret.xml"
    secret.write_text(f"<a>{SECRET}</a>")
    with pytest.raises(RenderingFailed) as refused:
        run(sheet(f"<xsl:copy-of select=\"document('{where.format(path=secret)}')\"/>"))
    assert SECRET not in str(refused.value)


def test_document_asks_no_server() -> None:
    """document() reaches no address of the network: nobody is called."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Listening) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            with pytest.raises(RenderingFailed):
                run(sheet(f"<xsl:copy-of select=\"document('http://127.0.0.1:{server.server_port}/')\"/>"))
        finally:
            server.shutdown()
            thread.join()
    assert asked == []


@pytest.mark.parametrize(
    ("element", "space"),
    [
        ("exsl:document", 'xmlns:exsl="http://exslt.org/common" extension-element-prefixes="exsl"'),
        ("saxon:output", 'xmlns:saxon="http://icl.com/saxon" extension-element-prefixes="saxon"'),
        (
            "redirect:write",
            'xmlns:redirect="org.apache.xalan.xslt.extensions.Redirect" extension-element-prefixes="redirect"',
        ),
    ],
)
def test_no_extension_writes_a_file(element: str, space: str, tmp_path: Path) -> None:
    """exsl:document and its elder sisters write nothing."""
    target = tmp_path / "written.html"
    hostile = sheet(
        f'<{element} href="{target}" file="{target}" method="text">x</{element}>', attributes=space
    )
    with pytest.raises((RenderingFailed, StylesheetUnusable)):
        run(hostile)
    assert not target.exists()


@pytest.mark.parametrize("element", ["import", "include"])
def test_stylesheets_are_whole(element: str, tmp_path: Path) -> None:
    """What imports or includes another file is no stylesheet here; nothing is read to find out."""
    other = tmp_path / "other.xsl"
    other.write_bytes(sheet(SECRET))
    with pytest.raises(StylesheetUnusable):
        run(sheet(head=f'<xsl:{element} href="{other}"/>'))


def test_an_exponential_template_is_ended_in_time() -> None:
    """Two calls for each call: the kernel, or the clock, ends it."""
    with pytest.raises(RenderingTooSlow):
        run(sheet(CALL.format(n=60), LOOP))


def test_deep_recursion_ends_as_a_failure() -> None:
    """A template without an end fails by its depth, long before the stack does."""
    endless = '<xsl:template name="a"><xsl:param name="n"/><b>' + CALL.format(n="$n") + "</b></xsl:template>"
    with pytest.raises(RenderingFailed):
        run(sheet(CALL.format(n=1), endless))


def test_memory_has_an_end() -> None:
    """A text that doubles itself meets the limit of memory; this process does not notice."""
    double = (
        '<xsl:template name="a"><xsl:param name="n"/>' + CALL.format(n="concat($n, $n)") + "</xsl:template>"
    )
    with pytest.raises((RenderingFailed, RenderingTooLarge, RenderingTooSlow)):
        run(sheet(CALL.format(n=f"'{'x' * 1000}'"), double))


def test_a_page_has_an_end() -> None:
    """A page above its limit is refused, not cut."""
    small = LIMITS.model_copy(update={"page": 1000})
    with pytest.raises(RenderingTooLarge) as refused:
        run(sheet("<p>" + "x" * 2000 + "</p>"), limits=small)
    assert refused.value.data["what"] == "page"


def test_a_large_document_is_refused_before_a_process_starts() -> None:
    """The limit of documents is checked first."""
    with pytest.raises(RenderingTooLarge):
        run(sheet(), b"x" * (LIMITS.document + 1))


@pytest.mark.parametrize("hostile", [b"<x/>", b"<x", b"", b"<!DOCTYPE a><a/>"])
def test_what_is_no_stylesheet_is_told_by_its_name(hostile: bytes) -> None:
    """A broken file of the clinic's folder is named, so that somebody can replace it."""
    with pytest.raises(StylesheetUnusable, match=r"test\.xsl"):
        run(hostile)


@pytest.mark.parametrize(
    "document",
    [b"<a", b"", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', b"\xff\xfe\x00"],
)
def test_a_broken_document_fails(document: bytes) -> None:
    """Neither a broken document nor one with a DOCTYPE gets a page."""
    with pytest.raises(RenderingFailed) as refused:
        run(sheet(), document)
    assert refused.value.data == {"problem": "document"}


def test_what_a_stylesheet_says_of_a_document_stays_inside(capfd: pytest.CaptureFixture[str]) -> None:
    """xsl:message quotes the patient: neither the error nor any output of ours repeats it."""
    quoting = sheet('<xsl:message terminate="yes"><xsl:value-of select="//h:family"/></xsl:message>')
    with pytest.raises(RenderingFailed) as refused:
        run(quoting)
    assert "Próbny" not in f"{refused.value!r}{refused.value}{''.join(capfd.readouterr())}"


LOCKED = """
import errno, os, socket, subprocess, sys
from erepo.cda.rendering.walls import build
build(seconds=2, memory=512 * 1024 ** 2)
for name, attempt in {
    "read": lambda: open("/etc/passwd"),
    "write": lambda: open("/tmp/erepo-written", "w"),
    "socket": lambda: socket.socket(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "child": lambda: os.fork(),
    "signal": lambda: os.kill(os.getppid(), 0),
    "folder": lambda: os.listdir("/"),
    "environment": lambda: open("/proc/self/environ"),
}.items():
    try:
        attempt()
    except OSError as error:
        os.write(1, f"{name} {errno.errorcode[error.errno]}\\n".encode())
    else:
        os.write(1, f"{name} DONE\\n".encode())
"""


def test_behind_the_walls_even_our_own_code_can_do_nothing() -> None:
    """Were libxslt broken into, it could open no file and no socket, start nothing and signal nobody."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOCKED], capture_output=True, check=False, env={}, text=True
    )
    words = dict(line.split() for line in done.stdout.splitlines())
    assert len(words) == 8, done.stderr
    assert set(words.values()) <= {"EPERM", "EMFILE"}


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import time; time.sleep(600)", RenderingTooSlow),
        ("import os, time; os.close(1); time.sleep(600)", RenderingTooSlow),
        ("while True: pass", RenderingTooSlow),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", RenderingTooLarge),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", RenderingTooLarge),
        ("import os; os.abort()", RenderingFailed),
        ("raise SystemExit(3)", RenderingFailed),
        ("print('x' * 5000)", RenderingFailed),
        ("print('not JSON')", RenderingFailed),
        ("print('[1]')", RenderingFailed),
        ("print('{}')", RenderingFailed),
    ],
)
def test_a_process_that_was_broken_into_gains_nothing(
    script: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent, talkative, dying or lying: a typed error comes in time, and the process is gone by then."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def instead(arguments: list[str], **options: object) -> subprocess.Popen[bytes]:
        started.append(real([arguments[0], "-c", script], **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", instead)
    # Only those that never end are not waited for: a busy machine may take long to start the others.
    patience = LIMITS.model_copy(update={"start": 0.2}) if error is RenderingTooSlow else LIMITS
    with pytest.raises(error):
        run(sheet(), cda.document(rest="<!--" + "x" * 3_000_000 + "-->"), limits=patience)
    assert started[0].returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)


@pytest.mark.parametrize(
    "hostile",
    [
        sheet("<xsl:copy-of select=\"document('/etc/passwd')\"/>"),
        sheet(head='<xsl:import href="/etc/passwd"/>'),
        sheet(
            '<exsl:document href="/tmp/erepo-written">x</exsl:document>',
            attributes='xmlns:exsl="http://exslt.org/common" extension-element-prefixes="exsl"',
        ),
    ],
)
def test_the_inner_wall_holds_by_itself(hostile: bytes) -> None:
    """Where a system has no other walls, the transformation alone refuses to read and to write."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - lxml's own, of several kinds
        transform_here(hostile, DOCUMENT)
    assert "root:" not in str(refused.value)
    assert not Path("/tmp/erepo-written").exists()
