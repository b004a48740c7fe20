"""Who may see what in the warehouse follows from the classes that the dataset contracts give their columns.

What a role is, is in `sql/warehouse/access/<role>.sql`; here are its grants, masks and row policies, table by table.
Masks and row policies hold for views too: Redshift applies those of whoever asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cdp import resources
from cdp.dataset import Column, Dataset
from cdp.warehouse import MANIFEST, TABLES, VIEWS, dataset_of
from cdp.warehouse_plan import columns_of

ROLES = ("viewer", "analyst", "data_steward", "admin")
PERSONAL = ("restricted", "confidential")
# Roles that personal columns are masked for. Of two masks on a column the one with the higher priority counts.
MASKED_ROLES = {"analyst": 10, "viewer": 20}
READERS = ("viewer", "analyst", "data_steward")
PSEUDONYM = 64  # hexadecimal digits of SHA-256: the same value has the same pseudonym, so that joins and counts hold
CATALOG_TYPES = {"character varying": "varchar", "timestamp without time zone": "timestamp"}


@dataclass(frozen=True)
class LiveAccess:
    """What a warehouse has: roles, policies by name, and (relation, column, role) or (relation, role) they are on."""

    roles: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    masks: frozenset[tuple[str, str, str]] = frozenset()
    row_policies: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Mask:
    """A masking policy of Redshift; its name says what it does to which type."""

    name: str
    type: str
    expression: str

    @property
    def statement(self) -> str:
        """What creates it."""
        return f"create masking policy {self.name} with (value {self.type}) using ({self.expression})"


def access_statements(live: LiveAccess) -> list[str]:
    """What gives every role its rights, as far as it does not have them."""
    statements = [s for role in ROLES for s in _role(role) if not (role in live.roles and s.startswith("create role"))]
    statements += [grant for relation in (*TABLES, MANIFEST, *VIEWS) for grant in grants(relation)]
    wanted = {(table, name, role): mask for table in TABLES for (name, role), mask in masks(table).items()}
    made = {mask.name: mask.statement for mask in wanted.values()}
    statements += [statement for name, statement in sorted(made.items()) if name not in live.policies]
    statements += [
        f"attach masking policy {mask.name} on {table} ({name}) to role {role} priority {MASKED_ROLES[role]}"
        for (table, name, role), mask in wanted.items()
        if (table, name, role) not in live.masks
    ]
    for dataset in map(dataset_of, TABLES):
        if dataset.row_access:
            statements += _row_policy(dataset, live)
    return statements


def grants(relation: str) -> list[str]:
    """Who may read a table or view. A table with a personal key lists people, and is not for viewers."""
    key = [c for c in dataset_of(relation).columns if c.primary_key_position] if relation in TABLES else []
    is_list_of_people = any(c.classification in PERSONAL for c in key)
    readers = [role for role in READERS if not (is_list_of_people and role == "viewer")]
    return [f"grant select on {relation} to role {role}" for role in readers]


def masks(table: str) -> dict[tuple[str, str], Mask]:
    """The mask of every personal column, by (column, role)."""
    types = {c.name: c for c in columns_of(table)}
    return {
        (column.name, role): _mask(column, types[column.name].type)
        for column in dataset_of(table).columns
        if column.classification in PERSONAL
        for role in MASKED_ROLES
    }


def _mask(column: Column, catalog_type: str) -> Mask:
    name, _, size = catalog_type.partition("(")
    kind = CATALOG_TYPES.get(name, name) + (f"({size}" if size else "")
    suffix = re.sub(r"\W+", "_", kind).strip("_")
    if column.classification == "confidential" and size:
        digits = min(PSEUDONYM, int(size.rstrip(")")))
        return Mask(f"pseudonym_{suffix}", kind, f"cast(substring(sha2(value, 256), 1, {digits}) as {kind})")
    return Mask(f"hide_{suffix}", kind, f"cast(null as {kind})")


def _row_policy(dataset: Dataset, live: LiveAccess) -> list[str]:
    """Rows that masked roles may see; without a policy they would see none, so others get past by IGNORE RLS."""
    table, name = dataset.table, f"rows_of_{dataset.table}"
    used = [c for c in columns_of(table) if re.search(rf"\b{c.name}\b", dataset.row_access or "")]
    typed = ", ".join(f"{c.name} {c.type.replace('character varying', 'varchar')}" for c in used)
    statements = (
        [] if name in live.policies else [f"create rls policy {name} with ({typed}) using ({dataset.row_access})"]
    )
    missing = [role for role in MASKED_ROLES if (table, role) not in live.row_policies]
    statements += [f"attach rls policy {name} on {table} to role {role}" for role in missing]
    return [*statements, f"alter table {table} row level security on"]


def _role(role: str) -> list[str]:
    text = resources.read_text(f"sql/warehouse/access/{role}.sql")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in body.split(";") if statement.strip()]
