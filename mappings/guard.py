"""What public comments are held for where a mapping asks for a guard and says no more."""

from __future__ import annotations

SECRETS = (
    # The number of a bank card: 13 to 19 digits, in groups or not, beginning as the card systems' do.
    r"(?<!\d)(?<!\d[ -])[2-6](?:[ -]?\d){12,18}(?![ -]?\d)",
    r"(?i)\b(?:парол[ья]|passw(?:or)?d|passphrase|pwd|токен|token|секрет|secret|ключ доступа|api[ _-]?key)\b"
    r"\s*(?:[:=]|—|–)\s*\S",
    r"(?i)\bbearer\s+[\w.~+/-]{16,}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    # A JSON Web Token (https://www.rfc-editor.org/rfc/rfc7519): three parts, the first of which begins with `{"`.
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+",
)
"""Regular expressions of what nobody sends a client on purpose."""

INTERNAL = (
    "для себя",
    "для своих",
    "внутр",
    "коллеги",
    "не для клиента",
    "клиенту не",
    "не отправлять",
    "между нами",
    "internal",
    "colleagues",
    "not for the client",
    "do not send",
    "fyi",
    "note:",
    "todo",
)
"""How notes to colleagues begin."""
