"""The reactions a bot may put on a message: a fixed list of Telegram's.

https://core.telegram.org/bots/api#reactiontypeemoji
"""

from __future__ import annotations

_ALLOWED = """
👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤️\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾
💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂️ 🤷
🤷\u200d♀️ 😡
"""
REACTIONS = tuple(_ALLOWED.split())
NO_REACTION = "none"
_VARIATION = "\N{VARIATION SELECTOR-16}"


def reaction_of(text: str) -> str | None:
    """The reaction as Telegram writes it, or None when it allows no such one; how an editor draws it is ignored."""
    return _BY_BARE.get(_bare(text))


def _bare(text: str) -> str:
    return text.strip().replace(_VARIATION, "")


_BY_BARE = {_bare(reaction): reaction for reaction in REACTIONS}
