"""Proof that travels: keys, checkpoints, bundles; and erasing, which leaves proof that something stood there."""
