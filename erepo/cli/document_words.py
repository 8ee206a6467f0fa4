"""Words for what stands about a document in the clinic's tables."""


def day_of(stamp: str) -> str:
    """Return the day of an HL7 time stamp (`YYYYMMDD…`) as `YYYY-MM-DD`; any other text as it is."""
    day = stamp[:8]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdecimal() else stamp
