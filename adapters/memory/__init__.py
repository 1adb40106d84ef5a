"""Both tools and the company's list in this process's memory: for rehearsals, and as the plainest adapters."""

from adapters.memory.board import MemoryBoard
from adapters.memory.chat import MemoryChat
from adapters.memory.registry import MemoryRegistry, RegistryWorld
from adapters.memory.weather import CALM, Script, Weather
from adapters.memory.world import BoardWorld, ChatWorld

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
