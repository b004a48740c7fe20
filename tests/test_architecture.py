"""The rooms keep their walls: who may import whom, and one name for one thing everywhere."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = json.loads((ROOT / "terraform/platform.json").read_text())
ROOMS = ("cdp", "dashboard", "lambdas", "glue_jobs", "localcloud", "operations", "sample_data")
OURS = set(ROOMS)
MAY_IMPORT = {
    "cdp": {"cdp"},
    "dashboard": {"cdp", "dashboard"},
    "lambdas": {"cdp"},
    "glue_jobs": {"cdp"},
    "operations": {"cdp", "operations"},
    "sample_data": {"cdp", "sample_data"},
    "localcloud": OURS,
}
VENDOR_ROOMS = {
    "boto3": ["cdp/aws/", "lambdas/", "localcloud/", "operations/", "sample_data/__main__.py"],
    "botocore": ["cdp/aws/", "localcloud/", "sample_data/__main__.py"],
    "awswrangler": ["cdp/aws/"],
    "pyiceberg": ["cdp/aws/"],
    "redshift_connector": ["cdp/aws/", "localcloud/"],
    "duckdb": ["cdp/engines/duckdb.py", "localcloud/", "operations/"],
    "pyspark": ["cdp/engines/spark.py", "localcloud/"],
    "py4j": ["cdp/engines/spark.py"],
    "moto": ["localcloud/"],
    "sqlglot": ["localcloud/"],
    "streamlit": ["dashboard/"],
    "altair": ["dashboard/"],
    "splink": ["cdp/matching/", "cdp/engines/"],
    "scipy": ["cdp/matching/"],
}
VAGUE = {"utils", "helpers", "common", "misc", "base", "core", "manager", "processor", "service", "main"}


def python_files(*folders: str) -> list[Path]:
    return sorted(f for folder in folders for f in (ROOT / folder).rglob("*.py"))


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room):
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files(room)
        for name in imported(file)
        if name.split(".")[0] in OURS - MAY_IMPORT[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("vendor", VENDOR_ROOMS)
def test_a_vendor_stays_in_its_room(vendor):
    wrong = [
        f"{path} imports {vendor}"
        for file in python_files(*ROOMS)
        if vendor in {name.split(".")[0] for name in imported(file)}
        and not (path := str(file.relative_to(ROOT))).startswith(tuple(VENDOR_ROOMS[vendor]))
    ]
    assert wrong == []


def test_product_code_does_not_know_the_laptop():
    files = [
        f
        for f in python_files("cdp", "dashboard", "lambdas", "glue_jobs")
        if re.search("localcloud|moto", f.read_text())
    ]
    assert files == []


def test_every_function_of_the_list_has_its_file_and_its_test():
    files = {f.stem for f in (ROOT / "lambdas").glob("*.py")} - {"__init__"}
    tests = {f.stem.removeprefix("test_") for f in (ROOT / "tests/lambdas").glob("test_*.py")}
    assert set(PLATFORM["function"]) == files
    assert files <= tests


def test_every_job_of_the_list_has_its_file_and_its_test():
    files = {f.stem for f in (ROOT / "glue_jobs").glob("*.py")} - {"__init__"}
    tests = {f.stem.removeprefix("test_") for f in (ROOT / "tests/glue_jobs").glob("test_*.py")}
    assert set(PLATFORM["job"]) == files
    # The three jobs in the middle are thin; what they run is tested where it is written.
    capability = {
        "resolve_identities": "identity",
        "build_golden_records": "golden_record",
        "build_star_schema": "star_schema",
    }
    cdp_tests = {f.stem.removeprefix("test_") for f in (ROOT / "tests/cdp").glob("test_*.py")}
    assert {job for job in files - tests if capability.get(job) not in cdp_tests} == set()


def test_every_table_of_the_list_has_its_contract():
    listed = {f"{zone}.{table}" for zone, tables in PLATFORM["database"].items() for table in tables}
    assert listed == {f.stem for f in (ROOT / "data_quality/datasets").glob("*.yml")}


def test_every_state_machine_of_the_list_has_its_definition():
    files = {f.name.removesuffix(".asl.json.tftpl") for f in (ROOT / "step_functions").glob("*.tftpl")}
    assert set(PLATFORM["state_machine"]) == files


def test_no_file_has_a_name_that_says_nothing():
    files = python_files(*ROOMS)
    # awsglue.utils is Amazon's name; the shim has to carry it.
    assert [f for f in files if f.stem in VAGUE and "glue_shim" not in f.parts] == []


def test_no_file_is_too_long_to_read():
    files = python_files(*ROOMS)
    long = {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text().splitlines())) > 300}
    assert long == {}
