"""The second wall between tenants, on PostgreSQL: the database shows and takes only a transaction's rows.

Each transaction tells its tenants in a setting that ends with it; a policy on every tenant's table compares.
Nothing told means no rows. The policies bind the owner of the tables as well (FORCE), but no superuser and no
role with BYPASSRLS: the service's role must be neither.
"""

from sqlalchemy import Connection, Engine, event, text

from erepo.cloud.storage.criteria import TENANT_COLUMNS
from erepo.cloud.storage.scopes import Everyone, scope_of

_SETTING, _POLICY, _ALL = "erepo.tenants", "erepo_tenants", "*"
_TOLD = f"(SELECT current_setting('{_SETTING}', true))"
# Sub-selects are asked once for a statement, not once for a row.
_CONDITION = (
    f"{_TOLD} = '{_ALL}' OR {{column}} ="
    f" ANY ((SELECT string_to_array(NULLIF(current_setting('{_SETTING}', true), '{_ALL}'), ','))::bigint[])"
)


def tell_tenants(engine: Engine) -> None:
    """Let every transaction of an engine begin by telling whose rows it may see."""
    event.listen(engine, "begin", _tell)


def _tell(connection: Connection) -> None:
    scope = scope_of(connection)
    told = _ALL if isinstance(scope, Everyone) else ",".join(map(str, sorted(scope)))
    connection.exec_driver_sql("SELECT set_config(%s, %s, true)", (_SETTING, told))


def make_policies(connection: Connection) -> None:
    """Make or renew the policies (PostgreSQL only); may be called any number of times."""
    if connection.dialect.name != "postgresql":
        return
    for table, column in TENANT_COLUMNS.items():
        condition = _CONDITION.format(column=column)
        for command in (
            f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {_POLICY} ON {table.name}",
            f"CREATE POLICY {_POLICY} ON {table.name} USING ({condition}) WITH CHECK ({condition})",
        ):
            connection.execute(text(command))


def is_above_policies(connection: Connection) -> bool:
    """Tell whether the role of a connection is one that no policy binds."""
    if connection.dialect.name != "postgresql":
        return False
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    return bool(connection.scalar(text(query)))
