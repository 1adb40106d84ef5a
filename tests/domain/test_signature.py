"""The mark by which we recognise what we wrote."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.refs import Key
from connector.domain.signature import SIGNATURE_LENGTH, opens_signed, sign, signatures, unsigned

MARK = sign(Key("say/telegram:1/2/3"))


@given(key=st.text(min_size=1), before=st.text(), after=st.text())
def test_a_signature_is_found_again_in_any_text_and_taken_out_without_a_trace(
    key: str, before: str, after: str
) -> None:
    mark = sign(Key(key.encode("utf-8", "replace").decode()))
    assert len(mark) == SIGNATURE_LENGTH
    assert mark in signatures(before + mark + after)
    assert unsigned(mark) == ""


@given(st.lists(st.text(alphabet="abc/:123", min_size=1), unique=True, min_size=2, max_size=50))
def test_different_keys_sign_differently(keys: list[str]) -> None:
    assert len({sign(Key(key)) for key in keys}) == len(keys)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_it_survives_normalisation_and_trimming(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    text = f"**{MARK}Иван · 14:05**\n\nслова"
    assert signatures(unicodedata.normalize(form, text).strip()) == (MARK,)


@pytest.mark.parametrize(
    "text", [f"**{MARK}Иван · 14:05**\n\nслова", MARK, f"  {MARK}x", f"<p><strong>{MARK}И</strong>"]
)
def test_what_we_write_opens_with_it(text: str) -> None:
    assert opens_signed(text)


@pytest.mark.parametrize(
    "text",
    [f"> **{MARK}Иван · 14:05**\n> слова\n\nмой ответ", f"ответ {MARK}", "слова", f"<blockquote>{MARK}x</blockquote>y"],
)
def test_what_quotes_us_does_not(text: str) -> None:
    assert not opens_signed(text)
