"""What can be wrong with the operator's side of the record."""

from erepo.errors import ConfigurationError
from erepo.texts import Text


class AnchorsUnreadable(ConfigurationError):
    """The file of anchors is none that an earlier verification wrote."""

    code = "cloud.anchors-unreadable"
    cause = Text("{file} holds no anchors.", "Plik {file} nie zawiera kotwic.")
    cure = Text("Give a file written with --save-anchors.", "Podaj plik zapisany z opcją --save-anchors.")


class SinkMalformed(ConfigurationError):
    """The address of the audit repository is none."""

    code = "cloud.audit-sink-malformed"
    cause = Text(
        "EREPO_AUDIT__SINK names no audit repository.", "EREPO_AUDIT__SINK nie wskazuje repozytorium audytu."
    )
    cure = Text(
        "Write it as syslog+tls://host:port, or leave it empty.",
        "Podaj adres w postaci syslog+tls://serwer:port albo pozostaw pusty.",
    )


class SinkCredentialsUnusable(ConfigurationError):
    """Key, certificate or authority for the audit repository cannot be used."""

    code = "cloud.audit-sink-credentials"
    cause = Text(
        "The certificates for the audit repository cannot be used ({setting}).",
        "Certyfikatów do repozytorium audytu nie można użyć ({setting}).",
    )
    cure = Text(
        "EREPO_AUDIT__CA, __CERTIFICATE and __KEY name PEM files; the key belongs to the certificate and is"
        " not encrypted.",
        "EREPO_AUDIT__CA, __CERTIFICATE i __KEY wskazują pliki PEM; klucz pasuje do certyfikatu i nie jest"
        " zaszyfrowany.",
    )
