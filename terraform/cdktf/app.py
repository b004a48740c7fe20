"""The environments of terraform/environments composed in Python, for teams that prefer it: same module, same settings.

    make cdktf        # writes build/cdktf/out/stacks/<environment>/cdk.tf.json

No resource is defined here: cdktf was archived in December 2025, and HCL is the truth. Addresses are the same as those
of the HCL roots, so either can plan the state of the other with nothing to add or destroy.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from cdktf import App, S3Backend, TerraformHclModule, TerraformOutput, TerraformStack

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENTS = ("dev", "prod")
PACKAGES = ("platform", "layer", "wheels")


class Environment(TerraformStack):
    """One environment, as its settings.json says; `folder` is where the stack's file will lie."""

    def __init__(self, app: App, name: str, folder: Path) -> None:
        super().__init__(app, name)
        settings = json.loads((ROOT / f"terraform/environments/{name}/settings.json").read_text())
        back = Path(os.path.relpath(ROOT, folder))
        platform = TerraformHclModule(
            self,
            "platform",
            source=f"{back / 'terraform/modules/platform'}",
            skip_asset_creation_from_local_modules=True,
            variables={
                "environment": name,
                "settings": settings,
                "package": {each: f"{back / 'build/package' / each}.zip" for each in PACKAGES},
            },
        )
        output = TerraformOutput(self, "output", value=f"${{{platform.fqn}}}")
        output.override_logical_id("platform")
        self.add_override("terraform.required_version", ">= 1.11")
        self.add_override("terraform.required_providers.aws", {"source": "hashicorp/aws", "version": "~> 5.100"})
        # The bucket is said at `terraform init`, as for the HCL roots, and replaces the empty one.
        S3Backend(self, bucket="", key=f"cdp/{name}.tfstate", encrypt=True)
        self.add_override("terraform.backend.s3.use_lockfile", True)
        self.add_override("provider.aws", [{"region": settings["region"]}])


def main(out: Path) -> None:
    """Write every environment below `out`."""
    app = App(outdir=str(out))
    for name in ENVIRONMENTS:
        Environment(app, name, out / "stacks" / name)
    app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
