import pytest

from cdp.dataset import Dataset
from dashboard import customer_360, data
from dashboard.role import DERIVED, HIGHEST, Role, RoleError, class_of

SHOWN = {*customer_360.FOUND, *customer_360.PROFILE, *customer_360.PURCHASE, *customer_360.EVENT}
SHOWN |= set(customer_360.INTERACTION)
RESTRICTED = {"email", "phone", "first_name", "last_name", "birth_on", "street"}


@pytest.mark.parametrize("name", ["viewer", "analyst"])
def test_viewers_and_analysts_see_nothing_that_says_who_somebody_is(name):
    assert {column for column in SHOWN if not Role(name).may_see(column)} == {
        *RESTRICTED,
        "customer_id",
        "postal_code",
        "city",
    }


def test_stewards_and_administrators_see_all():
    assert all(Role(name).may_see(column) for name in ("data_steward", "admin") for column in SHOWN)


def test_a_column_that_no_contract_knows_is_seen_only_by_who_may_see_everything():
    assert {name for name in HIGHEST if Role(name).may_see("mothers_maiden_name")} == {"data_steward", "admin"}


def test_the_strictest_class_of_a_name_counts():
    classes = {c.classification for d in Dataset.all() for c in d.columns if c.name == "customer_id"}
    assert class_of("customer_id") == "confidential"
    assert "confidential" in classes


def test_what_the_desk_works_out_is_no_column_of_a_person():
    persons = {c.name for d in Dataset.all() for c in d.columns if c.classification in ("confidential", "restricted")}
    assert persons & DERIVED == set()


def test_every_column_a_page_shows_is_of_a_contract_or_worked_out():
    known = {c.name for d in Dataset.all() if d.zone == "curated" for c in d.columns}
    assert SHOWN - known - DERIVED == set()


def test_who_looks_is_a_viewer_unless_it_is_said(monkeypatch):
    monkeypatch.delenv(data.ROLE, raising=False)
    data.role.cache_clear()
    assert data.role() == Role("viewer")
    data.role.cache_clear()


def test_a_role_that_does_not_exist_is_refused():
    with pytest.raises(RoleError, match="analyst"):
        Role("boss")
