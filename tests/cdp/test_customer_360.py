import pytest

from cdp.customer_360 import completeness


@pytest.fixture
def measure(engine, given):
    def measure(records=(), persons=(), visitors=()):
        given("curated.golden_record", *records)
        engine.step("golden_record", "select * from curated_golden_record")
        given("identity.person", *({"customer_id": c, "source": s, "source_customer_id": s} for c, s in persons))
        given(
            "identity.identifier",
            {"identifier_type": "email", "identifier": "a@x.org", "is_known": True},
            *({"identifier_type": "anonymous_id", "identifier": str(n), "is_known": k} for n, k in enumerate(visitors)),
        )
        return completeness(engine)

    return measure


def test_completeness_counts_what_is_filled_reachable_in_several_sources_and_known(measure):
    full = {"email": "a@x.org", "phone": "+4930123456", "first_name": "Ann", "last_name": "Lee", "is_current": True}
    bare = {"customer_id": "c_2", "city": "Bonn", "is_current": True}
    old = {"customer_id": "c_2", "email": "old@x.org", "is_current": False}
    persons = [("c_1", "crm"), ("c_1", "shop"), ("c_2", "shop"), ("c_2", "shop")]
    found = measure([full | {"customer_id": "c_1"}, bare, old], persons, [True, False, False, False])
    assert found == {"attributes": 25.0, "reachable": 50.0, "in_several_sources": 50.0, "visitors": 25.0}


def test_of_nothing_nothing_is_complete(measure):
    assert set(measure().values()) == {0.0}
