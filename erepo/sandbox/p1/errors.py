"""Why the sandbox's P1 refuses.

ConfigurationError
└── P1SandboxNotReady      `erepo p1-sandbox init` was never run
InvalidInput
├── ProviderMalformed      resort part I is 12 digits
└── FaultUnknown           no such service, or no such fault of it
MessageRefused
├── CallerRefused          the message's signer or token is not of the connection's provider
└── RequestRefused         what is asked makes no sense to the service
"""

from erepo.errors import ConfigurationError, InvalidInput
from erepo.soap.errors import MessageRefused
from erepo.texts import Text


class P1SandboxNotReady(ConfigurationError):
    """The sandbox has no authorities yet."""

    code = "p1-sandbox.not-ready"
    cause = Text(
        "The sandbox's P1 in {folder} has not been set up.",
        "P1 piaskownicy w folderze {folder} nie jest gotowe.",
    )
    cure = Text("Run `erepo p1-sandbox init`.", "Uruchom `erepo p1-sandbox init`.")


class ProviderMalformed(InvalidInput):
    """The number of a provider has another form."""

    code = "p1-sandbox.provider-malformed"
    cause = Text("{given} is no resort code part I.", "{given} to nie jest I część kodu resortowego.")
    cure = Text(
        "Give the number of the provider's register book, 12 digits.",
        "Podaj 12 cyfr numeru księgi rejestrowej.",
    )


class FaultUnknown(InvalidInput):
    """The sandbox cannot go wrong in this way."""

    code = "p1-sandbox.fault-unknown"
    cause = Text(
        "{service} has no fault {kind}; there are: {known}.",
        "{service} nie ma usterki {kind}; dostępne: {known}.",
    )
    cure = Text(
        "Choose a service and a fault of `erepo p1-sandbox fault set --help`.",
        "Wybierz usługę i usterkę z `erepo p1-sandbox fault set --help`.",
    )


class CallerRefused(MessageRefused):
    """The message was not signed, or its token not issued, for the provider of the connection."""

    code = "p1-sandbox.caller-refused"
    fault = "wsse:FailedAuthentication"


class RequestRefused(MessageRefused):
    """The request cannot be served as it is."""

    code = "p1-sandbox.request-refused"
    fault = "soap:Sender"
