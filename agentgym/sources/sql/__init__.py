"""SQL scripts in the dialects of SQLite, PostgreSQL and MySQL, read into raw tables.

`read_script` reads a whole script; `table_details` adds to a table what only its
CREATE TABLE says. Trees are read, never run or translated.
"""

from agentgym.sources.sql.whole import read_script, table_details

__all__ = ["read_script", "table_details"]
