"""What SQLite's planner is told about the sizes of tables.

Without figures SQLite takes a tenant's share of a table for ten rows, and for a list of more than three ids
reads all rows of the tenant instead of looking each id up. Its own ANALYZE would have to run again and again
as the tables grow. So the figures stand from the beginning, those of a large tenant: with them every
question goes through the index that is made for it, and in a small registry that costs nothing.
"""

from sqlalchemy import Connection, text

from erepo.cloud.storage.tables import metadata

_ROWS = 3_000_000
_OF_TENANT = 1_000_000
_ALIKE = 10


def plan_for_many(connection: Connection) -> None:
    """Write figures for every index (SQLite; PostgreSQL keeps its own up to date).

    They are read when a connection is opened.
    """
    if connection.dialect.name != "sqlite":
        return
    connection.execute(text("ANALYZE service"))  # makes the table of figures where it is missing
    connection.execute(text("DELETE FROM sqlite_stat1"))
    for table in metadata.sorted_tables:
        figures: list[dict[str, str | None]] = []
        for index in connection.execute(text(f"PRAGMA index_list({table.name})")).all():
            columns = connection.execute(text(f"PRAGMA index_info({index.name})")).all()
            figures.append(
                {"name": index.name, "stat": _figures([each.name for each in columns], index.unique)}
            )
        if "tenant_id" in table.columns:
            figures.append({"name": None, "stat": str(_ROWS)})
            for each in figures:
                values = {"table": table.name, **each}
                connection.execute(text("INSERT INTO sqlite_stat1 VALUES (:table, :name, :stat)"), values)


def _figures(columns: list[str], unique: bool) -> str:
    """Return how many rows the index has, and how many are alike in its first column, its first two, ….

    See the file format of SQLite, "The sqlite_stat1 table".
    """
    alike = [
        _OF_TENANT if column == "tenant_id" and not place else _ALIKE for place, column in enumerate(columns)
    ]
    if unique:
        alike[-1] = 1
    return " ".join(map(str, [_ROWS, *alike]))
