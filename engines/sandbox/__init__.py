"""Strangers' bytes are read in processes of their own, which may be killed."""

from engines.sandbox.config import SandboxLimits
from engines.sandbox.pool import Sandbox

__all__ = ["Sandbox", "SandboxLimits"]
