"""Wirings: the objects that `bind` passes to replicas. Each builds the engines of one kind of
replica."""
