"""A TCP proxy before PostgreSQL that loses the connection around a COMMIT."""

import contextlib
import socket
import threading
from enum import Enum
from types import TracebackType
from typing import Self


class Loss(Enum):
    """When a COMMIT loses its connection."""

    NEVER = "not at all"
    BEFORE = "before the server hears of it: nothing is committed"
    AFTER = "when the server has committed: only the answer is lost"


class DatabaseProxy:
    """Forwards connections to a port of this machine; `lose` says what becomes of a COMMIT."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        self.loss, self._marker, self._left = Loss.NEVER, b"", 0
        self.lost = threading.Event()

    def __enter__(self) -> Self:
        """Begin to forward."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._listener.close()
        for each in self._open:
            each.close()

    def lose(self, loss: Loss, marker: bytes, number: int = 1) -> None:
        """Lose the next COMMIT, or the n-th from now on, of a transaction that these octets were sent in."""
        self.lost.clear()
        self._marker, self._left = marker, number
        self.loss = loss

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                threading.Thread(target=self._back, args=(server, client), daemon=True).start()
                threading.Thread(target=self._forth, args=(client, server), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        sent = b""
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                sent += data
                registers = self._marker in sent
                sent = b"" if b"COMMIT" in data else sent[-(1 << 20) :]
                meant = b"COMMIT" in data and registers and self.loss is not Loss.NEVER
                self._left -= meant
                if meant and not self._left:
                    loss, self.loss = self.loss, Loss.NEVER
                    self._end(client)
                    if loss is Loss.AFTER:
                        server.sendall(data)
                        server.shutdown(socket.SHUT_WR)
                        # The server has answered, and hangs up because we do.
                        while server.recv(65536):
                            pass
                    self._end(server)
                    self.lost.set()
                    return
                server.sendall(data)
        self._end(server)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        self._end(client)

    def _end(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
