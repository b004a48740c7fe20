import pytest

from cdp import identity_source
from cdp.identity_source import SourceError, load_connections


def stating(monkeypatch, text):
    monkeypatch.setattr(identity_source.resources, "read_text", lambda path: text)


def test_a_source_is_connected_at_a_time_with_an_offset(monkeypatch):
    stating(monkeypatch, "connected_at: {crm: 2026-06-01T02:00:00+02:00}")
    assert load_connections()["crm"].isoformat() == "2026-06-01T02:00:00+02:00"


@pytest.mark.parametrize("at", ["2026-06-01", "2026-06-01T02:00:00", "soon"])
def test_a_time_without_an_offset_is_refused(monkeypatch, at):
    stating(monkeypatch, f"connected_at: {{crm: {at}}}")
    with pytest.raises(SourceError, match=r"sources\.yml: crm"):
        load_connections()
