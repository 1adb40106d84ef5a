"""Both tools in this process's memory: for rehearsals, and as the plainest example of an adapter."""

from adapters.memory.board import MemoryBoard
from adapters.memory.chat import MemoryChat
from adapters.memory.weather import CALM, Script, Weather
from adapters.memory.world import BoardWorld, ChatWorld

__all__ = ["CALM", "BoardWorld", "ChatWorld", "MemoryBoard", "MemoryChat", "Script", "Weather"]
