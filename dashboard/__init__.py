"""The desk: what analysts, stewards and operators look at. One file per page, `data` is the only way to data."""
