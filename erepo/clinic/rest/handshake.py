"""Why a connection broke: the client's certificate was refused, or nobody was there.

With TLS 1.3 a client believes the handshake is done before the server has looked at its certificate; a
refusal then shows as a connection that closes in silence, just as a killed service does. A second look tells.
"""

import socket
import ssl
import time

#: Seconds in which a server that refuses our certificate closes the connection.
PATIENCE = 2.0
#: Seconds between two looks: what a service that is being killed leaves open is gone by the second.
_PAUSE = 0.3


def certificate_refused(host: str, port: int, context: ssl.SSLContext, patience: float = PATIENCE) -> bool:
    """Connect, say nothing, and see whether the server closes at once, twice: it refuses our certificate.

    Args:
        host: name or address of the server.
        port: its port.
        context: with our certificate.
        patience: seconds to connect, and to wait for the end.

    Returns:
        False also when the server cannot be reached at all.
    """
    if not _closes(host, port, context, patience):
        return False
    time.sleep(_PAUSE)
    return _closes(host, port, context, patience)


def _closes(host: str, port: int, context: ssl.SSLContext, patience: float) -> bool:
    try:
        plain = socket.create_connection((host, port), patience)
    except OSError:
        return False
    try:
        with plain, context.wrap_socket(plain, server_hostname=host) as channel:
            return channel.recv(1) == b""
    except TimeoutError:
        # It waits for us to speak: we are welcome.
        return False
    except (ssl.SSLError, ConnectionError):
        return True
    except OSError:
        return False
