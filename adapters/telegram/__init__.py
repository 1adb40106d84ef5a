"""The room that answers for Telegram: what clients wrote becomes events, what we order becomes Bot API calls."""

from adapters.telegram.chat import TelegramChat

__all__ = ["TelegramChat"]
