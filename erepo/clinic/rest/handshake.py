"""Why a connection broke: the client's certificate was refused, or nobody was there.

With TLS 1.3 a client believes the handshake is done before the server has looked at its certificate; a
refusal then shows as a connection that closes in silence, just as a killed service does. A second look tells.
"""

import socket
import ssl

#: Seconds in which a server that refuses our certificate closes the connection.
PATIENCE = 2.0


def certificate_refused(host: str, port: int, context: ssl.SSLContext, patience: float = PATIENCE) -> bool:
    """Connect, say nothing, and see whether the server closes at once: then it does not want our certificate.

    Args:
        host: name or address of the server.
        port: its port.
        context: with our certificate.
        patience: seconds to connect, and to wait for the end.

    Returns:
        False also when the server cannot be reached at all.
    """
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
