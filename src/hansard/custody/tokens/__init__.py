"""Tokens: who may come in from outside, and how far."""
