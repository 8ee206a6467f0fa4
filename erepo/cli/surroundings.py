"""What the programs of `erepo up` find around them: secrets, addresses, environment.

Secrets are made once, lie under `$EREPO_HOME/secrets` (folder 0700, files 0600) and reach a program only
through its environment or the file, never through its arguments, which every user of the machine can read.
"""

import base64
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from erepo.cda.samples.people import PROVIDER
from erepo.cli.errors import RekeyUnfinished
from erepo.durable import make_folder, write_durably
from erepo.sandbox.p1 import ISSUER
from erepo.settings import Settings

POOL = "erepo"

#: What the user's own Prefect may have set and must not reach ours.
_FOREIGN = (
    "PREFECT_API_URL",
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_PROFILE",
    "PREFECT_HOME",
)

#: With the recorder's defaults (one event at a time) the UI lags minutes behind; these ship with us.
_SERVER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "2d",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "7776000",
    # A slot taken by a run that died must come free again, also over a restart of the server.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
}
_EVERYWHERE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Without an address Prefect would quietly start a second server in ~/.prefect.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
}


def _from_file() -> dict[str, str]:
    """Return the settings of `.env`: a flow runs in a folder of its own, where the file is not found."""
    return {
        name: value for name, value in dotenv_values(".env").items() if name.startswith("EREPO_") and value
    }


@dataclass(frozen=True)
class Secrets:
    """Files that hold what opens the doors."""

    folder: Path

    @property
    def key_passphrase(self) -> Path:
        """Protects the clinic's private keys."""
        return self.folder / "key-passphrase"

    @property
    def prefect_login(self) -> Path:
        """`user:password` of Prefect's API and UI."""
        return self.folder / "prefect-login"

    @property
    def prefect_encryption_key(self) -> Path:
        """Fernet key of Prefect's blocks; kept apart from Prefect's database and its backups."""
        return self.folder / "prefect-encryption-key"

    @property
    def prefect_coming_key(self) -> Path:
        """The key that `python -m deployments.rekey` is changing to; there only while it does."""
        return self.folder / "prefect-encryption-key.next"

    def make(self) -> None:
        """Make what is missing; what is there stays.

        Raises:
            RekeyUnfinished: blocks may already lie under another key than Prefect would get.
        """
        if self.prefect_coming_key.exists():
            raise RekeyUnfinished(file=str(self.prefect_coming_key))
        make_folder(self.folder)
        self.folder.chmod(0o700)
        for file, value in (
            (self.key_passphrase, secrets.token_urlsafe(32)),
            (self.prefect_login, f"admin:{secrets.token_urlsafe(18)}"),
            (self.prefect_encryption_key, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()),
        ):
            if not file.exists():
                write_durably(file, [value.encode()], 0o600)


@dataclass(frozen=True)
class Surroundings:
    """Addresses, files and environments of one home."""

    settings: Settings

    @property
    def home(self) -> Path:
        """All state."""
        return self.settings.home.absolute()

    @property
    def logs(self) -> Path:
        """One log per program."""
        return self.home / "logs"

    @property
    def state_file(self) -> Path:
        """Says who runs, where."""
        return self.home / "run" / "up.json"

    @property
    def scratch(self) -> Path:
        """Temporary files of Prefect, which would take one name under /tmp for all users of the machine."""
        return self.home / "run" / "tmp"

    @property
    def secrets(self) -> Secrets:
        """The secret files of this home."""
        return Secrets(self.home / "secrets")

    @property
    def inbox(self) -> Path:
        """The drop folder that import-documents watches."""
        return self.settings.inbox

    @property
    def prefect_url(self) -> str:
        """Root of the Prefect UI."""
        return f"http://{self.settings.host}:{self.settings.prefect_port}"

    @property
    def prefect_api(self) -> str:
        """Root of the Prefect API."""
        return f"{self.prefect_url}/api"

    @property
    def office_authority(self) -> Path:
        """The certificate office's own certificate, which the service has to trust."""
        return self.settings.office_home / "ca" / "ca.pem"

    @property
    def service_authority(self) -> Path:
        """The authority of the service's certificates, which the office hands out with its answers."""
        return self.settings.cloud_home / "ca" / "ca.pem"

    @property
    def p1_is_ours(self) -> bool:
        """Whether P1 is the sandbox's: the settings name no other."""
        return not self.settings.p1.url

    @property
    def p1_provider(self) -> Path:
        """Certificates that the sandbox's P1 issued for the provider of the samples, and their passwords."""
        return self.settings.p1_home / "providers" / PROVIDER.book

    @property
    def p1_door(self) -> dict[str, str]:
        """Settings that open the service's door to the other providers of the sandbox's P1."""
        if not self.p1_is_ours or self.settings.p1.token_issuer:
            return {}
        home, settings = self.settings.p1_home, self.settings
        providers = str(home / "ca" / "providers" / "ca.pem")
        return {
            "EREPO_P1__TOKEN_ISSUER": ISSUER,
            "EREPO_P1__TOKEN_CA": str(home / "token.pem"),
            "EREPO_P1__PROVIDERS_TLS_CA": providers,
            "EREPO_P1__PROVIDERS_WSS_CA": providers,
            "EREPO_P1__AUDIT_SINK": f"syslog+tls://{settings.host}:{settings.p1_audit_port}",
        }

    def erepo(self, *arguments: str) -> list[str]:
        """Return the command line of one of our own commands."""
        return [sys.executable, "-m", "erepo", *arguments]

    @property
    def cloud_url(self) -> str:
        """Root of the repository service."""
        return f"https://{self.settings.host}:{self.settings.cloud_port}"

    def prefect_login(self) -> str:
        """`user:password` of Prefect, from its file."""
        return self.secrets.prefect_login.read_text(encoding="ascii").strip()

    def environment(self) -> dict[str, str]:
        """Environment of erepo's own programs: the caller's, with this home and these ports."""
        return {
            **_from_file(),
            **{name: value for name, value in os.environ.items() if name not in _FOREIGN},
            "EREPO_HOME": str(self.home),
            "EREPO_PORT_BASE": str(self.settings.port_base),
            "PYTHONUNBUFFERED": "1",
        }

    def prefect_client(self) -> dict[str, str]:
        """Environment of everything that talks to our Prefect server: worker, flows, registration."""
        return {
            **_EVERYWHERE,
            **self.environment(),
            "PREFECT_HOME": str(self.home / "prefect"),
            "TMPDIR": str(self.scratch),
            "PREFECT_API_URL": self.prefect_api,
            "PREFECT_API_AUTH_STRING": self.prefect_login(),
            "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
        }

    def prefect_server(self) -> dict[str, str]:
        """Environment of the server; PREFECT_SERVER_… of the caller (PostgreSQL, say) win over ours."""
        key = self.secrets.prefect_encryption_key.read_text(encoding="ascii").strip()
        return {
            **_SERVER,
            **self.prefect_client(),
            "PREFECT_SERVER_API_HOST": self.settings.host,
            "PREFECT_SERVER_API_PORT": str(self.settings.prefect_port),
            "PREFECT_SERVER_API_AUTH_STRING": self.prefect_login(),
            "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": self.prefect_url,
            "PREFECT_SERVER_ENCRYPTION_KEY": key,
        }
