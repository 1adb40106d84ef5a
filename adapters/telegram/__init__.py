"""The room that answers for Telegram: what clients wrote becomes events, what we order becomes Bot API calls."""

from adapters.telegram.chat import TelegramChat
from adapters.telegram.outgoing import allowed_reaction

__all__ = ["TelegramChat", "allowed_reaction"]
