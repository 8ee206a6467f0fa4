"""Trees that may be canonicalised: parsed with a bounded dictionary, with few namespaces in force."""

import ctypes
import gc
import threading

from lxml import etree

from erepo.errors import ErepoError
from erepo.settings import XmlLimits

#: Bytes that a thread parses before it gets a new dictionary of names.
_RENEWED = 16 * 1024**2
_thread_state = ctypes.pythonapi.PyThreadState_GetDict
_thread_state.restype, _thread_state.argtypes = ctypes.c_void_p, ()


class _Dictionary(threading.local):
    """libxml2's dictionary of names, one for each thread that parses: with the word `#default`, and bounded.

    lxml hands a PrefixList entry to the canonicalisation only if the document's dictionary knows the word.
    Real prefixes are in there since they were parsed; `#default`, which WSS4J sends, is not. A pull parser's
    tag filter is the public way to put a word in.

    Every name that was ever parsed stays in the dictionary, so a sender of ever new names would fill the
    memory. After `_RENEWED` bytes the thread gets a new one; trees that use the old one keep it alive until
    they go. lxml has no public way to do it: it keeps the dictionary under a key of the thread's state.
    """

    def __init__(self) -> None:
        self._new()

    def _new(self) -> None:
        self._parsed = 0
        parser = etree.XMLPullParser(tag="#default")
        parser.feed(b"<x/>")
        parser.close()
        del parser
        gc.collect(0)  # a pull parser is a cycle of references, and would keep the dictionary after its time

    def count(self, size: int) -> None:
        """Note that so many bytes are about to be parsed."""
        self._parsed += size
        if self._parsed > _RENEWED:
            state = ctypes.cast(_thread_state(), ctypes.py_object).value
            state.pop("_ParserDictionaryContext", None)
            self._new()


#: Told of every document before it is parsed: `dictionary.count(size)`.
dictionary = _Dictionary()


def check_namespaces(root: etree._Element, limits: XmlLimits, refused: type[ErepoError]) -> None:
    """Bound the declarations in force at one place: canonicalisation walks through them at each element.

    Raises:
        refused: there are more.
    """
    inside = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        inside += 1 if event == "start-ns" else -1
        if inside > limits.namespaces:
            raise refused(rule=f"more than {limits.namespaces} namespaces in force")
