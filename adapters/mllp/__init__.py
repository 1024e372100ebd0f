"""MLLP, the transport of HL7 v2: frames, a listener and a sender."""

from adapters.mllp.client import MllpClient, MllpError, NoAnswer, Unreachable, exchange
from adapters.mllp.server import Limits, MllpServer

__all__ = ["Limits", "MllpClient", "MllpError", "MllpServer", "NoAnswer", "Unreachable", "exchange"]
