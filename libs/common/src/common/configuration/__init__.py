"""Configuration that travels as records: contents by hash and a release list per workspace."""

from common.configuration.values import Configuration, Content, Release

__all__ = ["Configuration", "Content", "Release"]
