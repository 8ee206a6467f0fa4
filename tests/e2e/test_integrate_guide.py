"""The guide for programmers of a clinic's own system is run as it is written."""

import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from erepo.api.webhooks.signing import sign
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import staff
from tests.support import cda_documents as cda
from tests.support.api import running_api

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "integrate-your-system.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def _commands() -> str:
    """Return all of the guide's indented commands, in order."""
    words = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    blocks = re.findall(r"(?:^ {4}.*\n)+", words, re.MULTILINE)
    return "".join(re.sub(r"^ {4}", "", each, flags=re.MULTILINE) for each in blocks)


def test_the_commands_of_the_guide_do_what_it_says(tmp_path: Path) -> None:
    """Token, document, attachment, state, lists, search and webhook, in plain curl, one after the other."""
    (tmp_path / "document.xml").write_bytes(cda.document())
    with running_api(tmp_path) as api:
        with api.database.begin() as connection:
            connection.execute(staff.insert().values(login="anna", npwz="5425740"))
            grant(connection, "anna", Permission.MIGRATE, actor="test")
        script = _commands().replace("http://127.0.0.1:8406", api.url)
        environment = {**api.environment, "PATH": f"{Path(sys.executable).parent}:{api.environment['PATH']}"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '{"status":"ok"}201\n' in done.stdout
    answers = [
        json.loads(one) for one in re.findall(r'\{"(?:id|documents)".*?\}(?=\{"|$)', done.stdout, re.DOTALL)
    ]
    attached, details, rejected, found, ahead = answers
    assert (ahead["id"], ahead["documents"]) == (None, 0)
    assert zipfile.is_zipfile(tmp_path / "document.zip")
    assert attached["state"] == "local"
    assert (details["kind"], details["state"]) == ("lab_result", "local")
    assert rejected == {"documents": [], "next": None}
    assert [one["id"] for one in found["documents"]] == [details["id"], attached["id"]]
    assert json.loads((tmp_path / "webhook.json").read_text())["secret"].startswith("whsec_")
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0


def test_the_check_of_the_guide_believes_what_is_genuine_alone() -> None:
    """The function that the guide gives knows our signatures, and neither changed nor old messages."""
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1], names)  # type: ignore[index]
    secret, body, moment = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"{}", int(time.time())

    def headers(at: int) -> dict[str, str]:
        signature = sign(secret, "msg_1", at, body)
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}

    assert names["genuine"](secret, headers(moment), body)
    assert not names["genuine"](secret, headers(moment), b"[]")
    assert not names["genuine"](secret, headers(moment - 400), body)
