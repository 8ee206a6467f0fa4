"""Opening and saving documents (manual 1.2): list, open as a page, save with a stylesheet, save attachments.

Reading needs no licence and no permission beyond being on the staff; every reading is in the history with
who and why, and that is committed before anything is handed out.
"""

from erepo.clinic.reading.deliveries import Delivered, Opened, Saved
from erepo.clinic.reading.finding import Filter, Found, find, search
from erepo.clinic.reading.names import distinct, safe_name
from erepo.clinic.reading.service import Purpose, Reader, Who
from erepo.clinic.reading.writing import write_files

__all__ = [
    "Delivered",
    "Filter",
    "Found",
    "Opened",
    "Purpose",
    "Reader",
    "Saved",
    "Who",
    "distinct",
    "find",
    "safe_name",
    "search",
    "write_files",
]
