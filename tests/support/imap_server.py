"""A real IMAP server (Dovecot) for tests: own folder, own ports, own processes.

with running_imap() as server:
    server.mailbox()                     # the adapter under test, logged in as the one user
    server.deliver(b"Subject: …")        # a letter arrives
"""

import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from erepo.clinic.mail import ImapMailbox
from erepo.pki import Authority, Bundle, client_context, new_key
from erepo.pki.keys import clear_key
from tests.support.ports import free_port
from tests.support.waiting import until

USER, PASSWORD = "klinika", "throw-away"

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{home}/tls.pem
ssl_key = <{home}/tls.key
disable_plaintext_auth = yes
mail_location = maildir:{home}/mail
first_valid_uid = 1
last_valid_uid = 0
default_internal_user = {user}
default_login_user = {login}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class ImapServer:
    """One server with one user."""

    home: Path
    port: int
    plain: int
    authority: Authority
    uid: int
    count: int = 0

    def mailbox(self, **changes: Any) -> ImapMailbox:
        """Return the mailbox of the user, over TLS."""
        wanted = {"host": "localhost", "port": self.port, "user": USER, "password": PASSWORD, "timeout": 60}
        return ImapMailbox(**{**wanted, "ssl_context": self.context(), **changes})

    def context(self) -> ssl.SSLContext:
        """Trust the server's own authority."""
        return client_context(None, self.authority.pem)

    def deliver(self, letter: bytes, age: int = 0) -> None:
        """Deliver a letter, as a mail server does: whole, and by a rename."""
        self.count += 1
        name = f"{int(time.time()) - age}.{self.count:06}.test"
        staged = self.home / "mail" / "tmp" / name
        staged.write_bytes(letter)
        os.chown(staged, self.uid, -1)
        os.utime(staged, (time.time() - age, time.time() - age))
        staged.rename(self.home / "mail" / "new" / name)


@contextmanager
def running_imap() -> Iterator[ImapServer]:
    """Run Dovecot in a folder of its own; skips where it is not installed, but never in CI.

    The folder lies outside of pytest's, which nobody else may enter: mail belongs to another user.
    """
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if program is None or os.geteuid() != 0:
        assert not os.environ.get("CI"), "no dovecot: apt-get install dovecot-imapd"
        pytest.skip("no dovecot that may be started here")
    owner = pwd.getpwnam("nobody")
    authority, key = Authority.create("IMAP CA"), new_key()
    with tempfile.TemporaryDirectory(prefix="erepo-imap-") as home:
        server = ImapServer(Path(home), free_port(), free_port(), authority, owner.pw_uid)
        _lay_out(server, owner, Bundle(key, authority.issue_server(key, ["localhost"])))
        process = subprocess.Popen([program, "-F", "-c", f"{home}/conf"], start_new_session=True)
        try:
            until(lambda: _listens(server.port))
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def _lay_out(server: ImapServer, owner: pwd.struct_passwd, bundle: Bundle) -> None:
    home = server.home
    for folder in ("run", "state", "home", "mail/new", "mail/cur", "mail/tmp"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("home", "mail", "mail/new", "mail/cur", "mail/tmp"):
        os.chown(home / folder, owner.pw_uid, owner.pw_gid)
    home.chmod(0o755)
    (home / "tls.pem").write_bytes(bundle.certificate_pem)
    (home / "tls.key").write_bytes(clear_key(bundle.key))
    (home / "users").write_text(f"{USER}:{PASSWORD}\n")
    (home / "users").chmod(0o644)
    values = {"home": home, "port": server.port, "plain": server.plain, "uid": owner.pw_uid}
    names = {"user": "dovecot", "login": "dovenull", "group": "dovecot", "gid": owner.pw_gid}
    (home / "conf").write_text(_CONFIG.format(**values, **names))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
