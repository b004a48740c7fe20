"""Job arguments, read as Glue's `awsglue.utils` reads them."""

from __future__ import annotations

from collections.abc import Sequence


class GlueArgumentError(Exception):
    """A required argument is missing."""


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:
    """Values of `--name value` and `--name=value` arguments; JOB_NAME comes along when it is there.

    Raises GlueArgumentError when one of `options` is missing; arguments that were not asked for are ignored.
    """
    found: dict[str, str] = {}
    position = 0
    while position < len(args):
        name, has_value, value = args[position].partition("=")
        position += 1
        if not name.startswith("--"):
            continue
        if not has_value and position < len(args):
            value = args[position]
            position += 1
        found[name[2:].replace("-", "_")] = value
    missing = [name for name in options if name not in found]
    if missing:
        raise GlueArgumentError("the following arguments are required: " + ", ".join(f"--{n}" for n in missing))
    wanted = [*options, *(name for name in ("JOB_NAME", "JOB_RUN_ID") if name in found)]
    return {name: found[name] for name in wanted}
