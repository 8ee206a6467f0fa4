"""The guide for integrators is run as it is written."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.cloud import running_cloud

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-a-client.md"
FIRST = 'cd FOLDER\nSERVICE=$(python3 -c "import json'


def _blocks() -> list[str]:
    """Return the guide's indented blocks of commands."""
    found = re.findall(r"(?:^(?: {4}.*)?\n)+", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"^ {4}", "", each, flags=re.MULTILINE).strip() for each in found if each.strip()]


def test_the_commands_of_the_guide_do_what_it_says(tmp_path: Path) -> None:
    """Connection, descriptions and a first query of an account with mutual TLS, in plain curl."""
    connect, query, _ = _blocks()
    assert connect.startswith(FIRST)
    with running_cloud(tmp_path, security="mtls") as cloud:
        script = f"{connect.replace('FOLDER', str(cloud.tenant.folder), 1)}\n{query}\n"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            capture_output=True,
            text=True,
            timeout=200,
            check=True,
        )
    assert f'location="{cloud.tenant.repository}"' in done.stdout
    assert '"openapi":"3.1' in done.stdout.replace(" ", "")
    assert "ResponseStatusType:Success" in done.stdout
    assert "RegistryObjectList" in done.stdout


def test_the_client_of_the_guide_submits_and_proves_the_answer(tmp_path: Path) -> None:
    """With WS-Security: the example signs, says who acts, submits a document and proves the answer."""
    install, submit = _blocks()[2].splitlines()
    assert install == "pip install lxml cryptography"
    words = submit.replace("python3", shlex.quote(sys.executable), 1)
    with running_cloud(tmp_path) as cloud:
        script = words.replace("FOLDER", shlex.quote(str(cloud.tenant.folder)))
        for _ in range(2):
            done = subprocess.run(
                ["bash", "-euc", script],
                cwd=GUIDE.parent,
                capture_output=True,
                text=True,
                timeout=200,
                check=True,
            )
            assert "ResponseStatusType:Success" in done.stdout
            assert "RegistryError " not in done.stdout
