"""SQL scripts in the dialects of SQLite, PostgreSQL and MySQL, read into raw tables.

`read_script` reads a whole script; `table_details` and `index_details` add to a table what
only its CREATE TABLE or CREATE INDEX says. Trees are read, never run or translated.
"""

from agentgym.sources.sql.whole import index_details, read_script, table_details

__all__ = ["index_details", "read_script", "table_details"]
