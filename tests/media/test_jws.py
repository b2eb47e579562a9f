from __future__ import annotations

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.media.jws import sign

SECRET = "a secret of more than thirty-two letters"
NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"))
VALUES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)


@given(st.dictionaries(TEXT, VALUES))
def test_what_is_signed_is_what_pyjwt_reads(claims):
    # The prefix keeps names apart from the registered claims, whose types PyJWT checks.
    kept = {f"x{name}": value for name, value in claims.items()}
    assert jwt.decode(sign(kept, SECRET), SECRET, algorithms=["HS256"]) == kept


def test_the_header_is_the_usual_one():
    assert jwt.get_unverified_header(sign({}, SECRET)) == {"alg": "HS256", "typ": "JWT"}


def test_another_secret_does_not_verify():
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(sign({}, SECRET), SECRET + "!", algorithms=["HS256"])
