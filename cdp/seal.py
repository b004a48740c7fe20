"""A seal binds a raw object to the rules its records were held against, so that the same rules need not be tried twice.

Ingestion seals what it stores; the receipt carries the seal. Whoever reads the object makes the seal again: it is
another one when a byte of the object is, or a contract, the code that judges or the library it judges with.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version

from cdp import resources
from cdp.contracts import FOLDER

_JUDGES = ("cdp/contracts.py", "cdp/records.py")
_LIBRARIES = ("jsonschema-rs", "orjson")


def seal(body: bytes) -> str:
    """The seal of an object of raw whose records all keep their contracts, as hexadecimal digits."""
    return hashlib.sha256(rules() + body).hexdigest()


@cache
def rules() -> bytes:
    """Digest of all that decides whether a record keeps its contract."""
    files = (*_JUDGES, *(f"{FOLDER}/{name}" for name in resources.names(FOLDER, ".json")))
    parts = (*((file.encode(), resources.read_bytes(file)) for file in files),)
    versions = (f"{name} {version(name)}".encode() for name in _LIBRARIES)
    digests = (hashlib.sha256(part).digest() for part in (*(part for pair in parts for part in pair), *versions))
    return hashlib.sha256(b"".join(digests)).digest()
