"""A visitor belongs to at most one user, by configuration: `data_quality/identity/stitching.<version>.yml`."""

from __future__ import annotations

from typing import Any

import yaml

from cdp import resources

STITCHING_VERSION = "v1"
STEPS = ("device_login", "visitor_login", "anchor", "visitor_email")
MICROSECONDS_PER_DAY = 24 * 60 * 60 * 1_000_000


class StitchingError(Exception):
    """A version of the stitching rules is missing or incomplete; the message names the file and the entry."""


def stitching_parameters(version: str = STITCHING_VERSION) -> dict[str, Any]:
    """What the steps take of a version's rules. Raises StitchingError."""
    path = f"data_quality/identity/stitching.{version}.yml"
    try:
        rules = yaml.safe_load(resources.read_text(path))
        return {
            "most_users_per_device": int(rules["most_users_per_device"]),
            "window_micros": int(rules["window_days"]) * MICROSECONDS_PER_DAY,
        }
    except FileNotFoundError as error:
        raise StitchingError(f"there are no stitching rules {path}; name a version that exists") from error
    except (KeyError, TypeError, ValueError) as error:
        raise StitchingError(f"{path} lacks or mistypes an entry: {error}") from error
