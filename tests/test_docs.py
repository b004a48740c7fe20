"""What the documentation names exists: paths, make targets, decisions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "sql/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = (
    "benchmarks",
    "cdp",
    "dashboard",
    "data_quality",
    "docs",
    "glue_jobs",
    "lambdas",
    "localcloud",
    "operations",
    "sample_data",
    "sql",
)
FOLDERS += ("step_functions", "terraform", "tests", ".ci")
# Named in the architecture as places to come.
TO_COME = ("terraform/modules", "terraform/environments", "terraform/cdktf", "sql/warehouse/")


def paths_in(page: Path) -> set[str]:
    quoted = re.findall(r"`([^`\n]+)`", page.read_text())
    named = {q for q in quoted if re.match(rf"({'|'.join(map(re.escape, FOLDERS))})/[\w./<>*-]*$", q)}
    linked = {
        str((page.parent / link).resolve().relative_to(ROOT))
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text())
    }
    return {p for p in named | linked if not p.startswith(TO_COME)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_a_page_names_exists(page):
    missing = [p for p in paths_in(page) if not any(ROOT.glob(re.sub(r"<[^>]+>", "*", p).rstrip("/") + "*"))]
    assert missing == []


def test_every_make_target_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        t
        for page in PAGES
        for t in re.findall(r"`?make ([a-z][a-z-]+)", page.read_text())
        if "`make " + t in page.read_text()
    }
    assert named - targets == set()


def test_every_make_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))


def test_every_path_a_page_names_is_found_by_this_test():
    assert {"localcloud/", "terraform/platform.json"} <= paths_in(ROOT / "README.md")
