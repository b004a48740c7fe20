import subprocess
import sys
import zipfile
from pathlib import Path

from cdp import resources

ROOT = Path(__file__).resolve().parents[2]


def test_a_project_file_is_read_from_a_checkout():
    assert resources.read_text("terraform/platform.json").startswith("{")


def test_a_project_file_is_read_from_a_zip_on_the_path(tmp_path):
    bundle = tmp_path / "platform.zip"
    with zipfile.ZipFile(bundle, "w") as zipped:
        for file in ("cdp/__init__.py", "cdp/resources.py", "terraform/platform.json"):
            zipped.write(ROOT / file, file)
    code = (
        "from cdp import resources as r;"
        "print(r.__file__, r.read_bytes('terraform/platform.json')[:1], r.names('terraform', '.json'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(bundle)},
        capture_output=True,
        text=True,
    )
    assert run.stdout.split()[1:] == ["b'{'", "['platform.json']"], run.stderr
    assert "platform.zip" in run.stdout
