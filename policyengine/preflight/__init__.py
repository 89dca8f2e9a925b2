"""Advise on a call before it is made, and quote what it costs."""

from policyengine.preflight.advise import Advice, Ending, Preflight, Quote, preflight

__all__ = ["Advice", "Ending", "Preflight", "Quote", "preflight"]
