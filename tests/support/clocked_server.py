"""The service with the clock of consents in a file, so that a test sets the moment to the second.

`python -m tests.support.clocked_server`; CONSENT_CLOCK names the file: a moment in ISO, UTC, naive. An empty
or missing file means the present. Everything else is the real service with the real time.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from erepo.cloud.service import Cloud
from erepo.cloud.web.server import main


def told(_cloud: Cloud) -> datetime:
    """Return the moment that the file says."""
    file = Path(os.environ["CONSENT_CLOCK"])
    text = file.read_text() if file.exists() else ""
    return datetime.fromisoformat(text) if text else datetime.now(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    Cloud.consent_time = told  # type: ignore[method-assign]  # what this module is for
    main()
