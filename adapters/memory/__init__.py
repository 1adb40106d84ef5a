"""Both tools and the company's list in this process's memory: for rehearsals, and as the plainest adapters."""

from adapters.memory.board import MemoryBoard
from adapters.memory.board_world import BoardWorld
from adapters.memory.chat import MemoryChat
from adapters.memory.chat_world import ChatWorld
from adapters.memory.registry import MemoryRegistry, RegistryWorld
from adapters.memory.weather import CALM, Script, Weather

__all__ = [
    "CALM",
    "BoardWorld",
    "ChatWorld",
    "MemoryBoard",
    "MemoryChat",
    "MemoryRegistry",
    "RegistryWorld",
    "Script",
    "Weather",
]
