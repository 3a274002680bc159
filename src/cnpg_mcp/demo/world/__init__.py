"""What the simulated node and the operator's stand-in work with: a cache, writes, a loop of parts.

Both act on what an API server holds, by list and watch, and know nothing of each other.
"""

from cnpg_mcp.demo.world.acting import Acting, Part, served
from cnpg_mcp.demo.world.store import Store
from cnpg_mcp.demo.world.world import World, now, now_precise

__all__ = ["Acting", "Part", "Store", "World", "now", "now_precise", "served"]
