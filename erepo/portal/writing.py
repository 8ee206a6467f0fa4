"""The words of messages to people: no diagnosis, no document, no number of a person; in their language."""

from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from erepo.cloud.patients.messages import Kind, Message
from erepo.texts import Text

_SUBJECTS: Final = {
    Kind.CODE: Text("Your sign-in code", "Kod logowania"),
    Kind.INVITATION: Text("Your documents can be seen on-line", "Dostęp do dokumentów przez internet"),
    Kind.CHANGED: Text("Your contact address was changed", "Zmiana adresu kontaktowego"),
    Kind.ENDED: Text("Access to documents has ended", "Koniec dostępu do dokumentów"),
    Kind.EXPIRED: Text("What you sent was not collected", "Placówka nie odebrała przesłanego dokumentu"),
}
_BODIES: Final = {
    Kind.CODE: Text(
        "Your sign-in code for {url}: {code}\n\n"
        "It counts for {minutes} minutes, once. Nobody from a clinic or from us will ever ask you for it.\n"
        "If you are not signing in right now, somebody has typed your number: do nothing, and give the code"
        " to nobody.\n",
        "Kod logowania do {url}: {code}\n\n"
        "Kod jest ważny {minutes} minut i działa jeden raz. Nikt z placówki ani z naszej obsługi nigdy o"
        " niego nie zapyta.\n"
        "Jeśli w tej chwili się nie logujesz, ktoś wpisał Twój numer: nic nie rób i nikomu nie podawaj"
        " kodu.\n",
    ),
    Kind.INVITATION: Text(
        "{organisation} has made it possible for you to see, on-line, documents that it shares with you:\n\n"
        "    {url}\n\n"
        "Sign in with your PESEL number. Each time, a code comes to this address; there is no password.\n"
        "You see there what is shared with you, you can save it, and you see who else has looked at it.\n\n"
        "If you did not agree to this with {organisation}, tell it so: it will end the access.\n"
        "This message needs no answer, and asks you for nothing.\n",
        "{organisation} umożliwia Ci przeglądanie przez internet dokumentów, które Ci udostępnia:\n\n"
        "    {url}\n\n"
        "Zaloguj się numerem PESEL. Za każdym razem na ten adres przyjdzie kod; hasła nie ma.\n"
        "Zobaczysz tam udostępnione dokumenty, możesz je zapisać i sprawdzić, kto jeszcze je przeglądał.\n\n"
        "Jeśli nie było to z Tobą uzgodnione, poinformuj placówkę: zakończy ona dostęp.\n"
        "Na tę wiadomość nie trzeba odpowiadać i o nic w niej nie prosimy.\n",
    ),
    Kind.CHANGED: Text(
        "{organisation} has noted another address for you. Codes to sign in at {url} for its documents do not"
        " come here any more.\n\nIf you did not ask for this, tell {organisation} at once.\n",
        "{organisation} zapisała dla Ciebie inny adres. Kody logowania do {url} dotyczące jej dokumentów nie"
        " będą już tu przychodzić.\n\nJeśli to nie na Twoją prośbę, natychmiast powiadom tę placówkę.\n",
    ),
    Kind.ENDED: Text(
        "{organisation} has ended your access to its documents at {url}. Your documents themselves are kept;"
        " ask {organisation} about them.\n",
        "{organisation} zakończyła Twój dostęp do jej dokumentów w {url}. Same dokumenty są nadal"
        " przechowywane; zapytaj o nie placówkę.\n",
    ),
    Kind.EXPIRED: Text(
        "{organisation} did not collect in time what you sent to it at {url}, so it was deleted there."
        " Send it again, or bring it along.\n",
        "{organisation} nie odebrała na czas tego, co przesłano do niej przez {url}, więc zostało to stamtąd"
        " usunięte. Prześlij ponownie albo zabierz ze sobą na wizytę.\n",
    ),
}
#: Without letters outside of the 7-bit alphabet of text messages, and short.
_SHORT: Final = {
    Kind.CODE: Text(
        "Code: {code}. Counts {minutes} min, once. Give it to nobody.",
        "Kod: {code}. Wazny {minutes} min, jeden raz. Nikomu go nie podawaj.",
    ),
    Kind.INVITATION: Text(
        "You can see your documents at {url}: sign in with your PESEL number.",
        "Swoje dokumenty zobaczysz na {url}: zaloguj sie numerem PESEL.",
    ),
    Kind.CHANGED: Text(
        "A clinic has noted another number for you. Not your wish? Tell it.",
        "Placowka zapisala dla Ciebie inny numer. To nie Ty? Powiadom ja.",
    ),
    Kind.ENDED: Text(
        "A clinic has ended your access to its documents at {url}.",
        "Placowka zakonczyla Twoj dostep do dokumentow na {url}.",
    ),
    Kind.EXPIRED: Text(
        "A clinic has not collected what you sent to it at {url}. Send it again.",
        "Placowka nie odebrala tego, co przeslano do niej przez {url}. Przeslij ponownie.",
    ),
}


def mail(message: Message, reference: str, sender: str, url: str, minutes: int) -> EmailMessage:
    """Return a message as a mail; the same reference makes the same Message-ID."""
    written = EmailMessage()
    written["From"], written["To"] = sender, message.address
    written["Subject"] = f"erepo: {_SUBJECTS[message.kind].fill(message.language)}"
    written["Date"] = formatdate()
    written["Message-ID"] = f"<{reference}@{sender.rpartition('@')[2]}>"
    # No out-of-office answers, and nobody's list (RFC 3834).
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(_filled(_BODIES[message.kind], message, url, minutes))
    written["Content-Language"] = message.language
    return written


def short(message: Message, url: str, minutes: int) -> str:
    """Return a message as a text message."""
    return _filled(_SHORT[message.kind], message, url, minutes)[:160]


def _filled(text: Text, message: Message, url: str, minutes: int) -> str:
    code = f"{message.code[:4]} {message.code[4:]}" if message.code else ""
    return text.fill(
        message.language, url=url, minutes=minutes, code=code, organisation=_plain(message.organisation)
    )


def _plain(name: str) -> str:
    """Return the name of an organisation in one line: it is the clinic's own word."""
    return " ".join(name.split())[:120]
