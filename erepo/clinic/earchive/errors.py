"""Errors of the eArchiwum.

PermanentError
└── ConfigurationError
    ├── FolderMissing        the folder or its mark is not there: a share that is not mounted
    ├── FolderInUse          the folder given to `init` holds something else
    ├── ForeignArchive       it belongs to another installation
    ├── ArchiveTooNew        a later erepo has written it
    ├── FolderFull           no room left, or the quota is used up
    ├── FolderReadOnly       it may not be written to
    ├── IndexDamaged         the index cannot be read; the archive itself is whole
    ├── RecordDamaged        a record of the archive does not match its fingerprint
    ├── RecordSound          a record that is not damaged needs no acknowledging
    └── ArchiveBehind        the archive knows less than its index: restored from an older copy
RetryableError
├── FolderFaulty (RemoteUnavailable)   the disk or the share answered with an error; nothing was stored
└── StoringUnknown (OutcomeUnknown)    it failed at the very end: whether it is stored must be asked

What stops everything is a ConfigurationError, which halts a batch at once and rejects no document.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from erepo.errors import ConfigurationError, ErepoError, OutcomeUnknown, RemoteUnavailable
from erepo.texts import Text

_NOTHING_LOST = Text(
    "Nothing is lost: the documents wait here.", "Nic nie zginęło: dokumenty czekają na miejscu."
)


class FolderMissing(ConfigurationError):
    """The folder, or the mark that makes it the archive, is not there."""

    code = "earchive.folder-missing"
    cause = Text(
        "The eArchiwum is not at {folder}: {problem}.",
        "W katalogu {folder} nie ma eArchiwum ({problem}).",
    )
    cure = Text(
        f"Connect the disk or mount the share, then run again. {_NOTHING_LOST.en} If it has moved:"
        " `erepo earchive init NEW-FOLDER`. For a new archive make the empty folder first.",
        f"Podłącz dysk lub zamontuj udział i uruchom ponownie. {_NOTHING_LOST.pl} Jeśli archiwum zostało"
        " przeniesione: `erepo earchive init NOWY-KATALOG`. Dla nowego archiwum najpierw utwórz pusty"
        " katalog.",
    )


class FolderInUse(ConfigurationError):
    """The folder given for a new archive is not empty."""

    code = "earchive.folder-in-use"
    cause = Text(
        "The folder {folder} is not empty and holds no eArchiwum.",
        "Katalog {folder} nie jest pusty i nie zawiera eArchiwum.",
    )
    cure = Text("Give an empty folder. Nothing was changed.", "Wskaż pusty katalog. Niczego nie zmieniono.")


class ForeignArchive(ConfigurationError):
    """The archive is that of another installation."""

    code = "earchive.foreign"
    cause = Text(
        "The eArchiwum at {folder} belongs to another installation.",
        "eArchiwum w katalogu {folder} należy do innej instalacji.",
    )
    cure = Text(
        "An archive serves one installation. If the other one is gone for good (a new computer), take it"
        " over: `erepo earchive init {folder} --take-over`.",
        "Z archiwum korzysta jedna instalacja. Jeśli tamta już nie działa (nowy komputer), przejmij je:"
        " `erepo earchive init {folder} --take-over`.",
    )


class ArchiveTooNew(ConfigurationError):
    """A later version of erepo has written the archive."""

    code = "earchive.too-new"
    cause = Text(
        "The eArchiwum at {folder} was written by a later version of erepo.",
        "eArchiwum w katalogu {folder} zapisała nowsza wersja erepo.",
    )
    cure = Text("Install that version here, too.", "Zainstaluj tę wersję również tutaj.")


class FolderFull(ConfigurationError):
    """There is no room left for the document."""

    code = "earchive.full"
    cause = Text(
        "There is no room left in the eArchiwum at {folder}.",
        "W eArchiwum w katalogu {folder} zabrakło miejsca.",
    )
    cure = Text(
        f"Make room or raise the quota, then run again. {_NOTHING_LOST.en}",
        f"Zwolnij miejsce lub zwiększ limit i uruchom ponownie. {_NOTHING_LOST.pl}",
    )


class FolderReadOnly(ConfigurationError):
    """The folder may not be written to."""

    code = "earchive.read-only"
    cause = Text(
        "The eArchiwum at {folder} cannot be written to: {problem}.",
        "W eArchiwum w katalogu {folder} nie można zapisywać: {problem}.",
    )
    cure = Text(
        "Give the account that runs erepo the right to write; a disk that has become read-only by itself"
        f" should be examined. {_NOTHING_LOST.en}",
        "Nadaj kontu, na którym działa erepo, prawo zapisu; dysk, który sam przeszedł w tryb tylko do"
        f" odczytu, należy sprawdzić. {_NOTHING_LOST.pl}",
    )


class IndexDamaged(ConfigurationError):
    """The index is not there or cannot be read."""

    code = "earchive.index-damaged"
    cause = Text(
        "The index of the eArchiwum cannot be used: {problem}.",
        "Nie można użyć indeksu eArchiwum: {problem}.",
    )
    cure = Text(
        "The archive itself is whole. Make the index anew from it: `erepo earchive rebuild`.",
        "Samo archiwum jest nienaruszone. Odtwórz z niego indeks: `erepo earchive rebuild`.",
    )


class RecordDamaged(ConfigurationError):
    """A record of the archive cannot be trusted."""

    code = "earchive.record-damaged"
    cause = Text(
        "Record {number} of the eArchiwum is damaged.",
        "Zapis numer {number} w eArchiwum jest uszkodzony.",
    )
    cure = Text(
        "Copy this file back from a backup of the folder: {file}. If there is none: `erepo earchive rebuild"
        " --skip-damaged`, then `erepo verify --read-back`, which names what is missing.",
        "Przywróć ten plik z kopii zapasowej katalogu: {file}. Jeśli jej nie ma: `erepo earchive rebuild"
        " --skip-damaged`, a następnie `erepo verify --read-back`, które wskaże braki.",
    )


class RecordSound(ConfigurationError):
    """A record that is not damaged cannot be acknowledged as lost."""

    code = "earchive.record-sound"
    cause = Text(
        "Record {number} of the eArchiwum is not damaged, or there is none of this number.",
        "Zapis numer {number} w eArchiwum nie jest uszkodzony albo go nie ma.",
    )
    cure = Text(
        "Take the numbers from `erepo earchive check`. Nothing was changed.",
        "Weź numery z `erepo earchive check`. Niczego nie zmieniono.",
    )


class ArchiveBehind(ConfigurationError):
    """The folder holds an older state than the index remembers."""

    code = "earchive.behind"
    cause = Text(
        "The eArchiwum ends at record {found}, its index at {known}: the folder was restored from an older"
        " copy, or records were removed.",
        "eArchiwum kończy się na zapisie {found}, a jego indeks na {known}: katalog przywrócono ze starszej"
        " kopii albo usunięto z niego zapisy.",
    )
    cure = Text(
        "Restore the newest copy of the folder. If there is none: `erepo earchive rebuild`, then"
        " `erepo verify`, which names what is missing.",
        "Przywróć najnowszą kopię katalogu. Jeśli jej nie ma: `erepo earchive rebuild`, a następnie"
        " `erepo verify`, które wskaże braki.",
    )


class FolderFaulty(RemoteUnavailable):
    """The disk or the share answered with an error before anything was stored."""

    code = "earchive.faulty"
    cause = Text(
        "The disk or share of the eArchiwum at {folder} answers with an error: {problem}.",
        "Dysk lub udział eArchiwum w katalogu {folder} zgłasza błąd: {problem}.",
    )
    cure = Text(
        f"Examine the disk and the connection. {_NOTHING_LOST.en} The next run tries again.",
        f"Sprawdź dysk i połączenie. {_NOTHING_LOST.pl} Następne uruchomienie ponowi próbę.",
    )


class StoringUnknown(OutcomeUnknown):
    """It failed while or after the record was written."""

    code = "earchive.outcome-unknown"
    cause = Text(
        "The eArchiwum at {folder} failed while a submission was being completed.",
        "W eArchiwum w katalogu {folder} wystąpił błąd podczas kończenia zapisu.",
    )
    cure = Text(
        "Whether it is stored is looked up before it is sent again; nothing has to be done.",
        "Przed ponownym wysłaniem zostanie sprawdzone, czy zapis istnieje; nie trzeba nic robić.",
    )


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENOTCONN, errno.EHOSTDOWN})


def typed(error: OSError, folder: object) -> ErepoError:
    """Return what an error of the file system means for the archive; of its text only the reason is kept."""
    words = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return FolderFull(folder=folder)
    if error.errno in _FORBIDDEN:
        return FolderReadOnly(folder=folder, problem=words)
    if error.errno in _GONE:
        return FolderMissing(folder=folder, problem=words)
    return FolderFaulty(folder=folder, problem=words, address=folder)


@contextmanager
def typing(folder: object) -> Iterator[None]:
    """Turn errors of the file system into ours.

    Raises:
        FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: by the number of the error.
    """
    try:
        yield
    except OSError as error:
        raise typed(error, folder) from None
