import pytest

from cdp.settings import Settings, SettingsError


def test_a_granted_name_is_found():
    settings = Settings.from_json('{"environment": "dev", "bucket": {"raw": "cdp-dev-raw"}}')
    assert settings.bucket("raw") == "cdp-dev-raw"


def test_a_name_that_was_not_granted_says_where_to_grant_it():
    settings = Settings.from_json('{"environment": "dev", "bucket": {"raw": "cdp-dev-raw"}}')
    with pytest.raises(SettingsError, match=r"bucket/clean is not granted.*platform\.json"):
        settings.bucket("clean")


@pytest.mark.parametrize("text", ["", "[]", "{}", '"text"'])
def test_settings_that_are_no_settings_are_refused(text):
    with pytest.raises(SettingsError):
        Settings.from_json(text)


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("CDP_SETTINGS", raising=False)
    with pytest.raises(SettingsError, match="CDP_SETTINGS"):
        Settings.from_environment()
