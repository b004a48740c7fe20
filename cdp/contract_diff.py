"""What changed between two record contracts: additive when every record that kept the one keeps the other.

`python -m cdp.contract_diff FROM TO` prints each change with the JSON pointer of its place in the schema; FROM and TO
are published names (`transaction.v1`) or files. It refuses, with exit status 1, a breaking change of one version.
A new optional field is additive, though a record may have had such a field, undescribed, with any value in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdp.contracts import UnknownContractError, contract

DESCRIBING = frozenset({"$schema", "$id", "$comment", "title", "description", "examples", "default"})
LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
COMBINING = frozenset({"anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "patternProperties"})
_NONE = object()


class Change(NamedTuple):
    """One difference; `pointer` is its place in the schema, with references followed."""

    pointer: str
    is_breaking: bool
    what: str

    def __str__(self) -> str:
        return f"{'breaking' if self.is_breaking else 'additive':9} {self.pointer or '/'}: {self.what}"


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change of what a schema demands, in order of place; descriptions demand nothing."""
    return sorted(_changes("", _plain(old, old), _plain(new, new)))


def digest(schema: Mapping[str, Any]) -> str:
    """SHA-256 of what a schema demands; the same for another wording, layout or use of references."""
    return hashlib.sha256(json.dumps(_plain(schema, schema), sort_keys=True).encode()).hexdigest()


def refusal(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Why the change cannot be published under its name, None when it can."""
    broken = [change.pointer for change in changes(old, new) if change.is_breaking]
    if not broken or old.get("$id") != new.get("$id"):
        return None
    name, _, version = str(new.get("$id")).rpartition(".v")
    following = f"{name}.v{int(version) + 1}" if version.isdigit() else "a new version"
    return f"{new.get('$id')} would break its producers at {', '.join(broken)}; publish it as {following}"


def _plain(node: Any, schema: Mapping[str, Any], is_named: bool = False) -> Any:
    """Without references and descriptions; below `properties` every key is a field's name."""
    if isinstance(node, list):
        return [_plain(item, schema) for item in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node and not is_named:
        named = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
        node = {**named, **{key: value for key, value in node.items() if key != "$ref"}}
    kept = node if is_named else {key: node[key] for key in node if key not in DESCRIBING and key != "$defs"}
    return {key: _plain(value, schema, key == "properties" and not is_named) for key, value in kept.items()}


def _changes(pointer: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, _NONE), new.get(key, _NONE)
        if before != after:
            yield from _RULES.get(key, _other)(f"{pointer}/{key}", before, after)


def _properties(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    old, new = ({} if side is _NONE else side for side in (old, new))
    for name in sorted(old.keys() | new.keys()):
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in old:
            yield Change(place, False, "new field")
        elif name not in new:
            yield Change(place, True, "field removed")
        else:
            yield from _changes(place, old[name], new[name])


def _type(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = ({side} if isinstance(side, str) else set(() if side is _NONE else side) for side in (old, new))
    lost = before - after - ({"integer"} if "number" in after else set())
    yield Change(pointer, new is not _NONE and (old is _NONE or bool(lost)), _said(old, new))


def _required(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = (set(() if side is _NONE else side) for side in (old, new))
    yield from (Change(pointer, True, f"{name} is now required") for name in sorted(after - before))
    yield from (Change(pointer, False, f"{name} is no longer required") for name in sorted(before - after))


def _enum(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    is_narrower = new is not _NONE and (old is _NONE or any(value not in new for value in old))
    yield Change(pointer, is_narrower, _said(old, new))


def _all_of(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = ([] if side is _NONE else side for side in (old, new))
    yield Change(pointer, any(demand not in before for demand in after), "conditions changed")


def _closed(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    """`additionalProperties` and its like: true when absent, else false or a schema."""
    before, after = (True if side is _NONE else side for side in (old, new))
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _changes(pointer, before, after)
    else:
        yield Change(pointer, after is not True and before is not False, _said(old, new))


def _items(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    yield from _changes(pointer, *({} if side is _NONE else side for side in (old, new)))


def _least(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    yield Change(pointer, new is not _NONE and (old is _NONE or new > old), _said(old, new))


def _most(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    yield Change(pointer, new is not _NONE and (old is _NONE or new < old), _said(old, new))


def _other(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    """A demand that is gone is additive; one that is new or different, such as a pattern or format, may break."""
    yield Change(pointer, new is not _NONE, _said(old, new))


def _combining(pointer: str, old: Any, new: Any) -> Iterator[Change]:
    """Whether a changed alternative or condition is narrower is not decided here: it is taken to be."""
    yield Change(pointer, new is not _NONE or "else" in pointer or "then" in pointer, "alternatives changed")


def _said(old: Any, new: Any) -> str:
    before, after = ("nothing" if side is _NONE else json.dumps(side, ensure_ascii=False) for side in (old, new))
    return f"{before} → {after}"


_RULES: dict[str, Callable[[str, Any, Any], Iterator[Change]]] = {
    **dict.fromkeys(LEAST, _least),
    **dict.fromkeys(MOST, _most),
    **dict.fromkeys(COMBINING, _combining),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), _closed),
    "properties": _properties,
    "type": _type,
    "required": _required,
    "enum": _enum,
    "allOf": _all_of,
    "items": _items,
}


def main(arguments: list[str] | None = None) -> int:
    """Print the changes and the verdict; 0 when they can be published, 1 when not, 2 when there is nothing to read."""
    parser = argparse.ArgumentParser(prog="python -m cdp.contract_diff", description=__doc__.partition("\n")[0])
    parser.add_argument("old", metavar="FROM", help="a published contract such as transaction.v1, or a file")
    parser.add_argument("new", metavar="TO", help="the same")
    given = parser.parse_args(arguments)
    try:
        old, new = _schema(given.old), _schema(given.new)
    except (OSError, ValueError, UnknownContractError) as error:
        print(f"contract-diff: {error}", file=sys.stderr)
        return 2
    found = changes(old, new)
    for change in found:
        print(change)
    verdict = "breaking" if any(change.is_breaking for change in found) else "additive" if found else "no change"
    print(f"{given.old} → {given.new}: {verdict}")
    if reason := refusal(old, new):
        print(f"refused: {reason}", file=sys.stderr)
        return 1
    return 0


def _schema(name: str) -> Mapping[str, Any]:
    if name.endswith(".json"):
        schema: Mapping[str, Any] = json.loads(Path(name).read_text())
        return schema
    return contract(name).schema


if __name__ == "__main__":
    sys.exit(main())
