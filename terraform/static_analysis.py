"""Checkov over the modules and roots: nothing fails without a reason beside the resource, and every file is parsed.

    python terraform/static_analysis.py build/checkov/bin/checkov

Checkov itself exits with 0 when it could not parse a file, so its answer is read here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
OPTIONS = ("--framework", "terraform", "--skip-download", "--quiet", "--compact", "--output", "json")


def main(checkov: str) -> int:
    """Print what fails or cannot be parsed; 0 when nothing does."""
    answer = subprocess.run([checkov, "--directory", str(FOLDER), *OPTIONS], capture_output=True, text=True)
    try:
        found = json.loads(answer.stdout)
    except ValueError:
        print(answer.stdout + answer.stderr, file=sys.stderr)
        return 1
    reports = found if isinstance(found, list) else [found]
    wrong = [line for report in reports for line in _wrong(report)]
    checked = sum(report["summary"]["passed"] for report in reports)
    print("\n".join(wrong or [f"{checked} checks passed, none failed without a reason, every file was parsed"]))
    return 1 if wrong or not checked else 0


def _wrong(report: dict) -> list[str]:
    results = report["results"]
    failed = [f"{f['check_id']} {f['resource']}: {f['check_name']}" for f in results["failed_checks"]]
    return failed + [f"not parsed: {file}" for file in results.get("parsing_errors", [])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
