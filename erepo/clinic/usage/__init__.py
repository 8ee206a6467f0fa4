"""The account in use: asked, kept, warned about, forecast (manual 1.1.2, "Dane konta")."""

from erepo.clinic.usage.checking import Report, ask, measure, report
from erepo.clinic.usage.forecast import Forecast, forecast
from erepo.clinic.usage.history import Check, read_history

__all__ = ["Check", "Forecast", "Report", "ask", "forecast", "measure", "read_history", "report"]
