"""Routing: the one way to a language model, chosen by cost, latency and capability, with a trail of every attempt."""
