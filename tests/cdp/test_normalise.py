"""Each normal form by cases met in practice, and what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp import normalise


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  Jane.DOE@Example.COM ", "jane.doe@example.com"),
        ("mailto:jane@example.com", "jane@example.com"),
        ("jane＠example．com", "jane@example.com"),
        ("jane@example.com.", "jane@example.com"),
        ("\u200bjane@example.com", "jane@example.com"),
        ("jane+shop@example.com", "jane+shop@example.com"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("jane@xn--mnchen-3ya.de", "jane@xn--mnchen-3ya.de"),
        ("jane@münchen.de", None),
        ("Jane <jane@example.com>", None),
        ("jane doe@example.com", None),
        ('"jane doe"@example.com', None),
        ("jane@localhost", None),
        ("jane@127.0.0.1", None),
        ("jane@@example.com", None),
        ("jane..doe@example.com", None),
        (".jane@example.com", None),
        ("jane@-example.com", None),
        ("jane@example..com", None),
        (f"{'a' * 65}@example.com", None),
        ("null", None),
        ("", None),
        (None, None),
    ],
)
def test_an_email_is_lower_case_and_can_get_mail(written, normal):
    assert normalise.email(written) == normal


@pytest.mark.parametrize(
    ("written", "country", "normal"),
    [
        ("0151 12345678", "DE", "+4915112345678"),
        ("0151/123 456-78", "DE", "+4915112345678"),
        ("+49 (0)151 12345678", "DE", "+4915112345678"),
        ("0049 151 12345678", "DE", "+4915112345678"),
        ("0049 151 12345678", None, "+4915112345678"),
        ("+49 151 12345678", None, "+4915112345678"),
        ("+49 151 12345678", "US", "+4915112345678"),
        ("٠١٥١ ١٢٣٤٥٦٧٨", "DE", "+4915112345678"),
        ("０１５１ １２３４５６７８", "DE", "+4915112345678"),
        ("0151 12345678 ext. 5", "DE", "+4915112345678"),
        ("0664 1234567", "AT", "+436641234567"),
        ("079 123 45 67", "CH", "+41791234567"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06-12345678", "NL", "+31612345678"),
        ("070-123 45 67", "SE", "+46701234567"),
        ("501 234 567", "PL", "+48501234567"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("011 49 151 12345678", "US", "+4915112345678"),
        ("06 6982 0000", "IT", "+390669820000"),
        ("0151 12345678", None, None),
        ("0151 12345678", "XX", None),
        ("07700 900123", "GB", None),  # set aside for films
        ("0151", "DE", None),
        ("0000000", "DE", None),
        ("-1", "DE", None),
        ("null", "DE", None),
        ("", "DE", None),
        (None, "DE", None),
    ],
)
def test_a_phone_is_e164_as_its_country_reads_it(written, country, normal):
    assert normalise.phone(written, country) == normal


@pytest.mark.parametrize(
    ("written", "country", "normal"),
    [
        ("10115", "DE", "10115"),
        ("D-10115", "DE", "10115"),
        ("DE 10115", "DE", "10115"),
        ("１０１１５", "DE", "10115"),
        ("01067", "DE", "01067"),
        ("1067", "DE", None),  # a lost zero or a mistyped digit: nobody knows
        ("10115 Berlin", "DE", None),
        ("A-1010", "AT", "1010"),
        ("CH-8001", "CH", "8001"),
        ("75 001", "FR", "75001"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("M1 1AE", "GB", "M1 1AE"),
        (" ec1a  1bb ", "GB", "EC1A 1BB"),
        ("1234ab", "NL", "1234 AB"),
        ("0234 AB", "NL", None),
        ("11122", "SE", "111 22"),
        ("SE-111 22", "SE", "111 22"),
        ("00950", "PL", "00-950"),
        ("00-950", "PL", "00-950"),
        ("94103", "US", "94103"),
        ("941031234", "US", "94103-1234"),
        ("94103-1234", "US", "94103-1234"),
        ("k1a0b1", "CA", "K1A 0B1"),
        ("d02x285", "IE", "D02 X285"),
        ("1000001", "JP", "100-0001"),
        ("1000-001", "PT", "1000-001"),
        ("LV1010", "LV", "LV-1010"),
        ("n/a", "DE", None),
        (" ab 12 ", "XX", "AB 12"),
        (" ab 12 ", None, "AB 12"),
        ("  ", None, None),
        (None, "DE", None),
    ],
)
def test_a_postal_code_has_its_countrys_form(written, country, normal):
    assert normalise.postal_code(written, country) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [(" de ", "DE"), ("UK", "GB"), ("EL", "GR"), ("CH", "CH"), ("XX", None), ("DEU", None), ("", None), (None, None)],
)
def test_a_country_is_a_code_of_iso_3166(written, normal):
    assert normalise.country(written) == normal


def test_iso_3166_has_249_countries():
    assert len(normalise.COUNTRIES) == 249


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  Jane  ", "Jane"),
        ("van  den\tBerg", "van den Berg"),
        ("Mu\u0308ller", "Müller"),
        ("Jane\u00a0Doe", "Jane Doe"),
        ("Jane\nDoe", "Jane Doe"),
        ("Ja\u200bne\u0007", "Jane"),
        ("MÜLLER", "MÜLLER"),
        ("o'Connor", "o'Connor"),
        ("Null", "Null"),  # a family name
        ("王 小明", "王 小明"),
        ("\u200b ", None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("function", [normalise.person_name, normalise.street, normalise.city, normalise.text])
def test_a_name_or_address_is_composed_with_single_spaces(function, written, normal):
    assert function(written) == normal


ANY_TEXT = st.text(max_size=40) | st.from_regex(r"[ a-zA-Z.]{1,9}@[a-z.\-]{1,9}\.[a-z]{2,3}", fullmatch=True)
NUMBERS = st.from_regex(r"\+?[0-9 ()\-]{5,16}", fullmatch=True)
COUNTRY = st.sampled_from([None, "XX", *normalise.POSTAL_FORMS])


@given(ANY_TEXT)
def test_a_normal_text_email_and_country_is_its_own_normal_form(written):
    for function in (normalise.text, normalise.email, normalise.country):
        normal = function(written)
        assert function(normal) == normal


@given(NUMBERS | ANY_TEXT, COUNTRY)
def test_a_normal_phone_and_postal_code_is_its_own_normal_form(written, country):
    for function in (normalise.phone, normalise.postal_code):
        normal = function(written, country)
        assert function(normal, country) == normal
