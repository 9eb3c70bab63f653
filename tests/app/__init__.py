"""Tests of the application layer: the parts joined, without a process."""
