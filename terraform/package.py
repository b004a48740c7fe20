"""What is deployed, as zips: the same sources and pinned packages give the same bytes.

    python terraform/package.py --out build/package

platform.zip  our code and what it reads, for every function and for the jobs' --extra-py-files
layer.zip     packages of the functions, for Lambda's Python 3.11 on x86_64
wheels.zip    wheels of the jobs, for Glue 5, which may have no way to PyPI
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("cdp", "lambdas", "sql", "data_quality")
LIST = "terraform/platform.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
UNZIPPED_LIMIT = 250 * 1024 * 1024  # Lambda's, for code and layers together

# Lambda brings boto3; pyarrow and the engines are the jobs'.
LAYER = (
    "aws-lambda-powertools",
    "isal",
    "jsonschema",
    "jsonschema-rs",
    "orjson",
    "phonenumbers",
    "pybase64",
    "pyyaml",
)
JOBS = (
    *LAYER,
    "awswrangler",
    "duckdb",
    "pyarrow",
    "pyiceberg[glue,pyarrow,pyiceberg-core]",
    "redshift-connector",
    "scipy",
    "splink",
)
# Without its last figure pip takes 3.11 for 3.11.0, which some packages no longer serve.
PYTHON = ("--python-version=3.11.6", "--implementation=cp", "--only-binary=:all:")
# Lambda's Python 3.11 has glibc 2.26 (Amazon Linux 2), Glue 5 has 2.34 (Amazon Linux 2023).
LAMBDA = tuple(f"--platform=manylinux{tag}_x86_64" for tag in ("2014", "_2_17", "_2_24", "_2_26"))
GLUE = (*LAMBDA, *(f"--platform=manylinux{tag}_x86_64" for tag in ("_2_27", "_2_28", "_2_31", "_2_34")))


class PackageTooLargeError(Exception):
    """Lambda would refuse the zips."""


def main() -> None:
    """Build what is asked for and print size and file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=ROOT / "build/package")
    parser.add_argument("--only", nargs="*", choices=("platform", "layer", "wheels"), default=None)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    builders = {"platform": build_platform, "layer": build_layer, "wheels": build_wheels}
    for name in options.only or builders:
        builders[name](options.out / f"{name}.zip")
        print(f"{(options.out / name).with_suffix('.zip').stat().st_size / 1e6:8.1f} MB  {options.out / name}.zip")
    check_size(options.out / "platform.zip", options.out / "layer.zip")


def build_platform(zip_file: Path | BinaryIO, root: Path = ROOT) -> None:
    """Our code and data, from the checkout at `root`; localcloud deploys the same."""
    files = [file for folder in FOLDERS for file in (root / folder).rglob("*")]
    write_zip(zip_file, root, files, {LIST: read_at_run_time(root / LIST).encode()})


def read_at_run_time(listed_file: Path) -> str:
    """What our code reads of the list: streams, triggers. The rest is Terraform's, and changing it changes no zip."""
    listed = json.loads(listed_file.read_text())
    triggers = {key: {"trigger": f["trigger"]} for key, f in listed["function"].items() if "trigger" in f}
    return json.dumps({"stream": listed["stream"], "function": triggers})


def build_layer(zip_file: Path) -> None:
    """The functions' packages, under python/ as Lambda wants them."""
    with tempfile.TemporaryDirectory(prefix="cdp-layer-") as folder:
        target = Path(folder) / "python"
        _pip("install", "--no-compile", f"--target={target}", *LAMBDA, *LAYER)
        write_zip(zip_file, Path(folder), target.rglob("*"))


def build_wheels(zip_file: Path) -> None:
    """The jobs' wheels, with all that they need; Glue installs them without an index."""
    with tempfile.TemporaryDirectory(prefix="cdp-wheels-") as folder:
        _pip("download", f"--dest={folder}", *GLUE, *JOBS)
        write_zip(zip_file, Path(folder), Path(folder).rglob("*.whl"))


def write_zip(
    zip_file: Path | BinaryIO, root: Path, files: Iterable[Path], more: Mapping[str, bytes] | None = None
) -> None:
    """A zip of `files` and, by name, `more`: in a fixed order, without times, caches and hidden files, in one mode."""
    with zipfile.ZipFile(zip_file, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(file for file in files if file.is_file()):
            name = file.relative_to(root)
            # pip notes in RECORD and direct_url.json where and how it installed; nothing of that is needed.
            if "__pycache__" in name.parts or "bin" in name.parts[:2] or any(p.startswith(".") for p in name.parts):
                continue
            if name.name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
                continue
            package.writestr(_entry(name.as_posix()), file.read_bytes())
        for added, content in sorted((more or {}).items()):
            package.writestr(_entry(added), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def check_size(*zip_files: Path) -> None:
    """Raises PackageTooLargeError when what the zips hold is over Lambda's limit."""
    size = sum(entry.file_size for file in zip_files if file.is_file() for entry in zipfile.ZipFile(file).infolist())
    if size > UNZIPPED_LIMIT:
        raise PackageTooLargeError(
            f"code and layer are {size / 2**20:.0f} MB unzipped and Lambda takes 250; take packages off LAYER"
        )


def _pip(command: str, *arguments: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        # Constraints must not carry extras or local builds; versions are all that counts here.
        lines = (ROOT / "constraints.txt").read_text().splitlines()
        pins.write("\n".join(line for line in lines if re.fullmatch(r"[\w.-]+==[\w.]+", line)))
        pins.flush()
        options = ["--quiet", "--disable-pip-version-check", f"--constraint={pins.name}", *PYTHON]
        subprocess.run([sys.executable, "-m", "pip", command, *options, *arguments], check=True)


if __name__ == "__main__":
    main()
