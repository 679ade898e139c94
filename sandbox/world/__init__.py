"""The machine room: nodes that boot and forget, and what happens to them in site time."""

from .machine import Happening, Machine, Power
from .options import NodeClass, WorldOptions
from .world import World

__all__ = ["Happening", "Machine", "NodeClass", "Power", "World", "WorldOptions"]
