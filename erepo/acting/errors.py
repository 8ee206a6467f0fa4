"""Errors about the acting user.

    MessageRefused
    ├── AssertionRefused    the SAML assertion proves nothing (ITI-40)
    └── UserUnknown         no PESEL or NPWZ stands behind the request (manual 2.4); also AccessRefused
    AccessRefused
    ├── TokenRefused        the JWT of a REST request proves nothing
    └── SealRefused         the detached signature over a REST request's body proves nothing

`rule` in their data is a short fixed phrase, never content of an assertion or token.
"""

from erepo.errors import AccessRefused
from erepo.soap.errors import MessageRefused
from erepo.texts import Language, Text

#: What a person is told of who acts, in Polish; all other rules are for logs.
_POLISH = {
    "no assertion": "brak asercji",
    "no token": "brak tokenu",
    "no valid PESEL or NPWZ in the assertion": "brak poprawnego numeru PESEL lub NPWZ w asercji",
    "no valid PESEL or NPWZ in the token": "brak poprawnego numeru PESEL lub NPWZ w tokenie",
    "no valid PESEL or NPWZ of the archiving user": (
        "brak poprawnego numeru PESEL lub NPWZ użytkownika archiwizującego"
    ),
}


class AssertionRefused(MessageRefused):
    """An assertion is there and proves nothing."""

    code = "acting.assertion-refused"
    fault = "wsse:FailedCheck"
    cause = Text(
        "The assertion about the acting user was refused: {rule}.",
        "Odrzucono asercję o użytkowniku wykonującym operację: {rule}.",
    )
    cure = Text(
        "Issue a new SAML 2.0 assertion for this service, signed with the account's registered WSS key; "
        "compare the clocks of both machines (NTP).",
        "Wystaw nową asercję SAML 2.0 dla tej usługi, podpisaną zarejestrowanym kluczem WSS konta; "
        "porównaj zegary obu komputerów (NTP).",
    )


class TokenRefused(AccessRefused):
    """A token is there and proves nothing."""

    code = "acting.token-refused"
    cause = Text(
        "The token about the acting user was refused: {rule}.",
        "Odrzucono token o użytkowniku wykonującym operację: {rule}.",
    )
    cure = Text(
        "Issue a new JWT for this service, signed with the account's registered WSS key (ES256 or RS256).",
        "Wystaw nowy token JWT dla tej usługi, podpisany zarejestrowanym kluczem WSS konta "
        "(ES256 lub RS256).",
    )


class SealRefused(AccessRefused):
    """The account's signature over the body is missing, or proves nothing."""

    code = "acting.seal-refused"
    cause = Text(
        "The account's signature over the request was refused: {rule}.",
        "Odrzucono podpis konta pod żądaniem: {rule}.",
    )
    cure = Text(
        "Sign the very octets of the body with the account's registered WSS key (detached JWS in"
        " X-Erepo-Signature, x5t#S256 in its header) and send both again.",
        "Podpisz dokładnie te oktety treści zarejestrowanym kluczem WSS konta (odłączony JWS w"
        " X-Erepo-Signature, x5t#S256 w nagłówku) i wyślij ponownie.",
    )


class UserUnknown(MessageRefused, AccessRefused):
    """Nobody is named, or somebody without PESEL and NPWZ (manual 2.4)."""

    code = "acting.user-unknown"
    fault = "wsse:FailedAuthentication"
    status = 403
    told = True
    cause = Text(
        "Forbidden (403): the user performing the operation is not linked to a staff member with a PESEL "
        "or NPWZ ({rule}).",
        "Forbidden (403): użytkownik wykonujący operację nie został powiązany z personelem posiadającym "
        "nadany numer PESEL lub NPWZ ({rule}).",
    )
    cure = Text(
        "Check that the user performing the operation is linked to a staff member with a PESEL or NPWZ, and "
        "that the account's certificates are registered and valid; then send again with an assertion (SAML) "
        "or token (JWT) that names this person, role and purpose.",
        "Sprawdź, czy użytkownik wykonujący operację jest powiązany z osobą personelu posiadającą przypisany "
        "numer PESEL lub NPWZ oraz czy certyfikaty konta są zarejestrowane i ważne; następnie wyślij "
        "ponownie, dołączając asercję (SAML) lub token (JWT), który wskazuje tę osobę, jej rolę i cel.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, the rule in it as well."""
        rule = str(self.data["rule"])
        words = _POLISH.get(rule, rule) if language == "pl" else rule
        return self.cause.fill(language, rule=words), self.cure.fill(language)
