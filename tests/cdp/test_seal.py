"""A seal holds as long as the object and the rules are the ones it was made with."""

import pytest

from cdp import resources, seal


@pytest.fixture
def fresh(monkeypatch):
    """Rules that are read anew in this test."""
    monkeypatch.setattr(seal, "rules", seal.rules.__wrapped__)


def test_the_same_bytes_have_the_same_seal_and_others_have_another(fresh):
    assert seal.seal(b"lines") == seal.seal(b"lines")
    assert len({seal.seal(body) for body in (b"lines", b"line", b"")}) == 3


@pytest.mark.parametrize(
    "rule", ["data_quality/records/transaction.v1.json", "data_quality/records/product.v1.json", "cdp/records.py"]
)
def test_another_rule_breaks_the_seal(fresh, monkeypatch, rule):
    before, read = seal.seal(b"lines"), resources.read_bytes
    monkeypatch.setattr(resources, "read_bytes", lambda path: read(path) + (b" " if path == rule else b""))
    assert seal.seal(b"lines") != before


def test_a_new_version_of_a_contract_or_of_the_library_that_judges_breaks_the_seal(fresh, monkeypatch):
    seals = {seal.seal(b"lines")}
    with monkeypatch.context() as patch:
        patch.setattr(seal, "version", lambda name: f"{name} 99")
        seals.add(seal.seal(b"lines"))
    read, names = resources.read_bytes, resources.names
    monkeypatch.setattr(resources, "names", lambda *asked: [*names(*asked), "customer.v9.json"])
    monkeypatch.setattr(resources, "read_bytes", lambda path: b"{}" if path.endswith("v9.json") else read(path))
    seals.add(seal.seal(b"lines"))
    assert len(seals) == 3
