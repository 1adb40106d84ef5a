"""The mark by which we recognise what we wrote: a key's fingerprint in characters that nobody sees."""

from __future__ import annotations

import hashlib
import re

from connector.domain.refs import Key

# Four characters without width that survive trimming, Unicode normalisation and Markdown: two bits each.
_SIGNS = "\u200b\u200c\u200d\u2060"
_LENGTH = 32
_OPEN = "\u2063"
_PATTERN = re.compile(f"{_OPEN}([{_SIGNS}]{{{_LENGTH}}})")
_OPENING = re.compile(rf"(?:[\s*_]|<(?!blockquote)[^>]*>)*{_PATTERN.pattern}")
SIGNATURE_LENGTH = _LENGTH + 1
"""Characters (and UTF-16 units) a signature takes."""


def sign(key: Key) -> str:
    """The signature of a key: 33 invisible characters, the same for ever."""
    bits = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    return _OPEN + "".join(_SIGNS[(bits >> (2 * place)) & 3] for place in range(_LENGTH))


def signatures(text: str) -> tuple[str, ...]:
    """Every signature in a text, in order."""
    return tuple(match.group(0) for match in _PATTERN.finditer(text))


def opens_signed(text: str) -> bool:
    """Whether a text begins with a signature, emphasis aside: what we write does, what quotes us does not."""
    return _OPENING.match(text) is not None


def unsigned(text: str) -> str:
    """The text without its signatures."""
    return _PATTERN.sub("", text)
