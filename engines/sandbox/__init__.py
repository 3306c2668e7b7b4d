"""Reads untrusted images in worker processes, which are killed if they exceed their limits."""

from engines.sandbox.config import SandboxLimits
from engines.sandbox.pool import Sandbox

__all__ = ["Sandbox", "SandboxLimits"]
