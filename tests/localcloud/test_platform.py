"""The platform's list becomes resources with exactly the names and grants it holds."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from localcloud.platform import ROOT, MissingSourceError, Platform, create_platform
from localcloud.state_machine import TemplateError, render
from terraform.package import build_platform

LISTED = {
    "project": "shop",
    "bucket": {"raw": "", "quarantine": "", "artefact": ""},
    "database": {"clean": []},
    "stream": {"event": {}},
    "table": {"ledger": {"partition_key": "pk", "sort_key": "sk"}},
    "topic": {"alert": ""},
    "function": {
        "take_event": {
            "description": "",
            "memory_mb": 128,
            "timeout_s": 20,
            "reads": ["stream/event"],
            "writes": ["bucket/raw", "table/ledger"],
            "trigger": {
                "stream": "event",
                "batch_size": 100,
                "batching_window_s": 5,
                "maximum_retry_attempts": 1,
                "bisect_batch_on_function_error": True,
                "parallelization_factor": 1,
                "on_failure": "bucket/quarantine",
            },
        },
        "take_file": {
            "description": "",
            "memory_mb": 128,
            "timeout_s": 20,
            "reads": ["bucket/raw"],
            "writes": [],
            "trigger": {"object_created": {"bucket": "raw", "prefix": "landing/"}},
        },
    },
    "job": {"count": {"description": "", "timeout_min": 5, "reads": ["bucket/raw"], "writes": ["warehouse"]}},
    "state_machine": {"daily": {}},
    "schedule": {"daily": {"expression": "cron(30 2 * * ? *)", "starts": "daily"}},
}
HANDLER = "import json, os\ndef handler(event, context):\n    print('settings', os.environ['CDP_SETTINGS'])"
JOB = "import cdp, sys\nfrom awsglue.utils import getResolvedOptions\nprint(getResolvedOptions(sys.argv, ['settings']))"
MACHINE = {
    "StartAt": "Call",
    "States": {
        "Call": {"Type": "Task", "Resource": "${take_file}", "Next": "Count", "ResultPath": None},
        "Count": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "${count}"},
            "Next": "Note",
        },
        "Note": {"Type": "Pass", "Result": {"names": "${topic_alert} ${table_ledger}"}, "End": True},
    },
}


@pytest.fixture
def checkout(tmp_path):
    files = {
        "terraform/platform.json": json.dumps(LISTED),
        "lambdas/take_event.py": HANDLER,
        "lambdas/take_file.py": HANDLER,
        "glue_jobs/count.py": JOB,
        "cdp/__init__.py": "",
        "cdp/__pycache__/x.pyc": "",
        "cdp/.hidden": "",
        "sql/a.sql": "select 1",
        "step_functions/daily.asl.json.tftpl": json.dumps(MACHINE),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_day_goes_through_a_platform_that_was_created_twice(sandbox, checkout):
    environment = sandbox.name("e")
    options = {"root": checkout, "shards": 1, "warehouse": {"host": "127.0.0.1", "port": "5439"}}
    first = create_platform(sandbox.cloud, environment, **options)
    platform = create_platform(sandbox.cloud, environment, **options)
    assert platform == first
    sandbox.put(platform.stream["event"], ["a"])
    sandbox.client("s3").put_object(Bucket=platform.bucket["raw"], Key="landing/x", Body=b"")
    sandbox.cloud.control.drained()
    execution = sandbox.execution(sandbox.cloud.control.fire(platform.schedule["daily"]))
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"])["names"] == f"{platform.topic['alert']} {platform.table['ledger']}"
    prefix = platform.prefix
    assert granted(sandbox, platform, "take_event") == {
        "environment": environment,
        "engine": "duckdb",
        "stream": {"event": f"{prefix}-event"},
        "bucket": {"raw": f"{prefix}-raw"},
        "table": {"ledger": f"{prefix}-ledger"},
    }
    assert granted(sandbox, platform, "take_file")["bucket"] == {"raw": f"{prefix}-raw"}
    job = sandbox.client("glue").get_job(JobName=platform.job["count"])["Job"]
    assert json.loads(job["DefaultArguments"]["--settings"])["warehouse"] == options["warehouse"]


def granted(sandbox, platform: Platform, key: str) -> dict:
    """The settings that an invocation of the function saw."""
    group = f"/aws/lambda/{platform.prefix}-{key}"
    events = sandbox.client("logs").filter_log_events(logGroupName=group)["events"]
    return next(json.loads(e["message"][9:]) for e in events if e["message"].startswith("settings "))


def test_a_bucket_of_the_lake_brings_its_database():
    platform = Platform.named(LISTED | {"bucket": {"clean": ""}}, "dev", None)
    settings = json.loads(platform.settings("dev", ["bucket/clean"]))
    assert (settings["bucket"], settings["database"]) == ({"clean": "shop-dev-clean"}, {"clean": "shop_dev_clean"})


@pytest.mark.parametrize("file", ["lambdas/take_file.py", "glue_jobs/count.py", "step_functions/daily.asl.json.tftpl"])
def test_a_source_that_is_not_there_is_named_before_anything_is_created(sandbox, checkout, file):
    (checkout / file).unlink()
    with pytest.raises(MissingSourceError, match=file):
        create_platform(sandbox.cloud, sandbox.name("e"), root=checkout)


def packaged(root: Path) -> bytes:
    zipped = io.BytesIO()
    build_platform(zipped, root)
    return zipped.getvalue()


def test_the_package_holds_the_sources_and_has_the_same_bytes_each_time(checkout):
    package = packaged(checkout)
    shutil.copytree(checkout, checkout / "copy")
    assert packaged(checkout / "copy") == package
    assert zipfile.ZipFile(io.BytesIO(package)).namelist() == [
        "cdp/__init__.py",
        "lambdas/take_event.py",
        "lambdas/take_file.py",
        "sql/a.sql",
        "terraform/platform.json",
    ]


def test_the_package_of_this_checkout_is_small():
    assert len(packaged(ROOT)) < 2_000_000


def test_a_template_is_rendered_as_terraform_does():
    assert render("${a} $${b} ${ a }", {"a": "1"}, "x.tftpl") == "1 ${b} 1"


def test_a_placeholder_that_stands_for_nothing_is_named():
    with pytest.raises(TemplateError, match=r"x\.tftpl: \$\{b\}"):
        render("${b}", {"a": "1"}, "x.tftpl")
