"""The deployment zips: what is in them, the same bytes every time, never more than Lambda takes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from terraform import package

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_same_sources_give_the_same_bytes(tmp_path):
    package.build_platform(tmp_path / "one.zip")
    package.build_platform(tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_times_modes_and_order_of_files_do_not_matter(tmp_path):
    for folder, names in (("one", "ab"), ("two", "ba")):
        (tmp_path / folder).mkdir()
        for mode, name in enumerate(names):
            (tmp_path / folder / name).write_text(name)
            (tmp_path / folder / name).chmod(0o600 + mode)
        package.write_zip(tmp_path / f"{folder}.zip", tmp_path / folder, (tmp_path / folder).iterdir())
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_nothing_of_the_laptop_is_deployed(tmp_path):
    package.build_platform(tmp_path / "platform.zip")
    folders = {name.split("/")[0] for name in zipfile.ZipFile(tmp_path / "platform.zip").namelist()}
    assert folders == {"cdp", "lambdas", "sql", "data_quality", "terraform"}


def test_a_change_of_memory_changes_no_code(tmp_path):
    root = tmp_path / "checkout"
    for folder in (*package.FOLDERS, "terraform"):
        (root / folder).mkdir(parents=True)
    zips = []
    for memory in (128, 256):
        listed = {"stream": {"event": {}}, "function": {"a": {"memory_mb": memory}}}
        (root / package.LIST).write_text(json.dumps(listed))
        package.build_platform(tmp_path / "platform.zip", root)
        zips.append((tmp_path / "platform.zip").read_bytes())
    assert zips[0] == zips[1]


def test_more_than_lambda_takes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "UNZIPPED_LIMIT", 10)
    (tmp_path / "file").write_text("eleven bytes")
    package.write_zip(tmp_path / "layer.zip", tmp_path, [tmp_path / "file"])
    with pytest.raises(package.PackageTooLargeError, match="take packages off LAYER"):
        package.check_size(tmp_path / "layer.zip")
