"""Redshift on a laptop: DuckDB behind a PostgreSQL-wire server that the unmodified redshift_connector talks to."""

from localcloud.redshift.wire import RedshiftServer

__all__ = ["RedshiftServer"]
