"""Hold the plugins that ship with the library to the contract that any plugin is held to."""

from __future__ import annotations

from policyengine.testing import ProviderContract


class TestApiyi(ProviderContract):
    plugin = "apiyi"


class TestFlux(ProviderContract):
    plugin = "flux"


class TestGemini(ProviderContract):
    plugin = "gemini"


class TestMidjourney(ProviderContract):
    plugin = "midjourney"


class TestOpenAI(ProviderContract):
    plugin = "openai"


class TestOpenRouter(ProviderContract):
    plugin = "openrouter"


class TestStability(ProviderContract):
    plugin = "stability"
