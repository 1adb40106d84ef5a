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

FILES = (
    r"(?i)passport|скан\W{0,2}паспорт|паспорт(?:н\w*)?\W{0,2}(?:данн|рф|скан|сотрудник|клиент|страниц|\d)",
    r"(?i)\.(?:pem|key|ppk|p12|pfx|jks|keystore|kdbx?|ovpn)$|^\.env\b|id_(?:rsa|dsa|ecdsa|ed25519)",
    r"(?i)парол|passw(?:or)?d|credential|секрет|secret",
)
"""Regular expressions of names of files that nobody sends a client on purpose."""

_NOTES = (
    *("внутр", "внутреннее", "внутренняя заметка", "для себя", "для своих", "для команды", "для коллег", "между нами"),
    *("заметка", "себе", "не для клиента", "не отправлять", "клиенту не отправлять"),
    *("internal", "internal note", "note to self", "fyi", "between us"),
)

INTERNAL = (
    "@",  # somebody of the team is addressed by their name on the board
    *(f"{word}{sign}" for word in _NOTES for sign in (":", "—", "–", "-")),
    # Business clients are greeted by these words too; with a colon behind them they are for one's own.
    *(f"{word}:" for word in ("коллеги", "коллегам", "ребята", "colleagues", "todo")),
    *("не для клиента", "клиенту не говор", "клиенту не пиш", "клиенту не писать", "клиенту не отправля"),
    *("не отправлять клиенту", "не отправляйте клиенту", "not for the client", "do not send to the client"),
)
"""How notes to colleagues begin: mostly by a sign that no answer has behind such a word. Blanks do not count."""
