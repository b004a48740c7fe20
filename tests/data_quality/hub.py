"""A switchboard: people who have nothing in common but a phone, as identity would leave them."""

from datetime import UTC, datetime

import pyarrow as pa

from cdp.dataset import Dataset

AT = datetime(2026, 3, 1, tzinfo=UTC)


def hub(people: int, *, is_merged: bool) -> dict[str, pa.Table]:
    """Rows per table; everybody is a customer of their own, or all are one."""
    names = [(f"S{n}", "c0" if is_merged else f"c{n}") for n in range(people)]
    person = [{"source": "shop", "source_customer_id": n, "customer_id": c, "rule_version": "v1"} for n, c in names]
    known = {"is_known": True, "rule_version": "v1"}
    rows = {
        "clean.customer": [
            {"source": "shop", "source_customer_id": n, "updated_at": AT, "record_id": n, "created_at": AT}
            | {"email": f"{n}@x.org", "phone": "+4930123456"}
            for n, _ in names
        ],
        "identity.person": person,
        "identity.identifier": [
            {"identifier_type": kind, "identifier": f"{kind}:{n}", "customer_id": c} | known
            for n, c in names
            for kind in ("email", "source_customer_id")
        ],
    }
    return {name: pa.Table.from_pylist(listed, Dataset.load(name).arrow_schema()) for name, listed in rows.items()}
