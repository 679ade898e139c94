"""The machine room: nodes that boot and forget, and what happens to them in site time."""

from .agenda import Agenda, drive
from .machine import Happening, Machine, Power
from .options import NodeClass, WorldOptions
from .world import World

__all__ = ["Agenda", "Happening", "Machine", "NodeClass", "Power", "World", "WorldOptions", "drive"]
